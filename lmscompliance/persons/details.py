"""Somebody's full name, number and phone, shown to staff one person at a time and never unlogged."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from lmscompliance.identity import looks
from lmscompliance.identity.models import Look
from lmscompliance.kernel.actor import Actor
from lmscompliance.services import Services
from lmscompliance.storage.transaction import reading, transaction
from lmscompliance.training import queries
from lmscompliance.training.queries import RosterEntry

_MOST = 1_000
"""Looks a page lists, the latest first."""


@dataclass(frozen=True, slots=True)
class LookLine:
    """A look as staff see it; ``ordinal`` 0 means the whole class."""

    look: Look
    ordinal: int
    purpose: str


def details(services: Services, class_id: str, enrolment_id: str) -> RosterEntry:
    """Return an enrolment in plain text, for a page that masks it; raises ``NotFound``."""
    with reading(services.database) as session:
        return queries.open_enrolment(session, services.vault, class_id, enrolment_id)


def reveal(services: Services, actor: Actor, class_id: str, enrolment_id: str, purpose: str) -> RosterEntry:
    """Record that the actor is shown somebody's details whole, and for what; return them.

    Raises ``NotFound``, and ``InvalidInput`` without a purpose.
    """
    words = looks.checked_purpose(purpose)
    with transaction(services.database) as session:
        found = queries.open_enrolment(session, services.vault, class_id, enrolment_id)
        looks.record(
            session,
            services,
            actor,
            (class_id, enrolment_id),
            what=looks.DETAILS,
            occasion=looks.DETAILS,
            purpose=words,
        )
    return found


def of_class(services: Services, class_id: str) -> list[LookLine]:
    """Return who was shown what of a class's people and for what, the latest first."""
    with reading(services.database) as session:
        ordinals = {one.id: one.ordinal for one in queries.roster(session, class_id)}
        query = select(Look).where(Look.class_id == class_id).order_by(Look.at.desc(), Look.id.desc())
        return [
            LookLine(one, ordinals.get(one.enrolment_id, 0), looks.purpose_of(services, one))
            for one in session.scalars(query.limit(_MOST))
        ]
