"""Reads claims from a class's stream: the project, each claim with its lines, decisions, money."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

from lmscompliance.kernel import jcs
from lmscompliance.rules.blended import Share
from lmscompliance.rules.claim_record import (
    DECIDED,
    RETURNED,
    SUBMITTED,
    ClaimRecord,
    LineRecord,
    Money,
)
from lmscompliance.rules.ledger_body import Body
from lmscompliance.rules.ledger_facts import WITHHELD, ClassRecord, Record
from lmscompliance.rules.subsidy import Project, Rates

PAYEE = ("bank", "holder", "account", "handler", "responsible")
"""Whom the money goes to, who handles the claim and who answers for it: disclosures of a claim."""
_LINE = (str, bool, str, str, str, str, bool, bool)


def basis_name(number: int) -> str:
    """Return the name under which a page's line ``number`` (from 1) discloses what it was judged by."""
    return f"p{number:04}"


def read_project(found: ClassRecord, _record: Record, body: Body) -> None:
    """Read what was agreed about the project; the latest holds."""

    def rate(name: str) -> Decimal | None:
        return body.exact(name) if body.maybe_text(name) else None

    found.claims.project = Project(
        name=body.text("project"),
        occupation=body.text("occupation"),
        level=body.maybe_whole("level"),
        approved=Rates(rate("approved_online"), rate("approved_offline")),
        overlap=Rates(rate("overlap_online"), rate("overlap_offline")),
        overlap_per_person=rate("overlap_per_person"),
    )


def read_lines(found: ClassRecord, record: Record, body: Body) -> None:
    """Read one page of lines; the leaf that says what became of the judgement follows the last one."""
    claims, claim, page = found.claims, body.text("claim"), body.whole("page")
    if page == 1:
        claims.pending, claims.pending_of = {}, (claim, 0)
    if claims.pending_of != (claim, page - 1):
        msg = "the pages of the claim do not fit together"
        raise body.refuse(msg)
    claims.pending_of = claim, page
    for number, values in enumerate(body.tuples("lines", *_LINE), 1):
        enrolment = str(values[0])
        if enrolment in claims.pending or enrolment not in found.enrolments:
            msg = f"the claim lists {enrolment} twice, or nobody by that name was enrolled"
            raise body.refuse(msg)
        claims.pending[enrolment] = _line(values, body, _basis(record, basis_name(number)))


def read_submitted(found: ClassRecord, record: Record, body: Body) -> None:
    """Read a claim that was handed in."""
    claim = body.text("claim")
    if claim in found.claims.claims:
        msg = "the claim is handed in twice"
        raise body.refuse(msg)
    found.claims.claims[claim] = ClaimRecord(
        id=claim,
        submitted_us=body.whole("submitted_us"),
        judged_us=body.whole("submitted_us"),
        people=body.whole("people"),
        granted=body.whole("granted"),
        yuan=body.exact("yuan"),
        payee={name: record.text(name) for name in PAYEE},
        lines=_taken(found, claim, body),
    )


def read_returned(found: ClassRecord, _record: Record, body: Body) -> None:
    """Read that the bureau gave a claim back."""
    _claim(found, body, SUBMITTED).status = RETURNED


def read_decided(found: ClassRecord, _record: Record, body: Body) -> None:
    """Read the decision, with everybody judged once more."""
    claim = _claim(found, body, SUBMITTED)
    claim.status, claim.reference = DECIDED, body.text("reference")
    claim.judged_us = body.whole("decided_us")
    claim.people, claim.granted = body.whole("people"), body.whole("granted")
    claim.yuan = body.exact("yuan")
    claim.lines = _taken(found, claim.id, body)


def read_money(found: ClassRecord, _record: Record, body: Body) -> None:
    """Read a payment, or that yuan were asked back."""
    _claim(found, body, DECIDED).money.append(
        Money(
            kind=body.text("kind"),
            yuan=body.exact("yuan"),
            at_us=body.whole("at_us"),
            enrolment=body.maybe_text("enrolment"),
            reference=body.maybe_text("reference"),
        )
    )


def _taken(found: ClassRecord, claim: str, body: Body) -> dict[str, LineRecord]:
    claims = found.claims
    if claims.pending_of != (claim, body.whole("pages")):
        msg = "the pages of the claim do not fit together"
        raise body.refuse(msg)
    lines, claims.pending, claims.pending_of = claims.pending, {}, ("", 0)
    return lines


def _claim(found: ClassRecord, body: Body, status: str) -> ClaimRecord:
    claim = found.claims.claims.get(body.text("claim"))
    if claim is None or claim.status != status:
        msg = "no such claim waits for that"
        raise body.refuse(msg)
    return claim


def _line(values: list[Any], body: Body, basis: bytes | None) -> LineRecord:
    _, granted, yuan, online, offline, score, eligible, first = values
    try:
        return LineRecord(
            granted=granted,
            yuan=Decimal(yuan),
            share=Share(Decimal(online), Decimal(offline)),
            score=Decimal(score) if score else None,
            eligible=eligible,
            first=first,
            basis=basis,
        )
    except InvalidOperation:
        msg = "a line of the claim holds no decimal where it must"
        raise body.refuse(msg) from None


def _basis(record: Record, name: str) -> bytes | None:
    # Bytes and not objects: a claim of ten thousand stands in memory while the trainees are read.
    value = record.values.get(name, WITHHELD)
    return jcs.encode(value) if isinstance(value, dict) else None
