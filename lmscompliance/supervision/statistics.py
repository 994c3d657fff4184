"""Figures of the classes somebody may see: by class, enterprise, district, topic and day.

Counted in the database, a handful of queries however many classes there are. Credited time and completion
are those of each trainee's last judgement; what a topic and a day had is time learnt, with nothing excluded.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Integer, String, and_, cast, func, select, type_coerce
from sqlalchemy.orm import InstrumentedAttribute, Session

from lmscompliance.completion.models import Completion
from lmscompliance.documents import layouts
from lmscompliance.documents.layouts import SEPARATED, Field, Layout
from lmscompliance.exams.models import ExamAttempt
from lmscompliance.kernel.actor import Actor
from lmscompliance.kernel.clock import day_end, day_start
from lmscompliance.kernel.errors import InvalidInput
from lmscompliance.learning.models import ClosedSession
from lmscompliance.services import Services
from lmscompliance.storage.transaction import reading
from lmscompliance.training import queries
from lmscompliance.training.models import Enrolment, Enterprise, Lesson, TrainingClass

_DAY_US = 86_400 * 1_000_000
_AHEAD_US = 8 * 3600 * 1_000_000
"""Shanghai's days begin so much before UTC's."""
_EPOCH = date(1970, 1, 1)
_HOUR = 3600
_SECOND_US = 1_000_000
_FIRST_YEAR, _LAST_YEAR = 2000, 2200
"""A year outside of these is a slip of the keys."""
KINDS = ("district", "enterprise", "class", "topic", "day")
"""What figures are gathered by."""


@dataclass(frozen=True, slots=True)
class Period:
    """Days of Beijing, both included; ``None`` is open. Classes count whose window touches it."""

    first: date | None = None
    last: date | None = None

    @classmethod
    def parse(cls, first: str, last: str) -> Period:
        """Return the period between two ISO days, either of which may be empty; raises ``InvalidInput``."""
        try:
            found = cls(*(date.fromisoformat(one.strip()) if one.strip() else None for one in (first, last)))
        except ValueError:
            raise InvalidInput("supervision.statistics_day") from None
        if any(
            one is not None and not _FIRST_YEAR <= one.year < _LAST_YEAR for one in (found.first, found.last)
        ):
            raise InvalidInput("supervision.statistics_day")
        if found.first and found.last and found.first > found.last:
            raise InvalidInput("supervision.statistics_period", first=found.first, last=found.last)
        return found

    def classes(self) -> list[ColumnElement[bool]]:
        """Return which classes are counted."""
        found = []
        if self.first:
            found.append(TrainingClass.window_end > day_start(self.first))
        if self.last:
            found.append(TrainingClass.window_start < day_end(self.last))
        return found

    def sessions(self) -> list[ColumnElement[bool]]:
        """Return which sessions are counted: those begun in it, as the ledger dates them."""
        found = []
        if self.first:
            found.append(ClosedSession.opened_at >= day_start(self.first))
        if self.last:
            found.append(ClosedSession.opened_at < day_end(self.last))
        return found


_ALWAYS = Period()


@dataclass(slots=True)
class People:
    """A class, an enterprise or a district: how many classes and people, and their hours."""

    name: str
    classes: int = 0
    enrolled: int = 0
    activated: int = 0
    completed: int = 0
    passed: int = 0
    learnt_seconds: int = 0
    credited_seconds: int = 0

    def add(self, other: People) -> None:
        """Count ``other`` in."""
        for field in ("classes", "enrolled", "activated", "completed", "passed"):
            setattr(self, field, getattr(self, field) + getattr(other, field))
        self.learnt_seconds += other.learnt_seconds
        self.credited_seconds += other.credited_seconds


@dataclass(frozen=True, slots=True)
class Learning:
    """A topic or a day: how many sessions by how many people, and how long."""

    name: str
    sessions: int
    people: int
    seconds: int


@dataclass(frozen=True, slots=True)
class Statistics:
    """All figures; days in order, topics by time, people by how many there are."""

    total: People
    classes: Sequence[People]
    enterprises: Sequence[People]
    districts: Sequence[People]
    topics: Sequence[Learning]
    days: Sequence[Learning]


def gather(services: Services, actor: Actor, class_id: str = "", period: Period = _ALWAYS) -> Statistics:
    """Return the figures of the classes that staff may see, or of one of these, in ``period``."""
    scope: ColumnElement[bool] = queries.seen_by(actor)
    if class_id:
        scope = and_(scope, TrainingClass.id == class_id)
    learnt = and_(scope, *period.sessions())
    with reading(services.database) as session:
        found = _classes(session, and_(scope, *period.classes()))
        topics = _learning(session, learnt, type_coerce(Lesson.topic, String))
        days = _learning(session, learnt, _day())
    enterprises, districts = _summed(found, 1), _summed(found, 2)
    total = People("")
    for one, _, _ in found:
        total.add(one)
    return Statistics(
        total=total,
        classes=_largest([one for one, _, _ in found]),
        enterprises=_largest(enterprises),
        districts=_largest(districts),
        topics=sorted(topics, key=lambda one: (-one.seconds, one.name)),
        days=[
            Learning(f"{_EPOCH + timedelta(days=int(one.name))}", one.sessions, one.people, one.seconds)
            for one in sorted(days, key=lambda one: int(one.name))
        ],
    )


def table(found: Statistics, kind: str, form: str) -> bytes:
    """Return one table of the figures as ``form`` (of ``layouts.FORMS``); raises ``InvalidInput``."""
    if kind not in KINDS:
        raise InvalidInput("supervision.statistics_kind", kinds=KINDS)
    gathered: dict[str, Sequence[People] | Sequence[Learning]] = {
        "class": found.classes,
        "enterprise": found.enterprises,
        "district": found.districts,
        "topic": found.topics,
        "day": found.days,
    }
    lines = gathered[kind]
    columns = _PEOPLE if kind in {"class", "enterprise", "district"} else _LEARNING
    fields = tuple(Field(name, source=name) for name in columns)
    rows = [{name: read(one) for name, read in columns.items()} for one in lines]
    return layouts.write(Layout(kind, kind, SEPARATED, fields), rows, form)


def hours(seconds: int) -> float:
    """Return ``seconds`` as hours with one decimal."""
    return round(seconds / _HOUR, 1)


def _hours(seconds: int) -> str:
    return f"{hours(seconds):.1f}"


_PEOPLE: dict[str, Callable[..., str]] = {
    "名称": lambda one: one.name,
    "班级": lambda one: str(one.classes),
    "报名人数": lambda one: str(one.enrolled),
    "激活人数": lambda one: str(one.activated),
    "完成培训人数": lambda one: str(one.completed),
    "考核合格人数": lambda one: str(one.passed),
    "学习时长(小时)": lambda one: _hours(one.learnt_seconds),
    "有效时长(小时)": lambda one: _hours(one.credited_seconds),
}
_LEARNING: dict[str, Callable[..., str]] = {
    "名称": lambda one: one.name,
    "学习记录(次)": lambda one: str(one.sessions),
    "学习人数": lambda one: str(one.people),
    "学习时长(小时)": lambda one: _hours(one.seconds),
}


def _classes(session: Session, scope: ColumnElement[bool]) -> list[tuple[People, str, str]]:
    """Return each class with the names of its enterprise and district."""
    found = {
        class_.id: (People(f"{class_.code} {class_.title}", classes=1), enterprise, class_.district)
        for class_, enterprise in session.execute(
            select(TrainingClass, Enterprise.name)
            .join(Enterprise, Enterprise.id == TrainingClass.enterprise_id)
            .where(scope)
            .order_by(TrainingClass.id)
        )
    }
    mine = (
        select(TrainingClass.id).join(Enterprise, Enterprise.id == TrainingClass.enterprise_id).where(scope)
    )
    enrolled = select(Enrolment.class_id, func.count(), func.count(Enrolment.activated_at)).where(
        Enrolment.class_id.in_(mine)
    )
    for class_id, count, activated in session.execute(enrolled.group_by(Enrolment.class_id)):
        found[class_id][0].enrolled, found[class_id][0].activated = count, activated
    judged = select(
        Completion.class_id,
        func.sum(cast(Completion.training_met, Integer)),
        func.sum(Completion.wall_seconds),
        func.sum(Completion.credited_seconds),
    ).where(Completion.class_id.in_(mine))
    for class_id, completed, wall, credited in session.execute(judged.group_by(Completion.class_id)):
        one = found[class_id][0]
        one.completed, one.learnt_seconds, one.credited_seconds = int(completed), int(wall), int(credited)
    passed = select(ExamAttempt.class_id, func.count(ExamAttempt.enrolment_id.distinct())).where(
        ExamAttempt.class_id.in_(mine), ExamAttempt.passed.is_(True), ExamAttempt.voided_at.is_(None)
    )
    for class_id, count in session.execute(passed.group_by(ExamAttempt.class_id)):
        found[class_id][0].passed = count
    return list(found.values())


def _day() -> ColumnElement[int]:
    return (type_coerce(ClosedSession.opened_at, BigInteger) + _AHEAD_US) // _DAY_US


def _seconds(instant: InstrumentedAttribute[datetime]) -> ColumnElement[int]:
    return type_coerce(instant, BigInteger) // _SECOND_US


def _learning(session: Session, scope: ColumnElement[bool], by: ColumnElement[Any]) -> list[Learning]:
    """Return what closed sessions came to, grouped by an expression over sessions and lessons."""
    # In whole seconds of the clock, as credit and the ledger count them.
    length = _seconds(ClosedSession.closed_at) - _seconds(ClosedSession.opened_at)
    rows = session.execute(
        select(by, func.count(), func.count(ClosedSession.person_id.distinct()), func.sum(length))
        .select_from(ClosedSession)
        .join(TrainingClass, TrainingClass.id == ClosedSession.class_id)
        .join(Enterprise, Enterprise.id == TrainingClass.enterprise_id)
        .join(Lesson, and_(Lesson.class_id == ClosedSession.class_id, Lesson.id == ClosedSession.lesson_id))
        .where(scope)
        .group_by(by)
    )
    return [Learning(str(name), count, people, int(seconds)) for name, count, people, seconds in rows]


def _summed(found: Sequence[tuple[People, str, str]], place: int) -> list[People]:
    sums: dict[str, People] = defaultdict(lambda: People(""))
    for line in found:
        name = str(line[place])
        sums[name].name = name
        sums[name].add(line[0])
    return list(sums.values())


def _largest(lines: Sequence[People]) -> list[People]:
    return sorted(lines, key=lambda one: (-one.enrolled, one.name))
