"""Corrections of credit by staff: a new, reasoned fact beside the old ones, which stay as they are (T16)."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lmscompliance import evidence
from lmscompliance.kernel.actor import Actor
from lmscompliance.kernel.clock import shanghai, to_micros
from lmscompliance.kernel.errors import InvalidInput, NotFound
from lmscompliance.learning.models import ClosedSession, CreditCorrection
from lmscompliance.services import Services
from lmscompliance.training.models import Enrolment

REASON_PLACE = f"{CreditCorrection.__tablename__}.reason"
"""What a reason's ciphertext is bound to: people write names into it."""
LONGEST_REASON = 500


def correct(
    session: Session,
    services: Services,
    actor: Actor,
    *,
    closed: ClosedSession,
    effect: str,
    start_at: datetime,
    end_at: datetime,
    reason: str,
    dispute_id: str | None = None,
) -> str:
    """Record that ``[start_at, end_at)`` of a closed session is excluded or restored; return its id.

    Runs in the caller's transaction: row and leaf become durable together with whatever led to them. The
    leaf holds the instants and the role; who and why are disclosures. Raises ``InvalidInput`` for a missing
    reason or a stretch that does not lie within the session.
    """
    why = checked_reason(reason)
    if start_at.microsecond or end_at.microsecond:
        raise InvalidInput("learning.correction_seconds")
    # The last second that an end within it closes counts as the session's.
    if not (closed.opened_at.replace(microsecond=0) <= start_at < end_at <= closed.closed_at):
        raise InvalidInput(
            "learning.correction_outside",
            opened=_shown(closed.opened_at),
            closed=_shown(closed.closed_at),
        )
    correction_id, now = services.ids.new(), _after_the_last(session, services, closed)
    session.add(
        CreditCorrection(
            enrolment_id=closed.enrolment_id,
            correction_id=correction_id,
            class_id=closed.class_id,
            session_id=closed.session_id,
            effect=effect,
            start_at=start_at,
            end_at=end_at,
            corrected_at=now,
            by_account=actor.account,
            by_role=actor.role.value,
            reason_sealed=services.vault.seal(REASON_PLACE, why),
            dispute_id=dispute_id,
        )
    )
    evidence.record_for(
        session,
        services,
        closed,
        type="credit.corrected",
        at=now,
        body={
            "correction": correction_id,
            "session": closed.session_id,
            "effect": effect,
            "start_us": to_micros(start_at),
            "end_us": to_micros(end_at),
            "corrected_us": to_micros(now),
            "role": actor.role.value,
            "dispute": dispute_id,
        },
        disclose={"by": actor.account, "reason": why},
    )
    return correction_id


def _after_the_last(session: Session, services: Services, closed: ClosedSession) -> datetime:
    """Return now, but after any correction of the session: the later one holds, whatever the clock did."""
    # Two at once wait for each other here, until the commit.
    session.get_one(Enrolment, (closed.class_id, closed.enrolment_id), with_for_update=True)
    last = session.scalar(
        select(func.max(CreditCorrection.corrected_at)).where(
            CreditCorrection.enrolment_id == closed.enrolment_id,
            CreditCorrection.session_id == closed.session_id,
        )
    )
    now = services.clock.now()
    return now if last is None else max(now, last + timedelta(microseconds=1))


def _shown(instant: datetime) -> str:
    return shanghai(instant).strftime("%Y-%m-%dT%H:%M:%S")


def checked_reason(text: str) -> str:
    """Return the reason without idle space; raises ``InvalidInput`` when there is none or it is too long."""
    why = " ".join(text.split())
    if not why:
        raise InvalidInput("learning.reason_missing")
    if len(why) > LONGEST_REASON:
        raise InvalidInput("learning.reason_too_long", limit=LONGEST_REASON)
    return why


def closed_session(session: Session, class_id: str, enrolment_id: str, session_id: str) -> ClosedSession:
    """Return a session of an enrolment that is over.

    Raises ``NotFound`` without one, also for a session that still runs.
    """
    found = session.scalars(
        select(ClosedSession).where(
            ClosedSession.enrolment_id == enrolment_id,
            ClosedSession.session_id == session_id,
            ClosedSession.class_id == class_id,
        )
    ).one_or_none()
    if found is None:
        raise NotFound("learning.no_closed_session")
    return found
