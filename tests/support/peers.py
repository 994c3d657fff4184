"""Others on the network who behave as a test wants them to, above all badly."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

OK = b"HTTP/1.1 200 OK\r\n"
_STEP_SECONDS = 0.02


class Peer:
    """Listens on loopback or a Unix socket; does with each connection what ``behave`` does."""

    def __init__(self, behave: Callable[[Peer, socket.socket], None], path: Path | None = None) -> None:
        self._behave = behave
        self._listener = socket.create_server(("127.0.0.1", 0)) if path is None else _unix(path)
        self.port = 0 if path else self._listener.getsockname()[1]
        self.url = f"unix://{path}" if path else f"http://127.0.0.1:{self.port}"
        self.heads: list[bytes] = []
        """What was asked: each request's head."""
        self.over = threading.Event()
        self._accepts = threading.Thread(target=self._accept, daemon=True)
        self._accepts.start()

    def request(self, connection: socket.socket) -> bytes:
        """Read one request; return and remember its head."""
        with connection.makefile("rb") as stream:
            head = b""
            while not head.endswith(b"\r\n\r\n") and (line := stream.readline()):
                head += line
            length = head.lower().partition(b"content-length: ")[2].partition(b"\r")[0]
            stream.read(int(length or 0))
        self.heads.append(head)
        return head

    def close(self) -> None:
        """Stop listening, and let go whoever was held; from here on nobody is there."""
        self.over.set()
        # Closing alone leaves the port open for as long as the thread waits there for the next one.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._accepts.join()
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):  # closed
            while True:
                connection, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, suppress(OSError):  # whoever asked may hang up
            self._behave(self, connection)


def _unix(path: Path) -> socket.socket:
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    listener.listen()
    return listener


def says(answer: bytes) -> Callable[[Peer, socket.socket], None]:
    """Answer each request with these bytes and hang up."""

    def behave(peer: Peer, connection: socket.socket) -> None:
        peer.request(connection)
        connection.sendall(answer)

    return behave


def drips(start: bytes = b"", step: bytes = b"x") -> Callable[[Peer, socket.socket], None]:
    """Say ``start``, then ``step`` now and then, without an end: no single wait is ever long."""

    def behave(peer: Peer, connection: socket.socket) -> None:
        connection.sendall(start)
        while not peer.over.wait(_STEP_SECONDS):
            connection.sendall(step)

    return behave


def silent(peer: Peer, _: socket.socket) -> None:
    """Accept, read nothing and say nothing."""
    peer.over.wait()


def under_tls(context: ssl.SSLContext, behave: Callable[[Peer, socket.socket], None]):
    """Behave so after a handshake."""

    def secured(peer: Peer, connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as link:
            behave(peer, link)

    return secured


DRIPS = {
    "silent": silent,
    "head": drips(OK + b"X-Drip: "),
    "body": drips(OK + b"\r\n"),
    "body of a length": drips(OK + b"Content-Length: 1000000000\r\n\r\n"),
    "chunks": drips(OK + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
}
"""Every way to hold somebody who asked over HTTP."""


@contextmanager
def peer(behave: Callable[[Peer, socket.socket], None], path: Path | None = None) -> Iterator[Peer]:
    """Have somebody there until the block ends."""
    other = Peer(behave, path)
    try:
        yield other
    finally:
        other.close()
