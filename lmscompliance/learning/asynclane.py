"""The lane for a server with an event loop: an RSGI application that serves plain beats and hands on others.

RSGI is granian's own interface, whose WSGI mode cannot be mixed with it; so this wraps any WSGI application
and runs it in a pool of threads. What is taken here is what ``fastlane`` takes, and the answers are the same:
one expression, one statement, the reference's bytes. What the statement does not match goes on to the
application as it came.

Durability is the writer's: ``storage.asyncwriters``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lmscompliance.learning import beats, fastlane
from lmscompliance.learning.fastlane import Application, BeatRoute
from lmscompliance.learning.origin import Origin
from lmscompliance.learning.plainbeats import LONGEST, PlainBeats
from lmscompliance.learning.threaded import ThreadedWsgi, latin1, peer_of
from lmscompliance.services import Services
from lmscompliance.storage.asyncwriters import AsyncGroupCommit, AsyncWriter, InThread
from lmscompliance.storage.rowwriter import NotKept

THREADS = 16
"""For everything but plain beats."""


class AsyncLane:
    """An RSGI application around a WSGI one; without ``route`` it only hands on."""

    def __init__(self, inner: Application, route: BeatRoute | None, *, threads: int = THREADS) -> None:
        """Open nothing before the first beat."""
        self._inner = ThreadedWsgi(inner, threads)
        self._path = None if route is None else route.path
        if route is None:
            return
        self._ready: Callable[[], bool] = route.ready
        self._sender_of = route.sender_of
        self._headers = [("Content-Type", "application/json"), *route.headers]
        self._plain = PlainBeats(route.services)
        self._writer = _writer(route.services)

    async def __rsgi__(self, scope: Any, protocol: Any) -> None:
        """Answer one request."""
        sent: bytes | None = None
        if scope.proto == "http" and scope.path == self._path and scope.method == "POST":
            said = scope.headers.get("content-length") or ""
            if said.isascii() and said.isdigit() and int(said) <= LONGEST and self._ready():
                sent = await protocol()
                plain = self._plain.read(sent, self._sender(scope))
                if plain is not None:
                    row, body, page = plain
                    try:
                        if await self._writer.keep(row):
                            headers = [*self._headers, ("Content-Length", str(len(body)))]
                            protocol.response_bytes(200, headers, body)
                            return
                        page.missed()
                    except NotKept:
                        pass
        await self._inner(scope, protocol, sent)

    def __rsgi_del__(self, _loop: Any) -> None:
        """Let go of everything; the server calls it when a worker ends."""
        if self._path is not None:
            self._writer.close()
        self._inner.close()

    def _sender(self, scope: Any) -> Origin:
        headers = scope.headers
        return self._sender_of(
            {
                "REMOTE_ADDR": peer_of(scope),
                "HTTP_USER_AGENT": latin1(headers.get("user-agent") or ""),
                "HTTP_X_FORWARDED_FOR": ",".join(headers.get_all("x-forwarded-for")),
            }
        )


def _writer(services: Services) -> AsyncWriter:
    database = services.database
    if database.is_sqlite:
        return InThread(fastlane.writer(services), key=beats.KEY)
    return AsyncGroupCommit(database, fastlane.of_active, beats.COLUMNS, key=beats.KEY)
