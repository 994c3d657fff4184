"""What the page of a class's claims shows, gathered in one place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from lmscompliance.claims import lines, money, service, trials
from lmscompliance.claims.models import ASKED, Claim, ClaimLine, ClaimList, ClaimPayment
from lmscompliance.claims.projects import proposed
from lmscompliance.claims.trials import Preview
from lmscompliance.identity import links
from lmscompliance.identity.models import Person
from lmscompliance.identity.people import open_name
from lmscompliance.kernel.clock import shanghai_day
from lmscompliance.policy import Notice
from lmscompliance.rules import deadlines
from lmscompliance.rules.marking import exact_sum
from lmscompliance.rules.masking import mask_name
from lmscompliance.rules.subsidy import Project
from lmscompliance.rules.verdict import Verdict
from lmscompliance.services import Services
from lmscompliance.storage.transaction import reading
from lmscompliance.training import queries
from lmscompliance.training.models import Enrolment, TrainingClass

SHOWN = 50
"""Lines a page shows; the pack has all of them."""


@dataclass(frozen=True, slots=True)
class LineShown:
    """A trainee of a claim as the page shows one; ``name`` is masked."""

    enrolment_id: str
    ordinal: int
    name: str
    granted: bool
    yuan: Decimal
    said: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ClaimShown:
    """A claim with its first lines, its payments and why it was returned."""

    claim: Claim
    reason: str
    lines: Sequence[LineShown]
    payments: Sequence[tuple[ClaimPayment, str]]
    paid: Decimal
    clawed_back: Decimal


@dataclass(frozen=True, slots=True)
class Board:
    """The page."""

    class_: TrainingClass
    notice: Notice
    project: Project
    deadlines: Sequence[Verdict]
    lists: Sequence[ClaimList]
    claims: Sequence[ClaimShown]
    preview: Preview | None
    supposed: Preview | None


def board(services: Services, class_id: str) -> Board:
    """Return what the page shows without judging anybody; raises ``NotFound``."""
    with reading(services.database) as session:
        class_ = queries.class_by_id(session, class_id)
        notice = queries.notice_of(session, class_)
        claims = session.scalars(
            select(Claim)
            .where(Claim.class_id == class_id, Claim.status != ASKED)
            .order_by(Claim.submitted_at.desc(), Claim.id)
        ).all()
        shown = []
        for claim in claims:
            rows = session.execute(
                select(ClaimLine, Person)
                .join(
                    Enrolment,
                    (Enrolment.class_id == ClaimLine.class_id) & (Enrolment.id == ClaimLine.enrolment_id),
                )
                .join(Person, Person.id == links.held_by(Enrolment.person_id))
                .where(ClaimLine.class_id == class_id, ClaimLine.claim_id == claim.id)
                .order_by(ClaimLine.ordinal)
                .limit(SHOWN)
            )
            payments = session.scalars(
                select(ClaimPayment)
                .where(ClaimPayment.class_id == class_id, ClaimPayment.claim_id == claim.id)
                .order_by(ClaimPayment.n)
            ).all()
            shown.append(
                ClaimShown(
                    claim=claim,
                    reason=service.reason_of(services, claim),
                    lines=[
                        LineShown(
                            one.enrolment_id,
                            one.ordinal,
                            mask_name(open_name(services.vault, person)),
                            one.granted,
                            one.yuan,
                            lines.explained(services, one),
                        )
                        for one, person in rows
                    ],
                    payments=[(one, money.why_of(services, one)) for one in payments],
                    paid=exact_sum(one.yuan for one in payments if one.kind == "paid"),
                    clawed_back=exact_sum(one.yuan for one in payments if one.kind == "clawed_back"),
                )
            )
        preview, supposed = trials.kept(session, class_id)
        return Board(
            class_=class_,
            notice=notice,
            project=proposed(session, class_id, notice),
            deadlines=deadlines.claiming(shanghai_day(services.clock.now()), notice),
            lists=session.scalars(
                select(ClaimList)
                .where(ClaimList.class_id == class_id)
                .order_by(ClaimList.kind, ClaimList.name)
            ).all(),
            claims=shown,
            preview=preview,
            supposed=supposed,
        )
