"""Many people learning at once: open sessions copied from one that was opened the ordinary way."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from itertools import islice

from sqlalchemy import bindparam, insert, select, text, update
from sqlalchemy.orm import Session

from benchmarks.support.load import AGENT
from benchmarks.support.scratch import analyze
from lmscompliance.learning import beatlog, nonces, tokens
from lmscompliance.learning.instants import instant
from lmscompliance.learning.models import OPEN_SESSION
from lmscompliance.learning.origin import Origin
from lmscompliance.services import Services
from lmscompliance.storage.transaction import reading, transaction
from tests.learning.school import open_school

_SEGMENT = timedelta(minutes=5)
_FIRST = beatlog.entry(0, 0, 0, "playing")
# A segment at its end: rows that have been through one have their place in their pages already.
_WHOLE = _FIRST + "".join(beatlog.entry(1000 + n, n * 60_000, 1_800_000, "playing") for n in range(1, 7))
_HISTORY = text(
    "INSERT INTO compliance_session (enrolment_id, session_id, class_id, person_id, lesson_id, opened_at,"
    " closed_at, close_reason, segments, last_position_ms, last_state) "
    "WITH RECURSIVE closed(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM closed WHERE n < :count) "
    "SELECT 'e' || CAST(n / 24 AS VARCHAR), 's' || CAST(n AS VARCHAR), 'c' || CAST(n / 2400 AS VARCHAR),"
    " 'p' || CAST(n / 24 AS VARCHAR), 'l' || CAST(n % 24 AS VARCHAR), n, n + 1800000000, 'end', 6, 1800000,"
    " 'ended' FROM closed"
)


@dataclass(frozen=True)
class Learners:
    """The open sessions and their tokens."""

    services: Services
    tokens: dict[str, str]
    """By session."""

    def nonces(self, sessions: int, beats: int) -> dict[str, list[str]]:
        """Return, by token, what so many beats of the first ``sessions`` must show."""
        return {
            token: [nonces.after(self.services, session, seq) for seq in range(beats)]
            for session, token in islice(self.tokens.items(), sessions)
        }

    def begin(self) -> None:
        """Let every session's segment begin now, without a beat in it yet."""
        now = instant(self.services)
        values = {"last_seq": 0, "last_at": now, "segment_start": now, "beats": _FIRST}
        with transaction(self.services.database) as session:
            session.execute(update(OPEN_SESSION).values(**values, slow_at=now + _SEGMENT))
        if not self.services.database.is_sqlite:
            # As autovacuum does in the minute between two beats, for which a benchmark has no time.
            with self.services.database.engine.connect() as connection:
                vacuuming = connection.execution_options(isolation_level="AUTOCOMMIT")
                vacuuming.execute(text("VACUUM ANALYZE compliance_open_session"))

    def kept(self) -> tuple[int, int]:
        """Return how many beats the database holds, and how many numbers are missing below a later one.

        A missing one was overtaken: it came after a later beat of its session, was acknowledged with that
        one's number and added nothing. That happens only where a session's beats share out over connections.
        """
        with reading(self.services.database) as session:
            rows = session.scalars(select(OPEN_SESSION.c.beats)).all()
        held = overtaken = 0
        for row in rows:
            numbers = [beat.seq for beat in beatlog.parse(row)]
            if numbers != sorted(set(numbers)):
                msg = f"the database holds the beats {numbers} of a session"
                raise RuntimeError(msg)
            held += len(numbers) - 1
            overtaken += numbers[-1] + 1 - len(numbers)
        return held, overtaken


def open_sessions(services: Services, number: int) -> Learners:
    """Open so many sessions of invented people."""
    school = open_school(services, trainees=1)
    school.start(sender=Origin("127.0.0.1", AGENT))
    with transaction(services.database) as session:
        shown = _copy(session, services, number - 1)
    issued = {claims.session_id: tokens.issue(services, claims) for claims in shown}
    return Learners(services, issued)


def close_sessions(services: Services, number: int) -> None:
    """Put so many closed sessions into the history."""
    with transaction(services.database) as session:
        session.execute(_HISTORY, {"count": number})
    analyze(services)


def _copy(session: Session, services: Services, number: int) -> list[tokens.Claims]:
    pattern = dict(session.execute(select(OPEN_SESSION)).mappings().one())
    ids = [
        {
            "enrolment_id": services.ids.opaque(),
            "session_id": services.ids.new(),
            "person_id": services.ids.new(),
        }
        for _ in range(number)
    ]
    named = {name: bindparam(name) for name in ("enrolment_id", "session_id", "person_id")}
    session.execute(insert(OPEN_SESSION).values({**pattern, "beats": _WHOLE, **named}), ids)
    everybody = [pattern, *ids]
    return [tokens.Claims(one["session_id"], one["enrolment_id"], pattern["class_id"]) for one in everybody]
