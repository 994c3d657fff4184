"""Claiming, deciding, paying and asking back: each one transaction with its own leaf."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from lmscompliance import evidence
from lmscompliance.claims import facts
from lmscompliance.claims.facts import Judged
from lmscompliance.claims.models import (
    CLAWED_BACK,
    DECIDED,
    PAID,
    RETURNED,
    SUBMITTED,
    Claim,
    ClaimLine,
    ClaimPayment,
    ClassProject,
)
from lmscompliance.kernel import jcs
from lmscompliance.kernel.clock import shanghai_day, to_micros
from lmscompliance.kernel.errors import Conflict, InvalidInput, NotFound
from lmscompliance.kernel.jcs import Json
from lmscompliance.rules import class_life, deadlines
from lmscompliance.rules.marking import exact_sum, plain
from lmscompliance.rules.subsidy import Project
from lmscompliance.rules.verdict import NotMet
from lmscompliance.services import Services
from lmscompliance.storage.transaction import reading, transaction
from lmscompliance.training import life, queries
from lmscompliance.training.models import TrainingClass

MAX_TEXT = 500
_PAYEE = "compliance_claim.payee_sealed"
_REASON = "compliance_claim.reason_sealed"
_EXPLAINED = "compliance_claim_line.explained_sealed"
_WHY = "compliance_claim_payment.reason_sealed"


@dataclass(frozen=True, slots=True)
class Payee:
    """Whom the money goes to, and who handles the claim: what sheet ⑦ prints."""

    bank: str
    holder: str
    account: str
    handler: str
    responsible: str


def set_project(services: Services, class_id: str, project: Project, *, by: str) -> None:
    """Keep what was agreed about the class's project; until a claim is decided it can be set again.

    Raises ``InvalidInput`` for a rate below zero or a level there is not.
    """
    figures = (
        project.approved.online,
        project.approved.offline,
        project.overlap.online,
        project.overlap.offline,
        project.overlap_per_person,
    )
    if not project.name.strip() or project.level not in {None, 1, 2, 3, 4, 5}:
        raise InvalidInput("claims.bad_project")
    if any(one is not None and (not one.is_finite() or one < 0) for one in figures):
        raise InvalidInput("claims.bad_project")
    now = services.clock.now()
    with transaction(services.database) as session:
        class_ = queries.locked_class(session, class_id)
        if class_.status not in {*class_life.ORDER[: class_life.ORDER.index(class_life.CLAIMED)]}:
            raise Conflict("claims.already_claimed", code=class_.code)
        row = ClassProject(
            class_id=class_id,
            name=project.name.strip(),
            occupation=project.occupation.strip(),
            level=project.level,
            approved_online=project.approved.online,
            approved_offline=project.approved.offline,
            overlap_online=project.overlap.online,
            overlap_offline=project.overlap.offline,
            overlap_per_person=project.overlap_per_person,
            set_by=by,
            set_at=now,
        )
        session.merge(row)
        names = (
            "approved_online",
            "approved_offline",
            "overlap_online",
            "overlap_offline",
            "overlap_per_person",
        )
        evidence.record(
            session,
            services,
            class_id=class_id,
            stream=evidence.class_stream(class_id),
            type="claim.project_set",
            at=now,
            body={
                "project": row.name,
                "occupation": row.occupation,
                "level": row.level,
                "at_us": to_micros(now),
                **{
                    name: None if figure is None else plain(figure)
                    for name, figure in zip(names, figures, strict=True)
                },
            },
            disclose={"by": by},
        )


def preview(services: Services, class_id: str, supposing: Mapping[str, object] | None = None) -> list[Judged]:
    """Return what a claim handed in now would come to; ``supposing`` asks the same of other terms.

    Takes a few ms for each trainee.
    """
    with reading(services.database) as session:
        return facts.judged(
            session, services, class_id, submitted_at=services.clock.now(), supposing=supposing
        )


def submit(services: Services, class_id: str, payee: Payee, *, by: str) -> str:
    """Hand in a claim for a closed class and return its id.

    Raises ``Conflict`` unless the class is closed, the day lies within the notice's term (both with what to
    do) and somebody is entitled; ``InvalidInput`` for a payee who is not told whole.
    """
    if not all(text.strip() and len(text) <= MAX_TEXT for text in asdict(payee).values()):
        raise InvalidInput("claims.payee_incomplete")
    now = services.clock.now()
    with transaction(services.database) as session:
        class_ = queries.locked_class(session, class_id)
        if class_.status != class_life.CLOSED:
            raise Conflict("claims.class_not_closed", code=class_.code)
        _require_time(session, class_, now)
        claim_id = services.ids.new()
        lines = facts.judged(session, services, class_id, claim=claim_id, submitted_at=now)
        granted = [one for one in lines if one.decision.granted]
        if not granted:
            raise Conflict("claims.nobody", code=class_.code)
        claim = Claim(
            class_id=class_id,
            id=claim_id,
            status=SUBMITTED,
            submitted_at=now,
            submitted_by=by,
            payee_sealed=services.vault.seal(
                _PAYEE, jcs.encode({name: text.strip() for name, text in asdict(payee).items()}).decode()
            ),
            people=len(lines),
            granted=len(granted),
            yuan=facts.total(granted),
            decided_at=None,
            decided_by="",
            reference="",
            reason_sealed=None,
        )
        session.add(claim)
        session.flush()
        digest = _write(session, services, claim, lines)
        life.take(session, services, class_, class_life.CLAIMED, by=by)
        evidence.record(
            session,
            services,
            class_id=class_id,
            stream=evidence.class_stream(class_id),
            type="claim.submitted",
            at=now,
            body={**_figures(claim), "lines_sha256": digest, "submitted_us": to_micros(now)},
            disclose={"by": by},
        )
        return claim_id


def give_back(services: Services, class_id: str, claim_id: str, *, by: str, reason: str) -> None:
    """Return a claim to the enterprise with a reason; the class is closed again and may claim anew."""
    if not reason.strip():
        raise InvalidInput("claims.no_reason")
    now = services.clock.now()
    with transaction(services.database) as session:
        class_, claim = _open(session, class_id, claim_id)
        claim.status, claim.decided_at, claim.decided_by = RETURNED, now, by
        claim.reason_sealed = services.vault.seal(_REASON, reason.strip()[:MAX_TEXT])
        life.take(session, services, class_, class_life.CLOSED, by=by, reason=reason)
        evidence.record(
            session,
            services,
            class_id=class_id,
            stream=evidence.class_stream(class_id),
            type="claim.returned",
            at=now,
            body={"claim": claim_id, "returned_us": to_micros(now)},
            disclose={"by": by, "reason": reason.strip()[:MAX_TEXT]},
        )


def decide(services: Services, class_id: str, claim_id: str, *, by: str, reference: str = "") -> None:
    """Decide on a claim: everybody is judged once more, beside all claims handed in before this one.

    So of two claims for one person that crossed, the one that was handed in first is granted. ``reference``
    is the bureau's own number.
    """
    now = services.clock.now()
    with transaction(services.database) as session:
        class_, claim = _open(session, class_id, claim_id)
        lines = facts.judged(session, services, class_id, claim=claim_id, submitted_at=claim.submitted_at)
        granted = [one for one in lines if one.decision.granted]
        claim.status, claim.decided_at, claim.decided_by = DECIDED, now, by
        claim.reference = reference.strip()[:128]
        claim.people, claim.granted, claim.yuan = len(lines), len(granted), facts.total(granted)
        digest = _write(session, services, claim, lines)
        life.take(session, services, class_, class_life.DECIDED, by=by)
        evidence.record(
            session,
            services,
            class_id=class_id,
            stream=evidence.class_stream(class_id),
            type="claim.decided",
            at=now,
            body={
                **_figures(claim),
                "lines_sha256": digest,
                "reference": claim.reference,
                "decided_us": to_micros(now),
            },
            disclose={"by": by},
        )


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


def payee_of(services: Services, claim: Claim) -> Payee:
    """Return whom a claim's money goes to, in plain text; empty once its term has run out."""
    text = services.vault.open(_PAYEE, claim.payee_sealed)
    if not text:
        return Payee("", "", "", "", "")
    value: Any = jcs.decode(text.encode())
    return Payee(**value)


def reason_of(services: Services, claim: Claim) -> str:
    """Return why a claim was returned; empty where it was not."""
    return services.vault.open(_REASON, claim.reason_sealed) if claim.reason_sealed else ""


def why_of(services: Services, payment: ClaimPayment) -> str:
    """Return why money was asked back."""
    return services.vault.open(_WHY, payment.reason_sealed) if payment.reason_sealed else ""


def explained(services: Services, line: ClaimLine) -> dict[str, Any]:
    """Return what a line was decided by: ``verdicts`` and ``yuan``, each with its clause."""
    value: Any = jcs.decode(services.vault.open(_EXPLAINED, line.explained_sealed).encode())
    found: dict[str, Any] = value
    return found


def _require_time(session: Session, class_: TrainingClass, now: datetime) -> None:
    notice = queries.notice_of(session, class_)
    for verdict in deadlines.claiming(shanghai_day(now), notice):
        if isinstance(verdict, NotMet):
            raise Conflict("claims.out_of_time", what=verdict.message(), clause=verdict.clause)


def _open(session: Session, class_id: str, claim_id: str) -> tuple[TrainingClass, Claim]:
    class_ = queries.locked_class(session, class_id)
    claim = _claim(session, class_id, claim_id)
    if claim.status != SUBMITTED:
        raise Conflict("claims.settled")
    return class_, claim


def _decided(session: Session, class_id: str, claim_id: str) -> Claim:
    queries.locked_class(session, class_id)
    claim = _claim(session, class_id, claim_id)
    if claim.status != DECIDED:
        raise Conflict("claims.not_decided")
    return claim


def _claim(session: Session, class_id: str, claim_id: str) -> Claim:
    claim = session.get(Claim, (class_id, claim_id))
    if claim is None:
        raise NotFound("web.not_found")
    return claim


def _figures(claim: Claim) -> dict[str, Json]:
    return {
        "claim": claim.id,
        "people": claim.people,
        "granted": claim.granted,
        "yuan": plain(claim.yuan),
    }


def _write(session: Session, services: Services, claim: Claim, lines: Sequence[Judged]) -> str:
    """Write the lines of a claim anew and return the digest of what they say of each enrolment."""
    session.execute(
        delete(ClaimLine).where(ClaimLine.class_id == claim.class_id, ClaimLine.claim_id == claim.id)
    )
    said: list[Json] = []
    for one in lines:
        grant, decision = one.claimed.grant, one.decision
        session.add(
            ClaimLine(
                class_id=claim.class_id,
                claim_id=claim.id,
                enrolment_id=one.entry.enrolment_id,
                ordinal=one.entry.ordinal,
                person_id=one.entry.person.id,
                project=grant.project,
                day=grant.day,
                occupation=grant.occupation,
                level=grant.level,
                granted=decision.granted,
                yuan=decision.amount.yuan,
                explained_sealed=services.vault.seal(_EXPLAINED, jcs.encode(_explained(one)).decode()),
            )
        )
        reasons: list[Json] = [missing.reason for missing in decision.missing]
        said.append([one.entry.enrolment_id, plain(decision.amount.yuan), reasons])
    return hashlib.sha256(jcs.encode(said)).hexdigest()


def _explained(one: Judged) -> dict[str, Json]:
    return {
        "verdicts": [
            {"met": verdict.met, "text": verdict.message(), "clause": verdict.clause}
            for verdict in one.decision.verdicts
        ],
        "yuan": [
            {"text": line.message(), "clause": line.clause, "yuan": plain(line.yuan)}
            for line in one.decision.amount.lines
        ],
        "hours": plain(one.status.training.total_hours),
        "score": "" if one.status.exam.best is None else plain(one.status.exam.best),
        "months": list(one.insured),
        "first": one.first,
    }


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
