"""Requests of trainees to have their details corrected, and what people decide about them.

An accepted one is carried out in the same transaction by the correction that cases of identity use: the
record changes, and each enrolment of the person gets a leaf with what it was before and what it is now.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from lmscompliance import evidence
from lmscompliance.identity import contact, links, looks, numbers, people
from lmscompliance.identity.models import Person
from lmscompliance.kernel.actor import Actor
from lmscompliance.kernel.clock import shanghai_day, to_micros
from lmscompliance.kernel.errors import Conflict, InvalidInput, NotFound
from lmscompliance.kernel.jcs import Json
from lmscompliance.kernel.words import stated
from lmscompliance.persons.models import ACCEPTED, OPEN, REFUSED, CorrectionRequest
from lmscompliance.rules.masking import mask_name, mask_number, mask_phone
from lmscompliance.services import Services
from lmscompliance.storage.transaction import reading, transaction
from lmscompliance.training import casework, queries
from lmscompliance.training.casework import Said
from lmscompliance.training.models import Enrolment

NAME, NUMBER, PHONE, OTHER = "name", "id_number", "phone", "other"
FIELDS = (NAME, NUMBER, PHONE, OTHER)
LONGEST = 500
_MASKS = {NAME: mask_name, NUMBER: mask_number, PHONE: mask_phone}
_TABLE = CorrectionRequest.__tablename__
_WANTED, _REASON, _ANSWER = f"{_TABLE}.wanted_sealed", f"{_TABLE}.reason_sealed", f"{_TABLE}.answer_sealed"


@dataclass(frozen=True, slots=True)
class RequestLine:
    """A request with its texts opened."""

    row: CorrectionRequest
    wanted: str
    reason: str
    answer: str


@dataclass(frozen=True, slots=True)
class WorkLine:
    """A request as staff see it; what is wanted is masked until somebody looks."""

    line: RequestLine
    class_code: str
    ordinal: int
    wanted: str


def ask(services: Services, actor: Actor, class_id: str, *, field: str, wanted: str, reason: str) -> str:
    """Keep the actor's request and return its id.

    Raises ``NotFound`` when the actor is not in the class, ``InvalidInput`` for another field, a name, number
    or phone that cannot be one, or without a reason; ``Conflict`` while the same field waits already.
    """
    if field not in FIELDS:
        raise InvalidInput("persons.request_field")
    now = services.clock.now()
    value = _checked(field, wanted, services)
    why = _text(reason)
    with transaction(services.database) as session:
        mine = queries.enrolment_of(session, class_id, actor.account)
        if mine is None:
            raise NotFound("web.not_found")
        session.get_one(Enrolment, (class_id, mine.id), with_for_update=True)
        waiting = select(CorrectionRequest.id).where(
            CorrectionRequest.class_id == class_id,
            CorrectionRequest.enrolment_id == mine.id,
            CorrectionRequest.field == field,
            CorrectionRequest.state == OPEN,
        )
        if session.scalar(waiting.limit(1)) is not None:
            raise Conflict("persons.request_waits")
        row = CorrectionRequest(
            class_id=class_id,
            enrolment_id=mine.id,
            id=services.ids.new(),
            field=field,
            wanted_sealed=services.vault.seal(_WANTED, value),
            reason_sealed=services.vault.seal(_REASON, why),
            asked_at=now,
            state=OPEN,
            decided_at=None,
            decided_by=None,
            answer_sealed=None,
        )
        session.add(row)
        evidence.record_for(
            session,
            services,
            mine,
            type="correction.asked",
            at=now,
            body={"request": row.id, "field": field, "at_us": to_micros(now)},
            disclose={"wanted": value, "reason": why},
        )
        return row.id


def worklist(services: Services, actor: Actor, *, whole: str = "") -> list[WorkLine]:
    """Return the requests of the actor's classes, those that wait first, masked but for ``whole``."""
    found = []
    with reading(services.database) as session:
        query = select(CorrectionRequest).order_by(
            CorrectionRequest.state != OPEN, CorrectionRequest.asked_at.desc()
        )
        for row in session.scalars(query):
            if not queries.in_scope(session, actor, row.class_id):
                continue
            line = line_of(services, row)
            mask = _MASKS.get(row.field)
            found.append(
                WorkLine(
                    line,
                    queries.class_by_id(session, row.class_id).code,
                    queries.enrolment(session, row.class_id, row.enrolment_id).ordinal,
                    line.wanted if mask is None or row.id == whole else mask(line.wanted),
                )
            )
    return found


def reveal(services: Services, actor: Actor, class_id: str, request_id: str, purpose: str) -> list[WorkLine]:
    """Record that the actor is shown what a request wants, whole; return the list with it."""
    words = looks.checked_purpose(purpose)
    with transaction(services.database) as session:
        row = _row(session, class_id, request_id)
        place = (class_id, row.enrolment_id)
        looks.record(
            session, services, actor, place, what=looks.DETAILS, occasion="correction", purpose=words
        )
    return worklist(services, actor, whole=request_id)


def decide(
    services: Services, actor: Actor, class_id: str, request_id: str, *, accepted: bool, reason: str
) -> None:
    """Decide a request; an accepted one is carried out, except of another field, which people carry out.

    Raises ``NotFound``, ``InvalidInput`` without a reason, ``Conflict`` when it is decided already and when
    the number is on record for somebody else: that is a case of identity.
    """
    why = _text(reason)
    now = services.clock.now()
    with transaction(services.database) as session:
        row = _row(session, class_id, request_id, lock=True)
        if row.state != OPEN:
            raise Conflict("persons.request_decided")
        one = session.get_one(Enrolment, (class_id, row.enrolment_id))
        if accepted:
            _carry_out(session, services, one, line_of(services, row), Said(row.id, actor.account, why))
        row.state = ACCEPTED if accepted else REFUSED
        row.decided_at, row.decided_by = now, actor.account
        row.answer_sealed = services.vault.seal(_ANSWER, why)
        body: dict[str, Json] = {
            "request": row.id,
            "accepted": accepted,
            "role": actor.role.value,
            "at_us": to_micros(now),
        }
        evidence.record_for(
            session,
            services,
            one,
            type="correction.decided",
            at=now,
            body=body,
            disclose={"by": actor.account, "reason": why},
        )


def line_of(services: Services, row: CorrectionRequest) -> RequestLine:
    """Return a request with its texts opened; the caller answers for who sees them."""
    vault = services.vault
    answer = "" if row.answer_sealed is None else vault.open(_ANSWER, row.answer_sealed)
    return RequestLine(
        row, vault.open(_WANTED, row.wanted_sealed), vault.open(_REASON, row.reason_sealed), answer
    )


def known(session: Session, class_id: str, request_id: str) -> bool:
    """Tell whether there is such a request in the class."""
    return bool(_found(session, class_id, request_id))


def _carry_out(session: Session, services: Services, one: Enrolment, line: RequestLine, said: Said) -> None:
    person = session.get_one(Person, links.holder(session, one.person_id), with_for_update=True)
    before = people.open_person(services.vault, person)
    changed: dict[str, tuple[str, str]] = {}
    if line.row.field == NAME:
        changed[NAME] = (people.rename(services.vault, person, line.wanted), line.wanted)
    elif line.row.field == PHONE:
        people.change_phone(services.vault, person, line.wanted)
        changed[PHONE] = (before.phone, line.wanted)
    elif line.row.field == NUMBER:
        number = numbers.parse(line.wanted, shanghai_day(services.clock.now()))
        other = people.person_by_number(session, services.vault, number.normal)
        if other is not None and other.id != person.id:
            raise Conflict("persons.number_taken")
        sex = before.sex if number.sex is None else number.sex.value
        people.change_number(services.vault, person, number, sex)
        changed[NUMBER] = (before.id_number, number.normal)
        if sex != before.sex:
            changed["sex"] = (before.sex, sex)
    if changed:
        casework.corrected(session, services, person, said, changed)


def _checked(field: str, wanted: str, services: Services) -> str:
    if field == NAME:
        return contact.name(wanted)
    if field == PHONE:
        return contact.phone(wanted)
    if field == NUMBER:
        return numbers.parse(wanted, shanghai_day(services.clock.now())).normal
    return _text(wanted)


def _text(text: str) -> str:
    return stated(text, LONGEST, "persons.request_text")


def _row(session: Session, class_id: str, request_id: str, *, lock: bool = False) -> CorrectionRequest:
    for row in _found(session, class_id, request_id, lock=lock):
        return row
    raise NotFound("web.not_found")


def _found(
    session: Session, class_id: str, request_id: str, *, lock: bool = False
) -> Sequence[CorrectionRequest]:
    query = select(CorrectionRequest).where(
        CorrectionRequest.class_id == class_id, CorrectionRequest.id == request_id
    )
    return session.scalars(query.with_for_update() if lock else query).all()
