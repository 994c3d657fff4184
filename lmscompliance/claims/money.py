"""Money that goes out for a claim that was decided, and money that is asked back: only ever added."""

from __future__ import annotations

from decimal import Decimal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lmscompliance import evidence
from lmscompliance.claims.models import CLAWED_BACK, DECIDED, PAID, Claim, ClaimLine, ClaimPayment
from lmscompliance.claims.service import MAX_TEXT, claim_of
from lmscompliance.kernel.clock import to_micros
from lmscompliance.kernel.errors import Conflict, InvalidInput, NotFound
from lmscompliance.rules.marking import exact_sum, plain
from lmscompliance.services import Services
from lmscompliance.storage.transaction import reading, transaction
from lmscompliance.training import queries

_WHY = "compliance_claim_payment.reason_sealed"


def pay(services: Services, class_id: str, claim_id: str, yuan: Decimal, *, by: str, reference: str) -> None:
    """Record a payment; all of them together never come to more than was granted."""
    with transaction(services.database) as session:
        claim = _decided(session, class_id, claim_id)
        paid = _sum(session, claim, PAID)
        if not yuan.is_finite() or yuan <= 0 or exact_sum((paid, yuan)) > claim.yuan:
            left = plain(exact_sum((claim.yuan, -paid)))
            raise InvalidInput("claims.overpaid", yuan=yuan, left=left)
        _add(session, services, claim, PAID, yuan, by=by, reference=reference)


def claw_back(
    services: Services,
    class_id: str,
    claim_id: str,
    enrolment_id: str,
    yuan: Decimal,
    *,
    by: str,
    reason: str,
) -> None:
    """Record that a trainee's yuan are asked back (追缴), with the reason; never more than was granted.

    The grant stays on record: whoever had to give money back has still had the training subsidised once.
    """
    reason = reason.strip()[:MAX_TEXT]
    if not reason:
        raise InvalidInput("claims.no_reason")
    with transaction(services.database) as session:
        claim = _decided(session, class_id, claim_id)
        line = session.get(ClaimLine, (class_id, claim_id, enrolment_id))
        if line is None or not line.granted:
            raise NotFound("claims.no_line")
        back = _sum(session, claim, CLAWED_BACK, enrolment_id)
        if not yuan.is_finite() or yuan <= 0 or exact_sum((back, yuan)) > line.yuan:
            left = plain(exact_sum((line.yuan, -back)))
            raise InvalidInput("claims.overpaid", yuan=yuan, left=left)
        _add(session, services, claim, CLAWED_BACK, yuan, by=by, reason=reason, enrolment_id=enrolment_id)


def enrolment_of(services: Services, class_id: str, claim_id: str, ordinal: int) -> str:
    """Return whose line of a claim has this number on the roster; raises ``NotFound``."""
    with reading(services.database) as session:
        found = session.scalar(
            select(ClaimLine.enrolment_id).where(
                ClaimLine.class_id == class_id,
                ClaimLine.claim_id == claim_id,
                ClaimLine.ordinal == ordinal,
            )
        )
    if found is None:
        raise NotFound("claims.no_line")
    return found


def why_of(services: Services, payment: ClaimPayment) -> str:
    """Return why money was asked back."""
    return services.vault.open(_WHY, payment.reason_sealed) if payment.reason_sealed else ""


def _decided(session: Session, class_id: str, claim_id: str) -> Claim:
    queries.locked_class(session, class_id)
    claim = claim_of(session, class_id, claim_id)
    if claim.status != DECIDED:
        raise Conflict("claims.not_decided")
    return claim


def _sum(session: Session, claim: Claim, kind: str, enrolment_id: str | None = None) -> Decimal:
    rows = select(ClaimPayment.yuan).where(
        ClaimPayment.class_id == claim.class_id, ClaimPayment.claim_id == claim.id, ClaimPayment.kind == kind
    )
    if enrolment_id is not None:
        rows = rows.where(ClaimPayment.enrolment_id == enrolment_id)
    return exact_sum(session.scalars(rows))


def _add(
    session: Session,
    services: Services,
    claim: Claim,
    kind: str,
    yuan: Decimal,
    *,
    by: str,
    reference: str = "",
    reason: str = "",
    enrolment_id: str | None = None,
) -> None:
    now = services.clock.now()
    mine = (ClaimPayment.class_id == claim.class_id) & (ClaimPayment.claim_id == claim.id)
    row = ClaimPayment(
        class_id=claim.class_id,
        claim_id=claim.id,
        n=session.scalar(select(func.count()).where(mine)) or 0,
        kind=kind,
        enrolment_id=enrolment_id,
        yuan=yuan,
        reference=reference.strip()[:128],
        reason_sealed=services.vault.seal(_WHY, reason) if reason else None,
        by=by,
        at=now,
    )
    session.add(row)
    evidence.record(
        session,
        services,
        class_id=claim.class_id,
        stream=evidence.class_stream(claim.class_id),
        type="claim.money",
        at=now,
        body={
            "claim": claim.id,
            "kind": kind,
            "yuan": plain(yuan),
            "enrolment": enrolment_id,
            "reference": row.reference,
            "at_us": to_micros(now),
        },
        disclose={name: text for name, text in (("by", by), ("reason", reason)) if text},
    )
