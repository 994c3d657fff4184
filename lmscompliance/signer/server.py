"""The signer over HTTP, by the standard library, on loopback or on a Unix socket; never on a network."""

from __future__ import annotations

import ipaddress
import os
import socket
import stat
import sys
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

from lmscompliance.kernel.errors import Misconfigured
from lmscompliance.kernel.logs import logger
from lmscompliance.signer.protocol import MOST_BYTES, Answer, Service

_log = logger(__name__)

_SOCKET_MODE = 0o660
_TOKEN_CHARACTERS = 32

ServiceOf = Callable[[str | None], Service]
"""Makes the service that demands a token, or none."""


def open_server(listen: str, service_of: ServiceOf, token_file: Path | None) -> SignerServer:
    """Bind ``listen`` (``http://127.0.0.1:port`` or ``unix:///path``); raises ``Misconfigured``.

    On loopback any user of the machine can connect, so a token is demanded; a Unix socket is open to its
    owner and group alone, and a token only adds to that.
    """
    token = None if token_file is None else read_token(token_file)
    address = urlsplit(listen)
    if address.scheme == "unix" and address.path.startswith("/") and not address.netloc:
        return _UnixServer(Path(address.path), service_of(token))
    if not loopback(listen):
        raise Misconfigured("signer.bad_address", address=listen)
    if token is None:
        raise Misconfigured("signer.token_needed", address=listen)
    return SignerServer((address.hostname or "", address.port or 0), service_of(token))


def loopback(url: str) -> bool:
    """Tell whether ``url`` is plain HTTP to an address of this machine."""
    try:
        address = urlsplit(url)
        inside = address.hostname == "localhost" or ipaddress.ip_address(address.hostname or "").is_loopback
        plain = address.scheme == "http" and address.port is not None and address.path in {"", "/"}
    except ValueError:
        return False
    return inside and plain


def read_token(path: Path) -> str:
    """Return the shared token in ``path``; raises ``Misconfigured`` when there is none, or a short one."""
    try:
        token = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeError) as error:
        raise Misconfigured("signer.no_token", path=str(path)) from error
    if len(token) < _TOKEN_CHARACTERS or not token.isprintable() or " " in token:
        raise Misconfigured("signer.no_token", path=str(path))
    return token


class SignerServer(ThreadingHTTPServer):
    """Serves ``service`` at a loopback address; port 0 takes a free one."""

    daemon_threads = True

    def __init__(self, address: tuple[str, int], service: Service) -> None:
        """Bind."""
        self.service = service
        super().__init__(address, _Handler)

    @property
    def url(self) -> str:
        """What the platform's ``COMPLIANCE_SIGNER_URL`` is to be."""
        return f"http://{self.server_name}:{self.server_port}"

    def handle_error(self, request: object, client_address: object) -> None:
        """Say in a line that a connection broke; whoever asked asks again."""
        _log.info("a connection ended early: %s", sys.exception())

    def server_bind(self) -> None:
        """Bind without asking a name server who we are."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])


class _UnixServer(SignerServer):
    address_family = socket.AF_UNIX

    def __init__(self, path: Path, service: Service) -> None:
        self._path = path
        super().__init__((str(path), 0), service)

    @property
    def url(self) -> str:
        return f"unix://{self._path}"

    def server_bind(self) -> None:
        """Bind at the path; what a signer that was killed left there is removed, anything else is not."""
        try:
            if stat.S_ISSOCK(self._path.lstat().st_mode):
                self._path.unlink()
        except FileNotFoundError:
            pass
        before = os.umask(0o177)  # nobody else may connect before the mode is set
        try:
            self.socket.bind(str(self._path))
        except OSError as error:
            raise Misconfigured("signer.bad_address", address=self.url) from error
        finally:
            os.umask(before)
        self._path.chmod(_SOCKET_MODE)


class _Handler(BaseHTTPRequestHandler):
    server: SignerServer
    protocol_version = "HTTP/1.1"
    server_version = "lmscompliance-signer"
    sys_version = ""
    timeout = 30

    def do_POST(self) -> None:
        length = self.headers.get("Content-Length", "")
        if not length.isascii() or not length.isdigit() or int(length) > MOST_BYTES:
            self.close_connection = True  # whatever follows is not read
            self._send(Answer(HTTPStatus.BAD_REQUEST, f"a Content-Length of at most {MOST_BYTES}\n"))
            return
        self._answer(self.rfile.read(int(length)))

    def do_GET(self) -> None:
        self._answer(b"")

    def _answer(self, body: bytes) -> None:
        authorization = self.headers.get("Authorization", "")
        self._send(self.server.service.answer(self.command, self.path, authorization, body))

    def _send(self, answer: Answer) -> None:
        body = answer.body.encode()
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.kind)
        self.send_header("Content-Length", str(len(body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the standard library's name
        _log.debug(format, *args)
