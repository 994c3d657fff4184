"""What claims hold about one person: what was imported, how they were judged, what was asked back."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from lmscompliance.claims import lines, money
from lmscompliance.claims.lists import PLACE
from lmscompliance.claims.models import ASKED, Claim, ClaimFact, ClaimLine, ClaimPayment
from lmscompliance.kernel import jcs
from lmscompliance.kernel.clock import shanghai_text
from lmscompliance.kernel.jcs import Json
from lmscompliance.rules.marking import plain
from lmscompliance.services import Services


def held(session: Session, services: Services, class_id: str, enrolment_id: str) -> dict[str, Json]:
    """Return it as JSON, in full, for the person whose it is."""
    mine = (ClaimFact.class_id == class_id) & (ClaimFact.enrolment_id == enrolment_id)
    imported = session.scalars(select(ClaimFact).where(mine).order_by(ClaimFact.kind, ClaimFact.n))
    judged = session.execute(
        select(Claim, ClaimLine)
        .join(Claim, (Claim.class_id == ClaimLine.class_id) & (Claim.id == ClaimLine.claim_id))
        .where(ClaimLine.class_id == class_id, ClaimLine.enrolment_id == enrolment_id, Claim.status != ASKED)
        .order_by(Claim.submitted_at)
    )
    back = session.scalars(
        select(ClaimPayment)
        .where(ClaimPayment.class_id == class_id, ClaimPayment.enrolment_id == enrolment_id)
        .order_by(ClaimPayment.claim_id, ClaimPayment.n)
    )
    return {
        "imported": [
            {
                "kind": one.kind,
                "list": one.name,
                "value": jcs.decode(services.vault.open(PLACE, one.value_sealed).encode()),
            }
            for one in imported
        ],
        "claims": [
            {
                "submitted": shanghai_text(claim.submitted_at),
                "status": claim.status,
                "granted": line.granted,
                "yuan": plain(line.yuan),
                "judged_by": lines.explained(services, line),
            }
            for claim, line in judged
        ],
        "asked_back": [
            {"at": shanghai_text(one.at), "yuan": plain(one.yuan), "reason": money.why_of(services, one)}
            for one in back
        ],
    }
