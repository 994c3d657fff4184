"""Periodic work of this room; ``extension`` runs it under a lease."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from lmscompliance.learning import history, limits, segments
from lmscompliance.learning.instants import instant
from lmscompliance.learning.models import OpenSession
from lmscompliance.services import Services
from lmscompliance.storage.transaction import reading, transaction


def close_silent(services: Services) -> int:
    """Close every session that has been silent for longer than its policy's gap; return how many.

    Its end is its last beat, so nothing is made up for the silence. Each session is a transaction of its
    own: if the process dies in between, the rest is found the next time. This is also all the recovery
    that a crash of a server needs.
    """
    now = instant(services)
    with reading(services.database) as session:
        rows = session.execute(
            select(
                OpenSession.enrolment_id, OpenSession.session_id, OpenSession.class_id, OpenSession.last_at
            )
        ).all()
    closed = 0
    for enrolment_id, session_id, class_id, last_at in rows:
        if now - last_at <= limits.of_class(services, class_id).gap:
            continue
        with transaction(services.database) as session:
            row = segments.lock(session, enrolment_id, session_id, skip_locked=True)
            # A beat may have come since; under the lock the row says what is true.
            if row is not None and is_silent(session, services, row, now):
                history.close_session(session, services, row, "timeout")
                closed += 1
    return closed


def is_silent(session: Session, services: Services, row: OpenSession, now: datetime) -> bool:
    """Tell whether a session was last heard of longer ago than its policy's gap."""
    return now - row.last_at > limits.within(session, services, row.class_id).gap
