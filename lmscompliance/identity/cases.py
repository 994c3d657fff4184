"""Cases: questions about identity that only a human can answer, kept with both sides."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING

from sqlalchemy import select

from lmscompliance.identity.models import IdentityCase

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from lmscompliance.services import Services

OTHER_NAME = "other-name"
"""One number under two names."""
TWO_RECORDS = "two-records"
"""Two numbers on record that may be one person's; both sides name their ``person``."""

OPEN = "open"
SETTLED = "settled"
REASON_PLACE = f"{IdentityCase.__tablename__}.reason_sealed"
_FINGERPRINT = "identity.case"
"""The blind index of what makes two findings the same one."""

Side = Mapping[str, str | int]


def open_case(
    session: Session,
    services: Services,
    *,
    kind: str,
    finding: str,
    origin: str,
    person_id: str | None,
    sides: tuple[Side, Side],
) -> str:
    """Open a case, or return the one that was opened for the same ``finding`` before.

    ``finding`` is what makes two findings the same one; it may be personal and is kept as a blind index.
    ``origin`` says where it was found (``class/<id>``). ``sides`` are stored sealed.
    """
    vault, whole = services.vault, f"{kind}|{finding}"
    found = select(IdentityCase.id).where(IdentityCase.fingerprint.in_(vault.blinds(_FINGERPRINT, whole)))
    known = session.scalar(found)
    if known is not None:
        return known
    side_a, side_b = (json.dumps(side, ensure_ascii=False) for side in sides)
    case = IdentityCase(
        id=services.ids.new(),
        kind=kind,
        fingerprint=vault.blind(_FINGERPRINT, whole),
        finding_sealed=vault.seal(_place("finding_sealed"), whole),
        person_id=person_id,
        origin=origin,
        side_a_sealed=vault.seal(_place("side_a_sealed"), side_a),
        side_b_sealed=vault.seal(_place("side_b_sealed"), side_b),
        opened_at=services.clock.now(),
        state=OPEN,
        decided_at=None,
        decided_by=None,
        decision=None,
        reason_sealed=None,
    )
    session.add(case)
    session.flush()
    return case.id


def open_sides(services: Services, case: IdentityCase) -> tuple[dict[str, str | int], dict[str, str | int]]:
    """Decrypt both sides of ``case``; the caller answers for who sees them."""
    side_a = services.vault.open(_place("side_a_sealed"), case.side_a_sealed)
    side_b = services.vault.open(_place("side_b_sealed"), case.side_b_sealed)
    return json.loads(side_a), json.loads(side_b)


def _place(column: str) -> str:
    return f"{IdentityCase.__tablename__}.{column}"
