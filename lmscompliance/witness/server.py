"""The witness over HTTP, by the standard library: two calls of the protocol and a page for people."""

from __future__ import annotations

import sys
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from lmscompliance.kernel.logs import logger
from lmscompliance.witness.page import page
from lmscompliance.witness.protocol import Answer, Witness

_log = logger(__name__)

_MOST_BYTES = 65_536
_ADD = "/add-checkpoint"


class WitnessServer(ThreadingHTTPServer):
    """Serves ``witness`` at ``address``; TLS, where it is wanted, is a reverse proxy's work."""

    daemon_threads = True

    def __init__(self, address: tuple[str, int], witness: Witness) -> None:
        """Bind; port 0 takes a free one (``server_port``)."""
        super().__init__(address, _Handler)
        self.witness = witness

    def handle_error(self, request: object, client_address: object) -> None:
        """Say in a line that a connection broke; whoever asked asks again."""
        _log.info("a connection ended early: %s", sys.exception())


class _Handler(BaseHTTPRequestHandler):
    server: WitnessServer
    protocol_version = "HTTP/1.1"
    """Keep-alive, as the protocol recommends."""
    server_version = "lmscompliance-witness"
    sys_version = ""
    timeout = 30

    def do_POST(self) -> None:
        length = self.headers.get("Content-Length", "")
        if not length.isascii() or not length.isdigit() or int(length) > _MOST_BYTES:
            self.close_connection = True  # whatever follows is not read
            self._send(Answer(HTTPStatus.BAD_REQUEST, f"a Content-Length of at most {_MOST_BYTES}\n"))
            return
        body = self.rfile.read(int(length))
        if self.path == _ADD:
            self._send(self.server.witness.add_checkpoint(body))
        else:
            self._send(Answer(HTTPStatus.NOT_FOUND, "POST /add-checkpoint\n"))

    def do_GET(self) -> None:
        if self.path == "/":
            self._send(Answer(HTTPStatus.OK, page(self.server.witness), "text/html; charset=utf-8"))
        elif self.path == _ADD:
            self._send(Answer(HTTPStatus.METHOD_NOT_ALLOWED, "POST /add-checkpoint\n"))
        else:
            origin_hash, _, rest = self.path.removeprefix("/").partition("/")
            known = self.server.witness.checkpoint(origin_hash if rest == "checkpoint" else "")
            self._send(known)

    def _send(self, answer: Answer) -> None:
        body = answer.body.encode()
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("X-Content-Type-Options", "nosniff")
        if answer.status is HTTPStatus.METHOD_NOT_ALLOWED:
            self.send_header("Allow", "POST")
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the standard library's name
        _log.info("%s %s", self.address_string(), format % args)
