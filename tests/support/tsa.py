"""A timestamping authority on this machine: ``openssl ts`` behind HTTP, with a root and an intermediate.

Only the signer's own certificate is embedded in an answer, as most authorities do.
"""

from __future__ import annotations

import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

_CONFIG = """
[req]
distinguished_name = name
[name]
[root]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign
[signer]
basicConstraints = CA:FALSE
extendedKeyUsage = critical, timeStamping
[tsa]
default_tsa = one
[one]
serial = {folder}/serial
signer_cert = {folder}/signer.pem
signer_key = {folder}/signer.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
accuracy = secs:1
ess_cert_id_alg = sha256
"""


def _run(*arguments: str | Path) -> bytes:
    return subprocess.run(["openssl", *map(str, arguments)], capture_output=True, check=True).stdout


class Authority:
    """The authority; ``mood`` makes it misbehave: ``down``, ``garbage``, ``slow``, or what to stamp."""

    def __init__(self, folder: Path, days: int = 3650) -> None:
        """Make keys and certificates below ``folder`` (``signer.pem`` expires after ``days``) and serve."""
        self.folder = folder
        folder.mkdir()
        self.config = folder / "openssl.cnf"
        self.config.write_text(_CONFIG.format(folder=folder))
        (folder / "serial").write_text("01\n")
        self._certify("root", None, "root", 7300)
        self._certify("middle", "root", "root", 7200)
        self._certify("signer", "middle", "signer", days)
        self.root = folder / "root.pem"
        self.chain = folder / "chain.pem"
        self.chain.write_text((folder / "middle.pem").read_text() + self.root.read_text())
        self.mood = ""
        self.asked = 0
        authority = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                authority.asked += 1
                query = self.rfile.read(int(self.headers["Content-Length"]))
                status, body = authority.answer(query)
                self.send_response(status)
                self.send_header("Content-Type", "application/timestamp-reply")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/tsa"
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def answer(self, query: bytes) -> tuple[int, bytes]:
        """Return status and body for a request, as the mood has it."""
        if self.mood == "down":
            return 503, b""
        if self.mood == "garbage":
            return 200, b"\x30\x03\x02\x01\x00 not a timestamp"
        if self.mood == "refuses":
            query = b"not a request"
        if self.mood in {"other nonce", "other imprint"}:
            data = self.folder / "data"
            data.write_bytes(b"something else")
            changed = _run("ts", "-query", "-data", data, "-sha256", "-cert")
            if self.mood == "other nonce":
                imprint = query[query.index(b"\x04\x20") : query.index(b"\x04\x20") + 34]
                at = changed.index(b"\x04\x20")
                changed = changed[:at] + imprint + changed[at + 34 :]
            query = changed
        request, reply = self.folder / "request.tsq", self.folder / "reply.tsr"
        request.write_bytes(query)
        subprocess.run(
            ["openssl", "ts", "-reply", "-config", self.config, "-queryfile", request, "-out", reply],
            capture_output=True,
            check=False,
        )
        return 200, reply.read_bytes()

    def judge(self, response: bytes, message: bytes) -> bool:
        """Ask ``openssl ts -verify``, given nothing but root and intermediate."""
        reply, data = self.folder / "judged.tsr", self.folder / "judged.txt"
        reply.write_bytes(response)
        data.write_bytes(message)
        done = subprocess.run(
            [
                *("openssl", "ts", "-verify", "-in", reply, "-data", data),
                *("-CAfile", self.root, "-untrusted", self.folder / "middle.pem"),
            ],
            capture_output=True,
            check=False,
        )
        return done.returncode == 0

    def _certify(self, name: str, issuer: str | None, kind: str, days: int) -> None:
        folder = self.folder
        key, request, certificate = (folder / f"{name}.{ending}" for ending in ("key", "csr", "pem"))
        _run("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", key)
        common = ("-config", self.config, "-subj", f"/CN=test {name}", "-key", key)
        _run("req", "-new", *common, "-out", request)
        by = ("-signkey", key) if issuer is None else (
            "-CA", folder / f"{issuer}.pem", "-CAkey", folder / f"{issuer}.key", "-CAcreateserial"
        )  # fmt: skip
        _run(
            *("x509", "-req", "-in", request, "-out", certificate, "-days", str(days), *by),
            *("-extfile", self.config, "-extensions", kind),
        )
