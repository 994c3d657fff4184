"""Builds the facts that ``rules.presence`` voids from."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from lmscompliance.kernel.clock import to_micros
from lmscompliance.learning.presence.models import PresenceCheck
from lmscompliance.rules.facts import PresenceFact

_AT_ONCE = 200


def presence_facts(session: Session, enrolment_ids: Iterable[str]) -> dict[str, list[PresenceFact]]:
    """Return each enrolment's checks in the order they were issued; every id is a key of the result."""
    facts: dict[str, list[PresenceFact]] = {one: [] for one in enrolment_ids}
    wanted = list(facts)
    for first in range(0, len(wanted), _AT_ONCE):
        rows = session.scalars(
            select(PresenceCheck)
            .where(PresenceCheck.enrolment_id.in_(wanted[first : first + _AT_ONCE]))
            .order_by(PresenceCheck.enrolment_id, PresenceCheck.number)
        )
        for row in rows:
            facts[row.enrolment_id].append(fact_of(row))
    return facts


def fact_of(row: PresenceCheck) -> PresenceFact:
    """Return a row as the rules see it."""
    return PresenceFact(
        check=row.check_id,
        number=row.number,
        session=row.session_id,
        issued_us=to_micros(row.issued_at),
        until_us=to_micros(row.until_at),
        asked=row.asked,
        decided_us=None if row.decided_at is None else to_micros(row.decided_at),
        passed=row.passed,
    )
