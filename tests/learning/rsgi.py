"""The part of an RSGI server, played for an application that is tested through Flask's client."""

from __future__ import annotations

import asyncio
import threading
from functools import cache
from http import HTTPStatus
from types import SimpleNamespace

_PART = 7_000
_starting = threading.Lock()


class Headers(dict):
    """A request's headers, as granian hands them over: names in lower case."""

    def get_all(self, name: str) -> list[str]:
        """Return every value of ``name``; here there is one at most."""
        return [self[name]] if name in self else []


class Protocol:
    """One request's body and what came of it."""

    def __init__(self, body: bytes) -> None:
        self._parts = [body[at : at + _PART] for at in range(0, len(body), _PART)]
        self.status, self.headers, self.body = 0, [], b""

    async def __call__(self) -> bytes:
        """Return the whole body."""
        parts, self._parts = self._parts, []
        return b"".join(parts)

    def __aiter__(self):
        return self

    async def __anext__(self) -> bytes:
        if not self._parts:
            raise StopAsyncIteration
        return self._parts.pop(0)

    def response_bytes(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        """Take an answer."""
        self.status, self.headers, self.body = status, headers, body

    def response_stream(self, status: int, headers: list[tuple[str, str]]):
        """Take the beginning of an answer."""
        self.status, self.headers = status, headers
        return self

    async def send_bytes(self, data: bytes) -> None:
        """Take more of it."""
        self.body += data


class Served:
    """A WSGI application that asks an RSGI one."""

    def __init__(self, application) -> None:
        self.application = application

    def __call__(self, environ, start_response):
        """Carry one request over and its answer back."""
        length = int(environ.get("CONTENT_LENGTH") or 0)
        protocol = Protocol(environ["wsgi.input"].read(length))
        asking = self.application.__rsgi__(_scope(environ), protocol)
        asyncio.run_coroutine_threadsafe(asking, _loop()).result(60)
        start_response(f"{protocol.status} {HTTPStatus(protocol.status).phrase}", list(protocol.headers))
        return [protocol.body]


def _scope(environ) -> SimpleNamespace:
    headers = {
        name.removeprefix("HTTP_").replace("_", "-").lower(): value
        for name, value in environ.items()
        if name.startswith("HTTP_") or (name in {"CONTENT_TYPE", "CONTENT_LENGTH"} and value)
    }
    return SimpleNamespace(
        proto="http",
        method=environ["REQUEST_METHOD"],
        path=environ["PATH_INFO"].encode("latin-1").decode(),
        query_string=environ["QUERY_STRING"],
        http_version="1.1",
        scheme=environ["wsgi.url_scheme"],
        server=f"{environ['SERVER_NAME']}:{environ['SERVER_PORT']}",
        client=f"{environ['REMOTE_ADDR']}:50000",
        authority=None,
        headers=Headers(headers),
    )


def _loop() -> asyncio.AbstractEventLoop:
    with _starting:  # two threads may be the first
        return _started()


@cache
def _started() -> asyncio.AbstractEventLoop:
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, daemon=True, name="rsgi").start()
    return loop
