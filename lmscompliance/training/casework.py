"""Deciding cases of identity: one number under two names, settled by people and recorded.

The decision, the note that credit is judged by and the leaves of the person's enrolments commit together.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select

from lmscompliance import evidence
from lmscompliance.identity import cases, people
from lmscompliance.identity.models import IdentityCase, Person
from lmscompliance.kernel.actor import Actor, Role
from lmscompliance.kernel.clock import to_micros
from lmscompliance.kernel.errors import Conflict, InvalidInput, NotFound
from lmscompliance.rules.identity import CLEARED, SUSPECTED
from lmscompliance.rules.masking import mask_name, mask_number
from lmscompliance.storage.transaction import reading, transaction
from lmscompliance.training import queries
from lmscompliance.training.models import Enrolment
from lmscompliance.training.verifying import note

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.orm import Session

    from lmscompliance.services import Services

RENAME, TYPO, SUSPECT = "rename", "typo", "suspect"
DECISIONS = (RENAME, TYPO, SUSPECT)
"""It is one person and the second name holds; the row is wrong; somebody may be using another's number."""
MAX_REASON = 500


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two names, masked for whoever may not see it whole; ``row`` 0 means the one on record."""

    name: str
    id_number: str
    file: str
    row: int


@dataclass(frozen=True, slots=True)
class _Said:
    """Who decided which case, and why."""

    case: str
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class CaseShown:
    """A case as the page lists it."""

    case: IdentityCase
    class_code: str
    sides: tuple[Side, Side]


def listed(services: Services, actor: Actor) -> list[CaseShown]:
    """Return the cases of the classes the actor may see, open ones first; administrators alone see names."""
    found = []
    with reading(services.database) as session:
        query = select(IdentityCase).order_by(IdentityCase.state != cases.OPEN, IdentityCase.opened_at.desc())
        for case in session.scalars(query):
            class_id = case.origin.removeprefix("class/")
            if queries.in_scope(session, actor, class_id):
                code = queries.class_by_id(session, class_id).code
                sides = cases.open_sides(services, case)
                found.append(CaseShown(case, code, (_side(sides[0], actor), _side(sides[1], actor))))
    return found


def _side(raw: dict[str, str | int], actor: Actor) -> Side:
    name = str(raw["name"])
    return Side(
        name if actor.role is Role.ADMINISTRATOR else mask_name(name),
        mask_number(str(raw["id_number"])),
        str(raw.get("file", "")),
        int(raw.get("row", 0)),
    )


def decide(services: Services, actor: Actor, case_id: str, decision: str, reason: str) -> None:
    """Decide a case. ``suspect`` leaves it open to a later ``rename`` or ``typo``, which lifts the suspicion.

    Raises ``NotFound``, ``InvalidInput`` for an unknown decision or a missing reason, ``Conflict`` when it is
    settled already or there is no person on record to rename or suspect.
    """
    reason = reason.strip()
    if decision not in DECISIONS:
        raise InvalidInput("training.case_decision")
    if not reason or len(reason) > MAX_REASON:
        raise InvalidInput("training.case_reason", most=MAX_REASON)
    with transaction(services.database) as session:
        case = session.get(IdentityCase, case_id, with_for_update=True)
        if case is None:
            raise NotFound("web.not_found")
        if case.state != cases.OPEN or decision == case.decision:
            raise Conflict("training.case_settled")
        second = cases.open_sides(services, case)[1]
        person = people.person_by_number(session, services.vault, str(second["id_number"]))
        if person is None and decision != TYPO:
            raise Conflict("training.case_nobody")
        mine = [] if person is None else _enrolments(session, person)
        said = _Said(case.id, actor.account, reason)
        if SUSPECT in {decision, case.decision}:
            kind = SUSPECTED if decision == SUSPECT else CLEARED
            for one in mine:
                _suspicion(session, services, one, said, kind)
        if person is not None and decision == RENAME:
            name = str(second["name"])
            before = people.rename(services.vault, person, name)
            for one in mine:
                _renamed(session, services, one, said, (before, name))
        case.state = cases.OPEN if decision == SUSPECT else cases.SETTLED
        case.decision, case.decided_at, case.decided_by = decision, services.clock.now(), actor.account
        case.reason_sealed = services.vault.seal(cases.REASON_PLACE, reason)


def _enrolments(session: Session, person: Person) -> Sequence[Enrolment]:
    query = select(Enrolment).where(Enrolment.person_id == person.id)
    return session.scalars(query.order_by(Enrolment.class_id, Enrolment.id).with_for_update()).all()


def _suspicion(session: Session, services: Services, one: Enrolment, said: _Said, kind: str) -> None:
    now = note(session, services, one, kind)
    evidence.record(
        session,
        services,
        class_id=one.class_id,
        stream=evidence.enrolment_stream(one.id),
        type="identity.suspicion",
        at=now,
        body={"case": said.case, "kind": kind, "at_us": to_micros(now)},
        disclose={"by": said.by, "reason": said.reason},
    )


def _renamed(
    session: Session, services: Services, one: Enrolment, said: _Said, names: tuple[str, str]
) -> None:
    now = services.clock.now()
    evidence.record(
        session,
        services,
        class_id=one.class_id,
        stream=evidence.enrolment_stream(one.id),
        type="identity.corrected",
        at=now,
        body={"case": said.case, "at_us": to_micros(now)},
        disclose={"name_before": names[0], "name": names[1], "by": said.by, "reason": said.reason},
    )
