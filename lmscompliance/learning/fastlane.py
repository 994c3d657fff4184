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

import re
from collections.abc import Callable, Iterable, Sequence
from io import BytesIO
from typing import Any

from lmscompliance.kernel.errors import ComplianceError
from lmscompliance.learning import beats, limits, nonces, tokens
from lmscompliance.learning.models import OpenSession
from lmscompliance.learning.origin import Origin
from lmscompliance.learning.segments import SentBeat
from lmscompliance.services import Services
from lmscompliance.storage.database import Database
from lmscompliance.storage.groupcommit import GroupCommit
from lmscompliance.storage.rowwriter import NotKept, RowWriter
from lmscompliance.storage.walwriter import WalWriter

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
Application = Callable[[Environ, StartResponse], Iterable[bytes]]

_LONGEST = 1024
_TOO_LARGE = 2**31
# What the tracker sends, member for member, with or without a blank after each separator. A subset of what
# the view takes: whoever writes a beat in another way is served there.
_BEAT = re.compile(
    rb'\{"token": ?"([A-Za-z0-9_.-]{1,512})", ?"seq": ?([1-9][0-9]{0,9}), ?'
    rb'"position_ms": ?(0|[1-9][0-9]{0,11}), ?"state": ?"(playing|paused|hidden|ended)", ?'
    rb'"nonce": ?"([0-9a-f]{16})"\}'
)


class FastLane:
    """Serves ``POST path`` where it can, and calls ``inner`` where it cannot.

    ``sender_of`` tells a request's address and User-Agent by the same rule as the view, ``ready`` whether
    the database's schema is known to be current, ``headers`` are those that the view's answers carry.
    """

    def __init__(
        self,
        inner: Application,
        services: Services,
        *,
        path: str,
        sender_of: Callable[[Environ], Origin],
        ready: Callable[[], bool],
        headers: Sequence[tuple[str, str]],
    ) -> None:
        """Stand in front of ``inner``; nothing is opened before the first beat."""
        self._inner = inner
        self._services = services
        self._path = path
        self._sender_of = sender_of
        self._ready = ready
        self._headers = [("Content-Type", "application/json"), *headers]
        self._writer = _writer(services.database)

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        if environ.get("PATH_INFO") == self._path and environ.get("REQUEST_METHOD") == "POST":
            body = self._answer(environ)
            if body is not None:
                start_response("200 OK", [*self._headers, ("Content-Length", str(len(body)))])
                return (body,)
        return self._inner(environ, start_response)

    def _answer(self, environ: Environ) -> bytes | None:
        said = environ.get("CONTENT_LENGTH") or ""
        if not (said.isascii() and said.isdigit()) or (length := int(said)) > _LONGEST or not self._ready():
            return None
        sent = environ["wsgi.input"].read(length)
        # The view must find the request as it came, should it be needed.
        environ["wsgi.input"] = BytesIO(sent)
        plain = _BEAT.fullmatch(sent)
        if plain is None or len(sent) != length:
            return None
        token, seq, position, state, nonce = plain.groups()
        beat = SentBeat(int(seq), int(position), state.decode(), nonce.decode())
        if beat.seq >= _TOO_LARGE:
            return None
        try:
            claims = tokens.read(self._services, token.decode())
            held_to = limits.of_class(self._services, claims.class_id)
            row = beats.plain_row(self._services, claims, held_to, beat, self._sender_of(environ))
            answers = nonces.is_after(self._services, claims.session_id, beat.seq - 1, beat.nonce)
            if not (answers and self._writer.keep(row)):
                return None
        except (ComplianceError, NotKept):
            return None
        ack = beats.acknowledge(self._services, claims.session_id, beat.seq, held_to, active=True)
        return ack.to_json().encode()


def possible(database: Database) -> bool:
    """Tell whether a lane can reach ``database`` by a connection of its own (an SQLite file, PostgreSQL)."""
    if not database.is_sqlite:
        return database.engine.dialect.driver == "psycopg"
    name = database.engine.url.database or ""
    return name not in {"", ":memory:"} and not name.startswith("file:")


def _writer(database: Database) -> RowWriter:
    def of_active(sent: Any) -> Any:
        # Beats of a session that was taken over are rare, and the view's.
        return beats.plain_beat(sent).where(OpenSession.active)

    if database.is_sqlite:
        return WalWriter(database, of_active, beats.COLUMNS)
    return GroupCommit(database, of_active, beats.COLUMNS, key=beats.KEY)
