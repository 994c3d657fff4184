"""What the attendance pages show: a lesson's list for the teacher, one's own lesson for a trainee."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from lmscompliance.attendance.access import offline_lesson
from lmscompliance.attendance.facts import attendance_facts, confirmed
from lmscompliance.attendance.marking import BY_PLACE, REASON_PLACE, attended, marks_of
from lmscompliance.attendance.models import Confirmation, MarkEntry
from lmscompliance.kernel.actor import Actor
from lmscompliance.kernel.clock import to_micros
from lmscompliance.kernel.errors import NotFound
from lmscompliance.policy.terms import AttendanceTerms
from lmscompliance.rules.attendance import IN, OUT, SIGNS, Attended, is_time_to_sign, judge
from lmscompliance.rules.facts import LessonFact
from lmscompliance.rules.masking import mask_number
from lmscompliance.services import Services
from lmscompliance.storage.transaction import reading
from lmscompliance.training import queries
from lmscompliance.training.models import Lesson


@dataclass(frozen=True, slots=True)
class Meeting:
    """A lesson that takes place at a time, with what is said of it."""

    class_id: str
    class_title: str
    code: str
    plan_version: int
    lesson: LessonFact
    teacher: str
    terms: AttendanceTerms
    clause: str


@dataclass(frozen=True, slots=True)
class Change:
    """An entry of a teacher: who, when, why."""

    sign: str
    at: datetime
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class Line:
    """A trainee's line in a list."""

    enrolment_id: str
    ordinal: int
    name: str
    id_number: str
    attended: Attended
    sign: str
    changes: Sequence[Change]


@dataclass(frozen=True, slots=True)
class AttendanceList:
    """A lesson's list. ``stage`` is ``before``, ``running`` or ``over``, by the server's clock."""

    meeting: Meeting
    lines: Sequence[Line]
    counted: dict[str, int]
    confirmed_at: datetime | None
    confirmed_by: str
    stage: str


@dataclass(frozen=True, slots=True)
class OwnLesson:
    """A trainee's own attendance of a lesson; ``purpose`` is what can be signed now, or empty."""

    meeting: Meeting
    enrolment_id: str
    attended: Attended
    sign: str
    purpose: str
    stage: str


def attendance_list(services: Services, class_id: str, lesson_id: str) -> AttendanceList:
    """Return the list of an offline lesson with full names; raises ``NotFound``."""
    with reading(services.database) as session:
        lesson = offline_lesson(session, class_id, lesson_id)
        changes = _changes(session, services, class_id, lesson_id)
        people = {one.enrolment_id: one for one in queries.open_roster(session, services.vault, class_id)}
        listed = attended(session, class_id, lesson)
        last = session.scalars(
            select(Confirmation)
            .where(Confirmation.class_id == class_id, Confirmation.lesson_id == lesson_id)
            .order_by(Confirmation.at.desc())
            .limit(1)
        ).one_or_none()
        return AttendanceList(
            meeting=meeting(session, services, lesson),
            lines=[
                Line(
                    enrolment_id=enrolment_id,
                    ordinal=people[enrolment_id].ordinal,
                    name=people[enrolment_id].person.name,
                    id_number=mask_number(people[enrolment_id].person.id_number),
                    attended=one,
                    sign=_sign(one),
                    changes=changes.get(enrolment_id, ()),
                )
                for enrolment_id, one in listed
            ],
            counted=marks_of(listed),
            confirmed_at=None if last is None else last.at,
            confirmed_by="" if last is None else services.vault.open(BY_PLACE, last.by_sealed),
            stage=_stage(services, lesson),
        )


def own_lesson(services: Services, actor: Actor, class_id: str, lesson_id: str) -> OwnLesson:
    """Return the actor's attendance of an offline lesson; raises ``NotFound``."""
    with reading(services.database) as session:
        lesson = offline_lesson(session, class_id, lesson_id)
        enrolment = queries.enrolment_of(session, class_id, actor.account)
        if enrolment is None:
            raise NotFound("web.not_found")
        described = meeting(session, services, lesson)
        facts = attendance_facts(session, class_id, [enrolment.id], lesson_id=lesson_id)[enrolment.id]
        closed = lesson_id in confirmed(session, class_id)
        one = judge(described.lesson, facts, described.terms, confirmed=closed)
        return OwnLesson(
            described,
            enrolment.id,
            one,
            _sign(one),
            _purpose(services, described, one),
            _stage(services, lesson),
        )


def meeting(session: Session, services: Services, lesson: Lesson) -> Meeting:
    """Return what is said of a lesson that takes place at a time."""
    class_ = queries.class_by_id(session, lesson.class_id)
    notice = queries.notice_of(session, class_)
    return Meeting(
        class_id=class_.id,
        class_title=class_.title,
        code=class_.code,
        plan_version=class_.plan_version,
        lesson=queries.lesson_fact(lesson),
        teacher=queries.teacher_of(services.vault, lesson),
        terms=notice.attendance,
        clause=notice.cite("attendance.late_minutes"),
    )


def _purpose(services: Services, described: Meeting, one: Attended) -> str:
    now_us = to_micros(services.clock.now())
    wanted = OUT if one.in_us is not None else IN
    return wanted if is_time_to_sign(described.lesson, wanted, now_us, described.terms) else ""


def _sign(one: Attended) -> str:
    return "" if one.mark is None else SIGNS[one.mark]


def _stage(services: Services, lesson: Lesson) -> str:
    now = services.clock.now()
    if lesson.starts_at is None or now < lesson.starts_at:
        return "before"
    return "running" if lesson.ends_at is None or now < lesson.ends_at else "over"


def _changes(session: Session, services: Services, class_id: str, lesson_id: str) -> dict[str, list[Change]]:
    found: dict[str, list[Change]] = {}
    rows = session.scalars(
        select(MarkEntry)
        .where(MarkEntry.class_id == class_id, MarkEntry.lesson_id == lesson_id)
        .order_by(MarkEntry.marked_at, MarkEntry.id)
    )
    for row in rows:
        found.setdefault(row.enrolment_id, []).append(
            Change(
                sign=next((sign for mark, sign in SIGNS.items() if mark == row.mark), row.mark),
                at=row.marked_at,
                by=services.vault.open(BY_PLACE, row.by_sealed),
                reason=services.vault.open(REASON_PLACE, row.reason_sealed),
            )
        )
    return found
