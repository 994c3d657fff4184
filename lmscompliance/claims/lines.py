"""The lines of a claim: rows for pages and later claims, leaves for whoever checks them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import delete, insert
from sqlalchemy.orm import Session

from lmscompliance import evidence
from lmscompliance.claims.judging import Judged
from lmscompliance.claims.models import Claim, ClaimLine
from lmscompliance.kernel import jcs
from lmscompliance.kernel.jcs import Json
from lmscompliance.rules.ledger_claims import basis_name
from lmscompliance.rules.marking import plain
from lmscompliance.services import Services
from lmscompliance.storage.statements import table

_EXPLAINED = "compliance_claim_line.explained_sealed"
_A_PAGE = 400
"""Lines in one leaf: each takes some 130 of the 65,535 bytes it may have."""


def write(session: Session, services: Services, claim: Claim, lines: Sequence[Judged]) -> None:
    """Write the lines of a claim anew."""
    session.execute(
        delete(ClaimLine).where(ClaimLine.class_id == claim.class_id, ClaimLine.claim_id == claim.id)
    )
    rows = [
        {
            "class_id": claim.class_id,
            "claim_id": claim.id,
            "enrolment_id": one.entry.enrolment_id,
            "ordinal": one.entry.ordinal,
            "person_id": one.entry.person.id,
            "project": one.grant.project,
            "day": one.grant.day,
            "occupation": one.grant.occupation,
            "level": one.grant.level,
            "granted": one.line.granted,
            "yuan": one.line.yuan,
            "explained_sealed": services.vault.seal(_EXPLAINED, jcs.encode(_explained(one)).decode()),
        }
        for one in lines
    ]
    session.execute(insert(table(ClaimLine)), rows)


def facts(claim: Claim, lines: Sequence[Judged]) -> list[evidence.Fact]:
    """Return the leaves of the lines, to be recorded just before the one that says what they are for."""
    return [
        evidence.Fact(
            type="claim.lines",
            body={"claim": claim.id, "page": number, "lines": [_line(one) for one in page]},
            disclose={basis_name(place): one.basis.to_json() for place, one in enumerate(page, 1)},
        )
        for number, page in enumerate(_pages(lines), 1)
    ]


def explained(services: Services, line: ClaimLine) -> dict[str, Any]:
    """Return what a line was decided by: ``verdicts`` and ``yuan``, each with its clause."""
    value: Any = jcs.decode(services.vault.open(_EXPLAINED, line.explained_sealed).encode())
    found: dict[str, Any] = value
    return found


def _pages(lines: Sequence[Judged]) -> Iterator[Sequence[Judged]]:
    for start in range(0, len(lines), _A_PAGE):
        yield lines[start : start + _A_PAGE]


def _line(one: Judged) -> Json:
    line = one.line
    return [
        one.entry.enrolment_id,
        line.granted,
        plain(line.yuan),
        plain(line.share.online),
        plain(line.share.offline),
        "" if line.score is None else plain(line.score),
        line.eligible,
        line.first,
    ]


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
        "hours": plain(one.line.share.total),
        "score": "" if one.line.score is None else plain(one.line.score),
        "months": list[Json](sorted(one.basis.person.insured_months or ())),
        "first": one.line.first,
    }
