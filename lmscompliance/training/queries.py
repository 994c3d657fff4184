"""What other rooms ask about classes, lessons and enrolments. Nothing here writes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import ColumnElement, bindparam, false, func, select, true

from lmscompliance.identity import links
from lmscompliance.identity.models import Person
from lmscompliance.identity.people import PersonValue, open_person
from lmscompliance.kernel.actor import Actor, Role
from lmscompliance.kernel.clock import shanghai_day, to_micros
from lmscompliance.kernel.errors import Conflict, NotFound
from lmscompliance.policy import Notice
from lmscompliance.rules import merging
from lmscompliance.rules.class_life import DRAFT, OVER
from lmscompliance.rules.facts import ONLINE, ClassFact, LessonFact
from lmscompliance.rules.merging import MergeFact
from lmscompliance.training.models import (
    Enrolment,
    Enterprise,
    Lesson,
    MergeNote,
    PolicyText,
    TrainingClass,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.orm import Session

    from lmscompliance.vault import Vault

TEACHER_PLACE = f"{Lesson.__tablename__}.teacher_sealed"
"""What a teacher's ciphertext is bound to in the vault."""


# Built once: compiling a statement costs more than running it.
_DIGEST = select(TrainingClass.policy_digest).where(TrainingClass.id == bindparam("b_class"))

_NOTICES: dict[str, Notice] = {}
"""By the digest of their own text. One is asked for with every page, and read once a process."""


@dataclass(frozen=True, slots=True)
class RosterEntry:
    """One enrolled person in plain text, for staff pages and printed lists; never logged."""

    enrolment_id: str
    ordinal: int
    person: PersonValue
    department: str
    household: str
    registered_at: datetime
    activated_at: datetime | None


def class_by_id(session: Session, class_id: str) -> TrainingClass:
    """Return the class; raises ``NotFound``."""
    found = session.get(TrainingClass, class_id)
    if found is None:
        raise NotFound("training.no_class", code=class_id)
    return found


def locked_class(session: Session, class_id: str) -> TrainingClass:
    """Return the class with its row locked: a class's own life goes on one step at a time."""
    statement = select(TrainingClass).where(TrainingClass.id == class_id).with_for_update()
    found = session.scalars(statement).one_or_none()
    if found is None:
        raise NotFound("training.no_class", code=class_id)
    return found


def locked_draft(session: Session, class_id: str) -> TrainingClass:
    """Return the class with its row locked; raises ``Conflict`` once it is filed: its filing stays."""
    class_ = locked_class(session, class_id)
    if class_.status != DRAFT:
        raise Conflict("training.not_draft", code=class_.code)
    return class_


def require_going(session: Session, class_id: str) -> None:
    """Raise ``Conflict`` when the class is over: nothing is learnt or sat in it any more."""
    class_ = class_by_id(session, class_id)
    if class_.status in OVER:
        raise Conflict("training.class_over", code=class_.code)


def class_by_code(session: Session, code: str) -> TrainingClass:
    """Return the class with the human-given ``code``; raises ``NotFound``."""
    found = session.scalars(select(TrainingClass).where(TrainingClass.code == code)).one_or_none()
    if found is None:
        raise NotFound("training.no_class", code=code)
    return found


def enterprise_of(session: Session, class_: TrainingClass) -> Enterprise:
    """Return the enterprise that filed ``class_``."""
    return session.get_one(Enterprise, class_.enterprise_id)


def notice_of(session: Session, class_: TrainingClass) -> Notice:
    """Return the policy version ``class_`` was filed under, from the bytes kept at filing."""
    return notice_by_digest(session, class_.policy_digest)


def class_notice(session: Session, class_id: str) -> Notice:
    """Return the policy version that the class with this id was filed under; raises ``NotFound``."""
    digest = session.connection().execute(_DIGEST, {"b_class": class_id}).scalar_one_or_none()
    if digest is None:
        raise NotFound("training.no_class", code=class_id)
    return notice_by_digest(session, digest)


def notice_by_digest(session: Session, digest: str) -> Notice:
    """Return the policy version with this digest, under which some class was filed."""
    known = _NOTICES.get(digest)
    if known is None:
        known = _NOTICES[digest] = Notice.from_effective(session.get_one(PolicyText, digest).effective)
    return known


def class_facts(session: Session, class_id: str) -> tuple[ClassFact, list[LessonFact]]:
    """Return the class and its plan (in order) as the facts that ``rules`` judges by."""
    class_ = class_by_id(session, class_id)
    fact = ClassFact(
        id=class_.id,
        code=class_.code,
        title=class_.title,
        policy_id=class_.policy_id,
        policy_version=class_.policy_version,
        policy_digest=class_.policy_digest,
        window_start_us=to_micros(class_.window_start),
        window_end_us=to_micros(class_.window_end),
        approved_us=None if class_.approved_at is None else to_micros(class_.approved_at),
    )
    return fact, [lesson_fact(one) for one in lessons(session, class_id)]


@dataclass(frozen=True, slots=True)
class ClassSummary:
    """A class as staff see it in a list."""

    id: str
    code: str
    title: str
    enterprise: str
    district: str
    status: str
    window_start: datetime
    window_end: datetime
    enrolled: int
    activated: int

    @property
    def last_day(self) -> date:
        """The last Shanghai day of the window."""
        return shanghai_day(self.window_end - timedelta(microseconds=1))


def classes_in_scope(session: Session, actor: Actor) -> list[ClassSummary]:
    """Return the classes staff may see, the newest first.

    An enterprise sees its own, an institution and an auditor those they are named for, an inspector the
    districts', an administrator all, a trainee none.
    """
    statement = (
        select(
            TrainingClass,
            Enterprise.name,
            func.count(Enrolment.id),
            func.count(Enrolment.activated_at),
        )
        .join(Enterprise, Enterprise.id == TrainingClass.enterprise_id)
        .outerjoin(Enrolment, Enrolment.class_id == TrainingClass.id)
        .where(seen_by(actor))
        .group_by(TrainingClass.id, Enterprise.name)
        .order_by(TrainingClass.filed_at.desc(), TrainingClass.id)
    )
    return [
        ClassSummary(
            id=class_.id,
            code=class_.code,
            title=class_.title,
            enterprise=enterprise,
            district=class_.district,
            status=class_.status,
            window_start=class_.window_start,
            window_end=class_.window_end,
            enrolled=enrolled,
            activated=activated,
        )
        for class_, enterprise, enrolled, activated in session.execute(statement)
    ]


def seen_by(actor: Actor) -> ColumnElement[bool]:
    """Return which rows of ``TrainingClass`` joined with its ``Enterprise`` staff may see."""
    if actor.role is Role.ADMINISTRATOR:
        return true()
    if actor.role is Role.ENTERPRISE and actor.enterprise:
        return Enterprise.uscc == actor.enterprise
    if actor.role is Role.INSPECTOR:
        return true() if "*" in actor.districts else TrainingClass.district.in_(actor.districts)
    if actor.role in {Role.INSTITUTION, Role.AUDITOR}:
        return TrainingClass.id.in_(actor.classes)
    return false()


def in_scope(session: Session, actor: Actor, class_id: str) -> bool:
    """Tell whether ``actor`` may know of the class: a trainee by being activated in it, staff by remit."""
    if actor.role is Role.TRAINEE:
        return enrolment_of(session, class_id, actor.account) is not None
    statement = (
        select(TrainingClass.id)
        .join(Enterprise, Enterprise.id == TrainingClass.enterprise_id)
        .where(TrainingClass.id == class_id, seen_by(actor))
    )
    return session.scalar(statement) is not None


def lesson_fact(lesson: Lesson) -> LessonFact:
    """Return ``lesson`` as the fact that ``rules`` judges by."""
    return LessonFact(
        id=lesson.id,
        ordinal=lesson.ordinal,
        topic=lesson.topic,
        course=lesson.course,
        title=lesson.title,
        delivery=lesson.delivery,
        class_hours=lesson.class_hours,
        planned_seconds=lesson.planned_seconds,
        mode=lesson.mode or ONLINE,
        starts_us=None if lesson.starts_at is None else to_micros(lesson.starts_at),
        ends_us=None if lesson.ends_at is None else to_micros(lesson.ends_at),
        place=lesson.place or "",
    )


def teacher_of(vault: Vault, lesson: Lesson) -> str:
    """Return the name of the teacher the plan states for a lesson; empty where it states none."""
    return "" if lesson.teacher_sealed is None else vault.open(TEACHER_PLACE, lesson.teacher_sealed)


def lessons(session: Session, class_id: str) -> Sequence[Lesson]:
    """Return the published plan of a class, in order; empty before publication."""
    return session.scalars(select(Lesson).where(Lesson.class_id == class_id).order_by(Lesson.ordinal)).all()


def lesson(session: Session, lesson_id: str) -> Lesson:
    """Return one lesson; raises ``NotFound``."""
    found = session.scalars(select(Lesson).where(Lesson.id == lesson_id)).one_or_none()
    if found is None:
        raise NotFound("training.no_lesson", lesson=lesson_id)
    return found


def enrolment(session: Session, class_id: str, enrolment_id: str) -> Enrolment:
    """Return one enrolment of a class, activated or not; raises ``NotFound``."""
    found = session.get(Enrolment, (class_id, enrolment_id))
    if found is None:
        raise NotFound("training.no_enrolment", enrolment=enrolment_id)
    return found


def enrolment_of_person(session: Session, class_id: str, person_id: str) -> Enrolment:
    """Return a person's enrolment in a class, activated or not; raises ``NotFound``."""
    records = links.records_of(session, person_id)
    found = standing(
        session,
        session.scalars(
            select(Enrolment).where(Enrolment.class_id == class_id, Enrolment.person_id.in_(records))
        ).all(),
    )
    if found is None:
        raise NotFound("web.not_found")
    return found


def enrolment_of(session: Session, class_id: str, account: str) -> Enrolment | None:
    """Return the *activated* enrolment of the person behind ``account`` in a class, if there is one."""
    found = session.scalars(
        select(Enrolment).where(
            Enrolment.class_id == class_id,
            Enrolment.person_id.in_(links.records_of_account(account)),
            Enrolment.activated_at.is_not(None),
        )
    ).all()
    return standing(session, found)


def standing(session: Session, found: Sequence[Enrolment]) -> Enrolment | None:
    """Return the enrolment that counts of those that one person has in one class."""
    if len(found) < 2:  # noqa: PLR2004  # nearly everybody has one, and nothing more is asked
        return found[0] if found else None
    second = merge_facts(session, found[0].class_id, [one.id for one in found])
    counting = [one for one in found if not merging.standing(second[one.id])[0]]
    return min(counting or found, key=lambda one: one.ordinal)


def is_second(session: Session, one: Enrolment) -> bool:
    """Tell whether another enrolment of the same person in the class counts instead."""
    return merging.standing(merge_facts(session, one.class_id, [one.id])[one.id])[0]


def merge_facts(session: Session, class_id: str, enrolment_ids: Sequence[str]) -> dict[str, list[MergeFact]]:
    """Return what unions of records mean for each enrolment, in order; every id is a key."""
    found: dict[str, list[MergeFact]] = {one: [] for one in enrolment_ids}
    rows = select(MergeNote).where(MergeNote.class_id == class_id, MergeNote.enrolment_id.in_(enrolment_ids))
    for row in session.scalars(rows.order_by(MergeNote.enrolment_id, MergeNote.n)):
        found[row.enrolment_id].append(row.fact)
    return found


def enrolments_of_account(session: Session, account: str) -> list[tuple[TrainingClass, Enrolment]]:
    """Return each class the person behind ``account`` is activated in, the newest first."""
    rows = session.execute(
        select(TrainingClass, Enrolment)
        .join(Enrolment, Enrolment.class_id == TrainingClass.id)
        .where(
            Enrolment.person_id.in_(links.records_of_account(account)), Enrolment.activated_at.is_not(None)
        )
        .order_by(TrainingClass.filed_at.desc(), TrainingClass.id)
    )
    found: dict[str, tuple[TrainingClass, list[Enrolment]]] = {}
    for class_, one in rows:
        found.setdefault(class_.id, (class_, []))[1].append(one)
    counting = [(class_, standing(session, several)) for class_, several in found.values()]
    return [(class_, one) for class_, one in counting if one is not None]


def roster(session: Session, class_id: str) -> Sequence[Enrolment]:
    """Return every enrolment of a class by ordinal, activated or not, with nothing decrypted."""
    return session.scalars(
        select(Enrolment).where(Enrolment.class_id == class_id).order_by(Enrolment.ordinal)
    ).all()


def open_roster(session: Session, vault: Vault, class_id: str) -> list[RosterEntry]:
    """Return every enrolment of a class by ordinal, in plain text; the caller answers for who sees it."""
    rows = session.execute(
        select(Enrolment, Person)
        .join(Person, Person.id == links.held_by(Enrolment.person_id))
        .where(Enrolment.class_id == class_id)
        .order_by(Enrolment.ordinal)
    )
    return [open_entry(vault, one, person) for one, person in rows]


def open_enrolment(session: Session, vault: Vault, class_id: str, enrolment_id: str) -> RosterEntry:
    """Return one enrolment in plain text; raises ``NotFound``."""
    one = enrolment(session, class_id, enrolment_id)
    return open_entry(vault, one, session.get_one(Person, links.holder(session, one.person_id)))


def open_entry(vault: Vault, one: Enrolment, person: Person) -> RosterEntry:
    """Decrypt an enrolment and its person."""
    table = Enrolment.__tablename__
    return RosterEntry(
        enrolment_id=one.id,
        ordinal=one.ordinal,
        person=open_person(vault, person),
        department=vault.open(f"{table}.department_sealed", one.department_sealed),
        household=vault.open(f"{table}.household_sealed", one.household_sealed),
        registered_at=one.registered_at,
        activated_at=one.activated_at,
    )
