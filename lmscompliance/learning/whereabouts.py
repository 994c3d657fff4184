"""Which addresses each session came from, for whoever may be shown them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.orm import Session

from lmscompliance.learning import origin
from lmscompliance.learning.models import ClosedSegment, OpenSession
from lmscompliance.services import Services


def addresses(
    session: Session,
    services: Services,
    enrolment_ids: Collection[str],
    session_ids: Collection[str] | None = None,
) -> dict[str, list[str]]:
    """Return the addresses of each session in the order they appeared, those of running ones included.

    ``session_ids`` narrows to some sessions. What was destroyed after its time is no longer there.
    """
    closed = (
        select(ClosedSegment.session_id, ClosedSegment.ip_sealed, ClosedSegment.agent_sealed, ClosedSegment.n)
        .where(ClosedSegment.enrolment_id.in_(enrolment_ids), ClosedSegment.ip_sealed.is_not(None))
        .order_by(ClosedSegment.session_id, ClosedSegment.n)
    )
    running = select(OpenSession.session_id, OpenSession.ip_sealed, OpenSession.agent_sealed).where(
        OpenSession.enrolment_id.in_(enrolment_ids)
    )
    if session_ids is not None:
        closed = closed.where(ClosedSegment.session_id.in_(session_ids))
        running = running.where(OpenSession.session_id.in_(session_ids))
    found: defaultdict[str, dict[str, None]] = defaultdict(dict)
    for row in (*session.execute(closed), *session.execute(running)):
        if row.ip_sealed and row.agent_sealed:
            found[row.session_id][origin.unseal(services, row.ip_sealed, row.agent_sealed).ip] = None
    return {one: list(seen) for one, seen in found.items()}
