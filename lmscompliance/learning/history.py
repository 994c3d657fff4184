"""What of a session becomes history and evidence: its segments as they close, and its own end.

Everything here runs inside the caller's transaction and under the lock of the session's own row, so a
segment's row, its leaf and the moved hot row become durable together or not at all. If the process dies
before the commit, restart sees the open row as it was, with every acknowledged beat in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, delete, insert, update
from sqlalchemy.orm import Session

from lmscompliance import evidence
from lmscompliance.kernel.clock import to_micros
from lmscompliance.kernel.jcs import Json
from lmscompliance.learning import beatlog, origin
from lmscompliance.learning.instants import instant
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
_ADD_SEGMENT = insert(CLOSED_SEGMENT)
_ADD_SESSION = insert(CLOSED_SESSION)
_REMOVE = delete(OPEN_SESSION).where(
    OPEN_SESSION.c.enrolment_id == bindparam("b_enrolment"),
    OPEN_SESSION.c.session_id == bindparam("b_session"),
)


@dataclass(frozen=True, slots=True)
class LateSegment:
    """A segment of late beats in the form of ``beatlog``; its time begins with the answer they rest on."""

    n: int
    start: datetime
    end: datetime
    arrived: datetime
    beats: str


def close_segment(
    session: Session, services: Services, row: OpenSession, closed_by: str, end: datetime
) -> None:
    """Write the running segment of the locked ``row`` down, which ends at ``end``; open no next one."""
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
    evidence.record_for(session, services, row, type="session.segment", body=body, disclose=disclose)


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
    evidence.record_for(session, services, row, type="session.segment", body=body, disclose=disclose)


def close_session(session: Session, services: Services, row: OpenSession, reason: str) -> None:
    """Move the locked ``row`` into history; its end is its last beat, whoever noticed whenever.

    ``reason`` is ``end`` or ``timeout``; a session that was taken over ends as ``superseded``.
    """
    if row.superseded_at is not None:
        reason = "superseded"
    watch.leave(session, row)
    close_segment(session, services, row, reason, row.last_at)
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
    evidence.record_for(
        session,
        services,
        row,
        type="session.closed",
        body={
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
    evidence.record_for(
        session,
        services,
        row,
        type="session.superseded",
        body={"session": row.session_id, "by": by, "superseded_us": to_micros(now)},
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
    evidence.record_for(
        session,
        services,
        closed,
        type="session.superseded",
        body={"session": closed.session_id, "by": by, "superseded_us": to_micros(at)},
    )


def tell_closed(session: Session, services: Services, class_id: str, enrolment_id: str) -> None:
    """Send ``SESSION_CLOSED`` once this transaction is durable."""
    subject = f"{class_id}/{enrolment_id}"
    after_commit(session, lambda: services.events.send(SESSION_CLOSED, subject))
