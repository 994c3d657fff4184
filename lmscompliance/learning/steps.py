"""What a simulation says the learner did: kept with the session as evidence, never credit by itself."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from lmscompliance import evidence
from lmscompliance.kernel.errors import InvalidInput
from lmscompliance.kernel.jcs import Json
from lmscompliance.learning import segments, tokens
from lmscompliance.learning.models import SessionStep
from lmscompliance.services import Services
from lmscompliance.storage.statements import table
from lmscompliance.storage.transaction import transaction
from lmscompliance.training import queries

_NAME = re.compile(r"[\w.:/-]{1,64}")


@dataclass(frozen=True, slots=True)
class StepEvent:
    """An event with the page's own id for it; ``detail`` is whatever the simulation adds."""

    id: str
    name: str
    detail: str


@dataclass(frozen=True, slots=True)
class Kept:
    """Whether the session still took them (``active``, ``closed``), and every event of the lesson so far."""

    state: str
    done: frozenset[str]


def keep(services: Services, token: str, events: Sequence[StepEvent]) -> Kept:
    """Keep a simulation's events with their session; an event whose id was kept before adds nothing.

    A closed session takes none: the page hands them in with its next one. Raises ``Unauthenticated`` for a
    token that is not ours and ``InvalidInput`` for a name that is none or a lesson that is no simulation:
    its ledger would have no place for them.
    """
    claims = tokens.read(services, token)
    if not all(_NAME.fullmatch(one.name) for one in events):
        raise InvalidInput("learning.bad_steps")
    with transaction(services.database) as session:
        row = segments.lock(session, claims.enrolment_id, claims.session_id)
        if row is None:
            return Kept("closed", frozenset())
        lesson = queries.lesson(session, row.lesson_id)
        if lesson.content_kind != "simulation":
            raise InvalidInput("learning.no_simulation", title=lesson.title)
        ids = [one.id for one in events]
        known = set(
            session.scalars(
                select(SessionStep.event_id).where(
                    SessionStep.enrolment_id == claims.enrolment_id, SessionStep.event_id.in_(ids)
                )
            )
        )
        fresh = list({one.id: one for one in events if one.id not in known}.values())
        if fresh:
            _record(session, services, claims, row.lesson_id, fresh)
        return Kept("active", done(session, claims.enrolment_id, row.lesson_id))


def done(session: Session, enrolment_id: str, lesson_id: str) -> frozenset[str]:
    """Return the names of all events of an enrolment in a lesson."""
    return frozenset(
        session.scalars(
            select(SessionStep.name)
            .where(SessionStep.enrolment_id == enrolment_id, SessionStep.lesson_id == lesson_id)
            .distinct()
        )
    )


def _record(
    session: Session, services: Services, claims: tokens.Claims, lesson_id: str, events: Sequence[StepEvent]
) -> None:
    now = services.clock.now()
    shared = {"enrolment_id": claims.enrolment_id, "session_id": claims.session_id, "at": now}
    rows = [{**shared, "event_id": one.id, "lesson_id": lesson_id, "name": one.name} for one in events]
    session.execute(insert(table(SessionStep)), rows)
    details: dict[str, Json] = {
        f"detail{number:03}": one.detail for number, one in enumerate(events, 1) if one.detail
    }
    evidence.record_for(
        session,
        services,
        claims,
        type="session.steps",
        at=now,
        body={"session": claims.session_id, "steps": [one.name for one in events]},
        disclose=details,
    )
