"""A verification provider on loopback that fails in every way a provider can."""

from __future__ import annotations

import hmac
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

SECRET = b"a secret of thirty-two bytes...."


def sign(*lines: str) -> str:
    """Return the signature over ``lines``."""
    return hmac.new(SECRET, "\n".join(lines).encode(), sha256).hexdigest()


class Provider(ThreadingHTTPServer):
    """Answers by ``mode``; ``asked`` holds each well-signed question."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.mode = "passed"
        self.asked: list[dict[str, Any]] = []
        self.nonces: set[str] = set()
        self.let_go = threading.Event()

    def handle_error(self, *_args: object) -> None:
        """Stay silent about callers that hang up: they are meant to."""

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_port}/verify"


class _Handler(BaseHTTPRequestHandler):
    server: Provider

    def log_message(self, *_args: object) -> None:
        """Say nothing."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        nonce = self.headers["X-Nonce"]
        stamp = self.headers["X-Timestamp"]
        expected = sign("POST", self.path, stamp, nonce, sha256(body).hexdigest())
        if self.headers["X-Signature"] != expected or nonce in self.server.nonces:
            self._send(403, b"")
            return
        self.server.nonces.add(nonce)
        asked = json.loads(body)
        self.server.asked.append(asked)
        mode = self.server.mode
        said: dict[str, Any] = {"request": asked["request"], "result": mode, "reference": "R1"}
        if mode == "silent":
            self.server.let_go.wait()
            return
        if mode.startswith("drip"):
            self.wfile.write(b"HTTP/1.0 200 OK\r\nX-Drip: " + b"\r\n\r\n" * (mode == "drip of a body"))
            while not self.server.let_go.is_set():
                self.wfile.write(b"x")
                self.wfile.flush()
                time.sleep(0.05)
            return
        if mode == "500":
            self._send(500, b"oops")
            return
        if mode == "contradiction":
            said |= {"result": "passed", "matched": {"name": True, "id_number": False}}
        if mode == "other":
            said |= {"request": "somebody-else", "result": "passed"}
        sent = json.dumps(said).encode()
        if mode == "garbage":
            sent = b"\xff<html>"
        if mode == "long":
            sent = b" " * 70_000
        signature = sign("answer", nonce, sha256(sent).hexdigest())
        self._send(200, sent, "0" * 64 if mode == "unsigned" else signature)

    def _send(self, status: int, sent: bytes, signature: str = "") -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(sent)))
        self.send_header("X-Signature", signature)
        self.end_headers()
        self.wfile.write(sent)


@contextmanager
def running() -> Iterator[Provider]:
    """Serve a provider until the block ends."""
    server = Provider()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        server.let_go.set()
        server.shutdown()
        server.server_close()
        thread.join()
