"""Runs a WSGI application in threads, behind an RSGI server."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from io import BytesIO, RawIOBase
from typing import Any, NamedTuple

Environ = dict[str, Any]
Application = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]

_AT_ONCE = 65_536
"""A body up to so many bytes is read before the application is called; of a longer one it reads itself."""


class ThreadedWsgi:
    """Answers a request of RSGI by a WSGI application; at most ``threads`` are under way at once."""

    def __init__(self, application: Application, threads: int) -> None:
        """Start no thread yet."""
        self._application = application
        self._pool = ThreadPoolExecutor(threads, "compliance-wsgi")

    async def __call__(self, scope: Any, protocol: Any, sent: bytes | None = None) -> None:
        """Answer it; ``sent`` is the body where that was read already."""
        if scope.proto != "http":
            protocol.close(HTTPStatus.FORBIDDEN)
            return
        loop = asyncio.get_running_loop()
        environ = environ_of(scope)
        length = environ.get("CONTENT_LENGTH", "0")
        if sent is None and length.isdigit() and int(length) <= _AT_ONCE and not environ.get(_CHUNKED):
            sent = await protocol() if int(length) else b""
        environ["wsgi.input"] = _Body(protocol, loop) if sent is None else BytesIO(sent)
        answer = await loop.run_in_executor(self._pool, self._begin, environ)
        try:
            if answer.whole:
                protocol.response_bytes(answer.status, answer.headers, answer.first)
                return
            transport = protocol.response_stream(answer.status, answer.headers)
            part: bytes | None = answer.first
            while part is not None:
                await transport.send_bytes(part)
                part = await loop.run_in_executor(self._pool, next, answer.parts, None)
        finally:
            if answer.close is not None:
                await loop.run_in_executor(self._pool, answer.close)

    def close(self) -> None:
        """Wait for nothing and start nothing more."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _begin(self, environ: Environ) -> _Answer:
        status, headers = "", []
        written: list[bytes] = []

        def start_response(said: str, given: list[tuple[str, str]], _error: Any = None) -> Any:
            nonlocal status, headers
            status, headers = said, given
            return written.append

        body = self._application(environ, start_response)
        parts = iter(body)
        # The application may say status and headers as late as with its first part.
        first = b"".join(written) + next(parts, b"")
        length = next((value for name, value in headers if name.lower() == "content-length"), None)
        whole = environ["REQUEST_METHOD"] == "HEAD" or length == str(len(first))
        return _Answer(int(status[:3]), headers, first, parts, getattr(body, "close", None), whole=whole)


class _Answer(NamedTuple):
    status: int
    headers: list[tuple[str, str]]
    first: bytes
    parts: Iterator[bytes]
    close: Callable[[], None] | None
    whole: bool


class _Body(RawIOBase):
    """The body of a request as the application's thread reads it, part by part as it arrives."""

    def __init__(self, protocol: Any, loop: asyncio.AbstractEventLoop) -> None:
        self._parts = aiter(protocol)
        self._loop = loop
        self._left = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._left:
            part = asyncio.run_coroutine_threadsafe(self._next(), self._loop).result()
            if part is None:
                return 0
            self._left = part
        taken = min(len(buffer), len(self._left))
        buffer[:taken], self._left = self._left[:taken], self._left[taken:]
        return taken

    async def _next(self) -> bytes | None:
        # Not by ``anext`` with a default: granian 2.8 dies of that. And it gives its iterator once only.
        try:
            return bytes(await self._parts.__anext__())
        except StopAsyncIteration:
            return None


_CHUNKED = "HTTP_TRANSFER_ENCODING"


def environ_of(scope: Any) -> Environ:
    """Return the WSGI ``environ`` of an RSGI scope, the body aside."""
    host, _, port = scope.server.rpartition(":")
    environ: Environ = {
        "REQUEST_METHOD": scope.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": latin1(scope.path),
        "QUERY_STRING": scope.query_string,
        "SERVER_NAME": host,
        "SERVER_PORT": port,
        "SERVER_PROTOCOL": f"HTTP/{scope.http_version}",
        "REMOTE_ADDR": peer_of(scope),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.scheme,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
        "wsgi.input_terminated": True,
    }
    if scope.authority:
        environ["HTTP_HOST"] = scope.authority
    for name, value in scope.headers.items():
        # With an underscore it would look like another header, one that a proxy has set, say.
        if "_" in name:
            continue
        key = name.upper().replace("-", "_")
        if key not in {"CONTENT_TYPE", "CONTENT_LENGTH"}:
            key = f"HTTP_{key}"
        between = "; " if key == "HTTP_COOKIE" else ","
        known = environ.get(key) if key != "HTTP_HOST" else None
        environ[key] = latin1(value) if known is None else f"{known}{between}{latin1(value)}"
    return environ


def peer_of(scope: Any) -> str:
    """Return the peer's address without its port."""
    return str(scope.client.rpartition(":")[0])


def latin1(text: str) -> str:
    """Return ``text`` as WSGI has it: its UTF-8 bytes, each as one character."""
    return text if text.isascii() else text.encode().decode("latin-1")
