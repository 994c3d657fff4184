"""The lane in front of Flask: answers plain beats itself and hands everything else on, untouched.

A WSGI callable around the host's own. It takes a beat only if it is written exactly as the tracker writes
it and its one UPDATE (the reference's own, ``beats.plain_beat``) matches an active session; then the answer
is the reference's, byte for byte, after the commit. A forged token, a wrong nonce, a replay, a segment that
is due, an address that changed, a broken body, a database that does not answer: all of these go on to the
view, which finds nothing done yet. So there is one place that decides the difficult cases, and it is not
this one.

Durability is the writer's: ``storage.walwriter`` on SQLite, ``storage.groupcommit`` on PostgreSQL.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from io import BytesIO
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Update

from lmscompliance.learning import beats
from lmscompliance.learning.models import OpenSession
from lmscompliance.learning.origin import Origin
from lmscompliance.learning.plainbeats import LONGEST, PlainBeats
from lmscompliance.services import Services
from lmscompliance.storage.database import Database
from lmscompliance.storage.groupcommit import GroupCommit
from lmscompliance.storage.rowwriter import NotKept, RowWriter
from lmscompliance.storage.walwriter import WalWriter

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
Application = Callable[[Environ, StartResponse], Iterable[bytes]]


class BeatRoute(NamedTuple):
    """What a lane must know of the place it stands in.

    ``sender_of`` tells a request's address and User-Agent by the same rule as the view, ``ready`` whether
    the database's schema is known to be current, ``headers`` are those that the view's answers carry.
    """

    services: Services
    path: str
    sender_of: Callable[[Environ], Origin]
    ready: Callable[[], bool]
    headers: Sequence[tuple[str, str]]


class FastLane:
    """Serves ``POST path`` where it can, and calls ``inner`` where it cannot."""

    def __init__(self, inner: Application, route: BeatRoute) -> None:
        """Stand in front of ``inner``; nothing is opened before the first beat."""
        self._inner = inner
        self._path = route.path
        self._sender_of = route.sender_of
        self._ready = route.ready
        self._headers = [("Content-Type", "application/json"), *route.headers]
        self._plain = PlainBeats(route.services)
        self._writer = writer(route.services)

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        if environ.get("PATH_INFO") == self._path and environ.get("REQUEST_METHOD") == "POST":
            body = self._answer(environ)
            if body is not None:
                start_response("200 OK", [*self._headers, ("Content-Length", str(len(body)))])
                return [body]  # a list: granian hands one over whole, anything else it iterates from outside
        # A page, and whatever process it starts, may compute on every processor.
        self._writer.leave()
        return self._inner(environ, start_response)

    def _answer(self, environ: Environ) -> bytes | None:
        said = environ.get("CONTENT_LENGTH") or ""
        if not (said.isascii() and said.isdigit()) or (length := int(said)) > LONGEST or not self._ready():
            return None
        sent = environ["wsgi.input"].read(length)
        if len(sent) == length and (plain := self._plain.read(sent, self._sender_of(environ))) is not None:
            row, answer, page = plain
            try:
                if self._writer.keep(row):
                    return answer
                page.missed()
            except NotKept:
                pass
        # The view must find the request as it came.
        environ["wsgi.input"] = BytesIO(sent)
        return None


def possible(database: Database) -> bool:
    """Tell whether a lane can reach ``database`` by a connection of its own (an SQLite file, PostgreSQL)."""
    if not database.is_sqlite:
        return database.engine.dialect.driver == "psycopg"
    name = database.engine.url.database or ""
    return name not in {"", ":memory:"} and not name.startswith("file:")


def of_active(sent: Mapping[str, ColumnElement[Any]]) -> Update:
    """Return the statement of a plain beat of an active session; one that was taken over is the view's."""
    return beats.plain_beat(sent).where(OpenSession.active)


def writer(services: Services) -> RowWriter:
    """Return what writes plain beats from threads."""
    database = services.database
    if database.is_sqlite:
        return WalWriter(database, of_active, beats.COLUMNS, key=beats.KEY)
    affinity = services.settings.beat_affinity
    return GroupCommit(database, of_active, beats.COLUMNS, key=beats.KEY, affinity=affinity)
