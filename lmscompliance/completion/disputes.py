"""Objections of trainees and corrections by staff: each a new fact in the log, none changes an old one.

An objection that is upheld restores the stretch by a correction in the same transaction; one that is rejected
says why. Both change what was judged, so the enrolment is judged again at once, or by the periodic job if the
process dies in between.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lmscompliance import evidence
from lmscompliance.completion import objections, service
from lmscompliance.completion.models import Dispute
from lmscompliance.completion.objections import Objection
from lmscompliance.kernel.actor import Actor
from lmscompliance.kernel.clock import from_micros, shanghai_day, to_micros
from lmscompliance.kernel.errors import Conflict, InvalidInput, NotFound
from lmscompliance.learning import corrections
from lmscompliance.learning.models import CreditCorrection
from lmscompliance.rules.credit import EXCLUDE, RESTORE
from lmscompliance.rules.ledger_corrections import REJECTED, UPHELD
from lmscompliance.services import Services
from lmscompliance.storage.transaction import transaction
from lmscompliance.training import queries
from lmscompliance.training.models import Enrolment

TEXT_PLACE = f"{Dispute.__tablename__}.text"
ANSWER_PLACE = f"{Dispute.__tablename__}.answer"
"""What the ciphertexts are bound to."""


def raise_objection(services: Services, actor: Actor, class_id: str, objection: Objection, text: str) -> str:
    """Record a trainee's objection to one excluded stretch of their own; return its id.

    Raises ``NotFound`` when the actor is not activated in the class, ``InvalidInput`` without a text and
    ``Conflict`` when the stretch cannot be objected to (``objections.excluded_interval``) or was already.
    """
    words = corrections.checked_reason(text)
    status = service.own_status(services, actor, class_id)
    enrolment_id = status.enrolment_id
    today = shanghai_day(services.clock.now())
    interval = objections.excluded_interval(status, objection, today)
    dispute_id, now = services.ids.new(), services.clock.now()
    start_at, end_at = from_micros(objection.start_us), from_micros(objection.end_us)
    with transaction(services.database) as session:
        # A double click is one objection: the second waits for this row, then sees the first.
        session.get_one(Enrolment, (class_id, enrolment_id), with_for_update=True)
        if _raised_before(session, enrolment_id, objection.session_id, start_at, end_at):
            raise Conflict("completion.dispute_again")
        session.add(
            Dispute(
                class_id=class_id,
                dispute_id=dispute_id,
                enrolment_id=enrolment_id,
                session_id=objection.session_id,
                start_at=start_at,
                end_at=end_at,
                reason=interval.reason,
                text_sealed=services.vault.seal(TEXT_PLACE, words),
                opened_at=now,
            )
        )
        evidence.record_for(
            session,
            services,
            evidence.Owner(class_id, enrolment_id),
            type="dispute.opened",
            at=now,
            body={
                "dispute": dispute_id,
                "session": objection.session_id,
                "start_us": objection.start_us,
                "end_us": objection.end_us,
                "reason": interval.reason,
                "opened_us": to_micros(now),
            },
            disclose={"text": words},
        )
    return dispute_id


def decide(
    services: Services, actor: Actor, class_id: str, dispute_id: str, *, decision: str, reason: str
) -> None:
    """Uphold or reject an objection, once; what is upheld is restored in the same transaction.

    Raises ``NotFound``, ``InvalidInput`` for another decision or a missing reason, and ``Conflict`` for an
    objection that was decided before.
    """
    if decision not in {UPHELD, REJECTED}:
        raise InvalidInput("completion.dispute_decision")
    why = corrections.checked_reason(reason)
    with transaction(services.database) as session:
        dispute = session.scalars(
            select(Dispute)
            .where(Dispute.class_id == class_id, Dispute.dispute_id == dispute_id)
            .with_for_update()
        ).one_or_none()
        if dispute is None:
            raise NotFound("web.not_found")
        if dispute.decision is not None:
            raise Conflict("completion.dispute_decided")
        now = services.clock.now()
        dispute.decision, dispute.decided_at, dispute.decided_by = decision, now, actor.account
        dispute.answer_sealed = services.vault.seal(ANSWER_PLACE, why)
        enrolment_id = dispute.enrolment_id
        evidence.record_for(
            session,
            services,
            dispute,
            type="dispute.decided",
            at=now,
            body={
                "dispute": dispute_id,
                "decision": decision,
                "decided_us": to_micros(now),
                "role": actor.role.value,
            },
            disclose={"by": actor.account, "reason": why},
        )
        if decision == UPHELD:
            corrections.correct(
                session,
                services,
                actor,
                closed=corrections.closed_session(session, class_id, enrolment_id, dispute.session_id),
                effect=RESTORE,
                start_at=dispute.start_at,
                end_at=dispute.end_at,
                reason=why,
                dispute_id=dispute_id,
            )
    service.judge_again(services, class_id, [enrolment_id])


def exclude(
    services: Services,
    actor: Actor,
    *,
    class_id: str,
    enrolment_id: str,
    session_id: str,
    start_at: datetime,
    end_at: datetime,
    reason: str,
) -> str:
    """Let a stretch of a closed session count for nothing, by decision of staff; return the correction's id.

    The trainee sees who decided in which role, and why, and can object. Raises ``NotFound`` and
    ``InvalidInput`` as ``corrections.correct``.
    """
    with transaction(services.database) as session:
        queries.enrolment(session, class_id, enrolment_id)
        correction_id = corrections.correct(
            session,
            services,
            actor,
            closed=corrections.closed_session(session, class_id, enrolment_id, session_id),
            effect=EXCLUDE,
            start_at=start_at,
            end_at=end_at,
            reason=reason,
        )
    service.judge_again(services, class_id, [enrolment_id])
    return correction_id


def _raised_before(
    session: Session, enrolment_id: str, session_id: str, start_at: datetime, end_at: datetime
) -> bool:
    """Tell whether part of the stretch was objected to already, since staff last excluded any of it."""
    excluded_at = session.scalar(
        select(func.max(CreditCorrection.corrected_at)).where(
            CreditCorrection.enrolment_id == enrolment_id,
            CreditCorrection.session_id == session_id,
            CreditCorrection.effect == EXCLUDE,
            CreditCorrection.start_at < end_at,
            CreditCorrection.end_at > start_at,
        )
    )
    raised_at = session.scalar(
        select(func.max(Dispute.opened_at)).where(
            Dispute.enrolment_id == enrolment_id,
            Dispute.session_id == session_id,
            Dispute.start_at < end_at,
            Dispute.end_at > start_at,
        )
    )
    return raised_at is not None and (excluded_at is None or raised_at >= excluded_at)
