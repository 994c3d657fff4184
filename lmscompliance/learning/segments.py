"""What happens when a segment ends: it becomes history and evidence, and the next one begins.

Everything here runs inside the caller's transaction and under the lock of the session's own row, so a
segment's row, its leaf and the moved hot row become durable together or not at all. If the process dies
before the commit, restart sees the open row as it was, with every acknowledged beat in it.

Two consecutive segments share the beat they meet at: it is the last of the one and, with offset 0, the
first of the other, so no second lies between them. Only after a silence over the policy's gap does a hole
remain, and it is never filled in.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import bindparam, delete, insert, select, update
from sqlalchemy.orm import Session

from lmscompliance import evidence
from lmscompliance.kernel.clock import to_micros
from lmscompliance.kernel.jcs import Json
from lmscompliance.learning import beatlog, origin
from lmscompliance.learning.limits import Limits
from lmscompliance.learning.models import (
    CLOSED_SEGMENT,
    CLOSED_SESSION,
    OPEN_SESSION,
    ClosedSession,
    OpenSession,
)
from lmscompliance.learning.origin import Origin
from lmscompliance.learning.presence import watch
from lmscompliance.services import Services
from lmscompliance.storage.transaction import after_commit

SESSION_CLOSED = "learning.session_closed"
"""Notice sent after a session has closed, or a closed one got late beats.

Its subject is ``<class id>/<enrolment id>``.
"""

# Built once: putting a statement together costs more than running it.
_THE_ROW = select(OpenSession).where(
    OpenSession.enrolment_id == bindparam("b_enrolment"), OpenSession.session_id == bindparam("b_session")
)
_LOCK = _THE_ROW.with_for_update()
_LOCK_FREE = _THE_ROW.with_for_update(skip_locked=True)
_ADD_SEGMENT = insert(CLOSED_SEGMENT)
_ADD_SESSION = insert(CLOSED_SESSION)
_REMOVE = delete(OPEN_SESSION).where(
    OPEN_SESSION.c.enrolment_id == bindparam("b_enrolment"),
    OPEN_SESSION.c.session_id == bindparam("b_session"),
)


@dataclass(frozen=True, slots=True)
class LateBeat:
    """What a page would have reported ``offset_ms`` after it had read its last answer."""

    seq: int
    offset_ms: int
    position_ms: int
    state: str


@dataclass(frozen=True, slots=True)
class LateSegment:
    """A segment of late beats in the form of ``beatlog``; its time begins with the answer they rest on."""

    n: int
    start: datetime
    end: datetime
    arrived: datetime
    beats: str


class SentBeat(NamedTuple):
    """What a page reports: its own running number, where the lesson is, and what holds from now on."""

    seq: int
    position_ms: int
    state: str
    nonce: str = ""
    """What the server answered to the beat ``acked``; a beat without it is kept and credits nothing."""
    last_read: int = -1
    """The number of that beat, the last whose answer the page has read; -1 stands for the one before."""
    late: tuple[LateBeat, ...] = ()
    """What the page kept back since then, in the order of numbers."""

    @property
    def acked(self) -> int:
        """Return the number of the last beat whose answer the page has read."""
        return self.seq - 1 if self.last_read < 0 else self.last_read

    def at_last(self, offset_ms: int) -> LateBeat:
        """Return it as the last of its own late ones."""
        return LateBeat(self.seq, offset_ms, self.position_ms, self.state)


def instant(services: Services) -> datetime:
    """Return the present instant, cut to whole milliseconds as all instants of a session are."""
    now = services.clock.now()
    return now.replace(microsecond=now.microsecond // 1000 * 1000)


def instant_us(services: Services) -> int:
    """Return the same in microseconds since the epoch."""
    return services.clock.micros() // 1000 * 1000


def lock(
    session: Session, enrolment_id: str, session_id: str, *, skip_locked: bool = False
) -> OpenSession | None:
    """Return the session's hot row, locked until the transaction ends; ``None`` when it is closed.

    With ``skip_locked`` a row that somebody else is working on counts as not there.
    """
    query = _LOCK_FREE if skip_locked else _LOCK
    return session.scalars(query, {"b_enrolment": enrolment_id, "b_session": session_id}).one_or_none()


def take(
    session: Session,
    services: Services,
    row: OpenSession,
    beat: SentBeat,
    mark: str,
    *,
    sender: Origin,
    limits: Limits,
    final: bool = False,
) -> None:
    """Put ``beat`` into the locked ``row``, closing and opening segments as it requires.

    A beat whose number was seen before adds nothing. ``mark`` (of ``rules.facts``) is kept with it.
    ``final`` keeps the running segment open at its due end, because the caller closes the session next and
    an empty segment would follow.
    """
    if beat.seq <= row.last_seq:
        return
    # The machine's clock may have been set back; time within a session does not run backwards.
    now = max(instant(services), row.last_at)
    moved = not origin.same(services, sender, (row.ip_blind, row.agent_blind))
    if not moved:  # under a new index key, so that the next beat is plain again
        row.ip_blind, row.agent_blind = origin.blinds(services, sender)
    if now - row.last_at > limits.gap:
        _close_segment(session, services, row, "missed", row.last_at)
        _open_segment(services, row, beat, mark, now=now, limits=limits, moved_to=sender if moved else None)
        return
    hides = beat.state == "hidden" and row.last_state != "hidden"
    row.beats += beatlog.entry(
        beat.seq, (now - row.segment_start) // timedelta(milliseconds=1), beat.position_ms, beat.state, mark
    )
    _remember(row, beat, now)
    due = now - row.segment_start >= limits.segment or len(row.beats) >= beatlog.FULL
    if moved:
        _close_segment(session, services, row, "address", now)
        _open_segment(services, row, beat, mark, now=now, limits=limits, moved_to=sender)
    elif (hides or due) and not final:
        _close_segment(session, services, row, "hidden" if hides else "length", now)
        _open_segment(services, row, beat, mark, now=now, limits=limits)


def interrupt(session: Session, services: Services, row: OpenSession) -> int:
    """Close the running segment of the locked ``row`` for one of late beats; return that one's number."""
    _close_segment(session, services, row, "missed", row.last_at)
    row.segment_n += 1
    return row.segment_n


def resume(
    services: Services,
    row: OpenSession,
    beat: SentBeat,
    mark: str,
    *,
    sender: Origin,
    limits: Limits,
    now: datetime,
) -> None:
    """Open the next segment after ``interrupt`` with ``beat``, received ``now``.

    If it was seen before, the last one that was kept in time opens it. Its address and device are those that
    the late segment names already.
    """
    row.ip_sealed, row.agent_sealed = origin.seal(services, sender)
    row.ip_blind, row.agent_blind = origin.blinds(services, sender)
    if beat.seq <= row.last_seq:
        last = beatlog.parse(row.beats)[-1]
        beat, mark, now = SentBeat(last.seq, last.position_ms, last.state), last.mark, row.last_at
    _open_segment(services, row, beat, mark, now=now, limits=limits)


def add_late(
    session: Session,
    services: Services,
    row: OpenSession | ClosedSession,
    late: LateSegment,
    sender: Origin,
) -> None:
    """Write a segment of late beats down, with the address and the device that delivered it."""
    ip_sealed, agent_sealed = origin.seal(services, sender)
    session.connection().execute(
        _ADD_SEGMENT,
        {
            "enrolment_id": row.enrolment_id,
            "session_id": row.session_id,
            "n": late.n,
            "start_at": late.start,
            "end_at": late.end,
            "closed_by": "late",
            "beats": late.beats,
            "ip_sealed": ip_sealed,
            "agent_sealed": agent_sealed,
            "ip_blind": origin.ip_blind(services, sender.ip),
            "arrived_at": late.arrived,
        },
    )
    body: dict[str, Json] = {
        "session": row.session_id,
        "n": late.n,
        "start_us": to_micros(late.start),
        "end_us": to_micros(late.end),
        "arrived_us": to_micros(late.arrived),
        "closed_by": "late",
        **beatlog.leaf_form(late.beats),
    }
    disclose: dict[str, Json] = {"ip": sender.ip, "agent": sender.agent}
    _record(session, services, row, "session.segment", body, disclose=disclose)


def tell_closed(session: Session, services: Services, class_id: str, enrolment_id: str) -> None:
    """Send ``SESSION_CLOSED`` once this transaction is durable."""
    subject = f"{class_id}/{enrolment_id}"
    after_commit(session, lambda: services.events.send(SESSION_CLOSED, subject))


def close_session(session: Session, services: Services, row: OpenSession, reason: str) -> None:
    """Move the locked ``row`` into history; its end is its last beat, whoever noticed whenever.

    ``reason`` is ``end`` or ``timeout``; a session that was taken over ends as ``superseded``.
    """
    if row.superseded_at is not None:
        reason = "superseded"
    watch.leave(session, row)
    _close_segment(session, services, row, reason, row.last_at)
    session.connection().execute(
        _ADD_SESSION,
        {
            "enrolment_id": row.enrolment_id,
            "session_id": row.session_id,
            "class_id": row.class_id,
            "person_id": row.person_id,
            "lesson_id": row.lesson_id,
            "opened_at": row.opened_at,
            "closed_at": row.last_at,
            "close_reason": reason,
            "superseded_at": row.superseded_at,
            "superseded_by": row.superseded_by,
            "segments": row.segment_n + 1,
            "last_position_ms": row.last_position_ms,
            "last_state": row.last_state,
        },
    )
    _record(
        session,
        services,
        row,
        "session.closed",
        {
            "session": row.session_id,
            "closed_us": to_micros(row.last_at),
            "reason": reason,
            "segments": row.segment_n + 1,
        },
    )
    # Removed by statement, not by the unit of work: that would insert a person's next active session
    # before it deletes this one, and the unique index would refuse it.
    session.expunge(row)
    session.connection().execute(_REMOVE, {"b_enrolment": row.enrolment_id, "b_session": row.session_id})
    tell_closed(session, services, row.class_id, row.enrolment_id)


def supersede(session: Session, services: Services, row: OpenSession, by: str) -> None:
    """Take the locked ``row``'s place from now on: its further beats are kept but count for nothing."""
    now = max(instant(services), row.opened_at)
    watch.leave(session, row)
    row.active = False
    row.superseded_at = now
    row.superseded_by = by
    session.flush()
    _record(
        session,
        services,
        row,
        "session.superseded",
        {"session": row.session_id, "by": by, "superseded_us": to_micros(now)},
    )


def supersede_closed(
    session: Session, services: Services, closed: ClosedSession, *, at: datetime, by: str
) -> None:
    """Write down that a session which is closed already was followed by another one of the person ``at``."""
    session.execute(
        update(CLOSED_SESSION)
        .where(
            CLOSED_SESSION.c.enrolment_id == closed.enrolment_id,
            CLOSED_SESSION.c.session_id == closed.session_id,
        )
        .values(superseded_at=at, superseded_by=by)
    )
    _record(
        session,
        services,
        closed,
        "session.superseded",
        {"session": closed.session_id, "by": by, "superseded_us": to_micros(at)},
    )


def _remember(row: OpenSession, beat: SentBeat, now: datetime) -> None:
    row.last_at = now
    row.last_seq = beat.seq
    row.last_position_ms = beat.position_ms
    row.last_state = beat.state


def _open_segment(
    services: Services,
    row: OpenSession,
    beat: SentBeat,
    mark: str,
    *,
    now: datetime,
    limits: Limits,
    moved_to: Origin | None = None,
) -> None:
    row.segment_n += 1
    row.segment_start = now
    row.slow_at = now + limits.segment
    row.beats = beatlog.entry(beat.seq, 0, beat.position_ms, beat.state, mark)
    _remember(row, beat, now)
    row.address_new = moved_to is not None
    if moved_to is not None:
        row.ip_sealed, row.agent_sealed = origin.seal(services, moved_to)
        row.ip_blind, row.agent_blind = origin.blinds(services, moved_to)


def _close_segment(
    session: Session, services: Services, row: OpenSession, closed_by: str, end: datetime
) -> None:
    names_address = row.segment_n == 0 or row.address_new
    session.connection().execute(
        _ADD_SEGMENT,
        {
            "enrolment_id": row.enrolment_id,
            "session_id": row.session_id,
            "n": row.segment_n,
            "start_at": row.segment_start,
            "end_at": end,
            "closed_by": closed_by,
            "beats": row.beats,
            "ip_sealed": row.ip_sealed if names_address else None,
            "agent_sealed": row.agent_sealed if names_address else None,
            "ip_blind": row.ip_blind if names_address else None,
            "arrived_at": None,
        },
    )
    disclose: dict[str, Json] = {}
    if row.address_new:
        was = origin.unseal(services, row.ip_sealed, row.agent_sealed)
        disclose = {"ip": was.ip, "agent": was.agent}
    body: dict[str, Json] = {
        "session": row.session_id,
        "n": row.segment_n,
        "start_us": to_micros(row.segment_start),
        "end_us": to_micros(end),
        "closed_by": closed_by,
        **beatlog.leaf_form(row.beats),
    }
    _record(session, services, row, "session.segment", body, disclose=disclose)


def _record(
    session: Session,
    services: Services,
    row: OpenSession | ClosedSession,
    type_: str,
    body: dict[str, Json],
    *,
    disclose: dict[str, Json] | None = None,
) -> None:
    evidence.record(
        session,
        services,
        class_id=row.class_id,
        stream=evidence.enrolment_stream(row.enrolment_id),
        type=type_,
        at=services.clock.now(),
        body=body,
        disclose=disclose,
    )
