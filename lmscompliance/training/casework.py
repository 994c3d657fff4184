"""Deciding cases of identity: one number under two names, or two records that may be one person's.

The decision, the note that credit is judged by and the leaves of the person's enrolments commit together.
Uniting two records is another room's decision; it settles its case here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from lmscompliance import evidence
from lmscompliance.identity import cases, links, looks, people
from lmscompliance.identity.models import IdentityCase, Person
from lmscompliance.kernel.actor import Actor
from lmscompliance.kernel.clock import to_micros
from lmscompliance.kernel.errors import Conflict, InvalidInput, NotFound
from lmscompliance.kernel.jcs import Json
from lmscompliance.rules.identity import CLEARED, SUSPECTED
from lmscompliance.rules.masking import mask_name, mask_number
from lmscompliance.services import Services
from lmscompliance.storage.transaction import reading, transaction
from lmscompliance.training import queries
from lmscompliance.training.models import Enrolment, TrainingClass
from lmscompliance.training.verifying import note

RENAME, TYPO, SUSPECT, TWO_PEOPLE = "rename", "typo", "suspect", "two_people"
DECISIONS = {
    cases.OTHER_NAME: (RENAME, TYPO, SUSPECT),
    cases.TWO_RECORDS: (TWO_PEOPLE, SUSPECT),
}
"""By kind of case. It is one person and the second name holds; the row is wrong; somebody may be using
another's number; they are two people."""
MERGED, SEPARATED = "merge", "separate"
"""What became of a case when its two records were united, and when that was taken back."""
MAX_REASON = 500


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two, masked for whoever may not see it whole; ``row`` 0 means the one on record."""

    name: str
    id_number: str
    file: str
    row: int


@dataclass(frozen=True, slots=True)
class Said:
    """Who decided which case, and why."""

    case: str
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class CaseShown:
    """A case as the page lists it; ``decisions`` can be made now."""

    case: IdentityCase
    class_code: str
    sides: tuple[Side, Side]

    @property
    def decisions(self) -> tuple[str, ...]:
        """What can be decided about it, uniting two records aside."""
        if self.case.state != cases.OPEN:
            return ()
        return tuple(one for one in DECISIONS[self.case.kind] if one != self.case.decision)


def listed(services: Services, actor: Actor, *, whole: str = "") -> list[CaseShown]:
    """Return the cases of the classes the actor may see, open ones first, masked.

    The case ``whole`` is not: whoever asks for that has recorded the look (``reveal``).
    """
    found = []
    with reading(services.database) as session:
        query = select(IdentityCase).order_by(IdentityCase.state != cases.OPEN, IdentityCase.opened_at.desc())
        for case in session.scalars(query):
            class_id = case.origin.removeprefix("class/")
            if queries.in_scope(session, actor, class_id):
                code = queries.class_by_id(session, class_id).code
                sides = cases.open_sides(services, case)
                shown = case.id == whole
                found.append(CaseShown(case, code, (_side(sides[0], shown), _side(sides[1], shown))))
    return found


def reveal(services: Services, actor: Actor, case_id: str, purpose: str) -> list[CaseShown]:
    """Record that the actor is shown both sides of a case, and for what; return the list with it whole.

    It is recorded for every enrolment of whom it is about, so that each of them finds it. Raises ``NotFound``
    and ``InvalidInput`` without a purpose. The scope is the route's to check.
    """
    words = looks.checked_purpose(purpose)
    with transaction(services.database) as session:
        case = session.get(IdentityCase, case_id)
        if case is None:
            raise NotFound("web.not_found")
        persons = persons_of(session, services, case)
        places = [(one.class_id, one.id) for one in enrolments_of(session, [one.id for one in persons])]
        for place in places or [(case.origin.removeprefix("class/"), looks.NOBODY)]:
            looks.record(session, services, actor, place, what=looks.CASE, occasion=looks.CASE, purpose=words)
    return listed(services, actor, whole=case_id)


def _side(raw: dict[str, str | int], whole: bool) -> Side:  # noqa: FBT001  # two values of one call
    name, number = str(raw["name"]), str(raw["id_number"])
    return Side(
        name if whole else mask_name(name),
        number if whole else mask_number(number),
        str(raw.get("file", "")),
        int(raw.get("row", 0)),
    )


def open_by_hand(services: Services, first: tuple[str, int], second: tuple[str, int]) -> str:
    """Open a case about two enrolments, each a class's code and an ordinal, that may be one person's.

    Returns the case's id, that of an earlier case where there is one. Raises ``InvalidInput`` where there
    is no such enrolment, ``Conflict`` where both are of one record already.
    """
    with transaction(services.database) as session:
        found = [_by_ordinal(session, *one) for one in (first, second)]
        persons = [session.get_one(Person, one.person_id) for one in found]
        if links.holder(session, persons[0].id) == links.holder(session, persons[1].id):
            raise Conflict("training.case_one_record")
        sides: list[cases.Side] = []
        for person in persons:
            known = people.open_person(services.vault, person)
            sides.append({"name": known.name, "id_number": known.id_number, "person": person.id})
        return cases.open_case(
            session,
            services,
            kind=cases.TWO_RECORDS,
            finding="|".join(sorted(one.id for one in persons)),
            origin=f"class/{found[1].class_id}",
            person_id=persons[0].id,
            sides=(sides[0], sides[1]),
        )


def _by_ordinal(session: Session, code: str, ordinal: int) -> Enrolment:
    found = session.scalars(
        select(Enrolment)
        .join(TrainingClass, TrainingClass.id == Enrolment.class_id)
        .where(TrainingClass.code == code.strip(), Enrolment.ordinal == ordinal)
    ).one_or_none()
    if found is None:
        raise InvalidInput("training.no_ordinal", code=code.strip()[:64], ordinal=ordinal)
    return found


def decide(services: Services, actor: Actor, case_id: str, decision: str, reason: str) -> None:
    """Decide a case. ``suspect`` leaves it open to a later decision, which lifts the suspicion.

    Raises ``NotFound``, ``InvalidInput`` for an unknown decision or a missing reason, ``Conflict`` when it is
    settled already or there is no person on record to rename or suspect.
    """
    why = checked_reason(reason)
    with transaction(services.database) as session:
        case = open_case(session, case_id)
        if decision not in DECISIONS[case.kind]:
            raise InvalidInput("training.case_decision")
        if decision == case.decision:
            raise Conflict("training.case_settled")
        persons = persons_of(session, services, case)
        if not persons and decision != TYPO:
            raise Conflict("training.case_nobody")
        mine = enrolments_of(session, [one.id for one in persons])
        said = Said(case.id, actor.account, why)
        if decision == SUSPECT:
            for one in mine:
                _suspicion(session, services, one, said, SUSPECTED)
        else:
            lift(session, services, case, mine, said)
        if decision == RENAME:
            name = str(cases.open_sides(services, case)[1]["name"])
            before = people.rename(services.vault, persons[0], name)
            corrected(session, services, persons[0], said, {"name": (before, name)})
        settle(services, case, decision, said, state=cases.OPEN if decision == SUSPECT else cases.SETTLED)


def checked_reason(reason: str) -> str:
    """Return a reason without idle space; raises ``InvalidInput`` for none, or one that is too long."""
    why = reason.strip()
    if not why or len(why) > MAX_REASON:
        raise InvalidInput("training.case_reason", most=MAX_REASON)
    return why


def open_case(session: Session, case_id: str) -> IdentityCase:
    """Return an open case with its row locked; raises ``NotFound`` or ``Conflict``."""
    case = session.get(IdentityCase, case_id, with_for_update=True)
    if case is None:
        raise NotFound("web.not_found")
    if case.state != cases.OPEN:
        raise Conflict("training.case_settled")
    return case


def persons_of(session: Session, services: Services, case: IdentityCase) -> list[Person]:
    """Return the records a case is about: both of two, or the one that has the number, if there is one."""
    sides = cases.open_sides(services, case)
    if case.kind == cases.TWO_RECORDS:
        return [session.get_one(Person, str(side["person"])) for side in sides]
    found = people.person_by_number(session, services.vault, str(sides[1]["id_number"]))
    return [] if found is None else [session.get_one(Person, links.holder(session, found.id))]


def enrolments_of(session: Session, person_ids: Iterable[str]) -> Sequence[Enrolment]:
    """Return every enrolment of all records of these people, locked, in one order."""
    records = {record for one in person_ids for record in links.records_of(session, one)}
    query = select(Enrolment).where(Enrolment.person_id.in_(records))
    return session.scalars(query.order_by(Enrolment.class_id, Enrolment.id).with_for_update()).all()


def lift(
    session: Session, services: Services, case: IdentityCase, mine: Iterable[Enrolment], said: Said
) -> None:
    """Take back the suspicion that the case's last decision was, if it was one."""
    if case.decision == SUSPECT:
        for one in mine:
            _suspicion(session, services, one, said, CLEARED)


def settle(services: Services, case: IdentityCase, decision: str, said: Said, *, state: str) -> None:
    """Write the decision and the reason into the locked case."""
    case.state = state
    case.decision, case.decided_at, case.decided_by = decision, services.clock.now(), said.by
    case.reason_sealed = services.vault.seal(cases.REASON_PLACE, said.reason)


def _suspicion(session: Session, services: Services, one: Enrolment, said: Said, kind: str) -> None:
    now = note(session, services, one, kind)
    evidence.record_for(
        session,
        services,
        one,
        type="identity.suspicion",
        at=now,
        body={"case": said.case, "kind": kind, "at_us": to_micros(now)},
        disclose={"by": said.by, "reason": said.reason},
    )


def corrected(
    session: Session, services: Services, person: Person, said: Said, changed: Mapping[str, tuple[str, str]]
) -> None:
    """Record in each enrolment of a person what their details were and are from here on, by detail."""
    now = services.clock.now()
    values: dict[str, Json] = {"by": said.by, "reason": said.reason}
    for detail, (before, after) in changed.items():
        values |= {f"{detail}_before": before, detail: after}
    for one in enrolments_of(session, [person.id]):
        evidence.record_for(
            session,
            services,
            one,
            type="identity.corrected",
            at=now,
            body={"case": said.case, "at_us": to_micros(now)},
            disclose=values,
        )
