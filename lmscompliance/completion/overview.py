"""A class at a glance for staff: who stands where, from the last judgements, names and numbers masked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from lmscompliance.completion.judging import Course, course_of
from lmscompliance.completion.models import Completion
from lmscompliance.exams.service import attempt_facts
from lmscompliance.rules import blended
from lmscompliance.rules.blended import Share
from lmscompliance.rules.eligibility import eligibility
from lmscompliance.rules.exam import ExamState, ExamVerdict, exam_verdict
from lmscompliance.rules.facts import ONLINE, LessonFact
from lmscompliance.rules.marking import exact_sum
from lmscompliance.rules.masking import mask_name, mask_number
from lmscompliance.rules.verdict import Verdict
from lmscompliance.services import Services
from lmscompliance.storage.transaction import reading
from lmscompliance.training import queries
from lmscompliance.training.models import Enrolment

PAGE_ROWS = 50


@dataclass(frozen=True, slots=True)
class Standing:
    """Where one enrolment stands; ``met`` is whether the training is complete."""

    enrolment: Enrolment
    hours: Decimal
    offline_hours: Decimal
    average_minutes: Decimal
    met: bool
    judged_at: datetime | None
    exam: ExamVerdict
    eligibility: Verdict


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the table: a standing with the masked person."""

    standing: Standing
    name: str
    id_number: str


@dataclass(frozen=True, slots=True)
class Overview:
    """One page of a class, and the whole class in numbers.

    ``planned`` and ``actual`` are online and offline 课时: of the plan, and completed by all trainees
    together. ``meetings`` are the lessons that take place at a time, in their order.
    """

    course: Course
    planned: Share
    actual: Share
    share: Verdict | None
    meetings: Sequence[LessonFact]
    enterprise: str
    rows: Sequence[Row]
    page: int
    pages: int
    enrolled: int
    activated: int
    completed: int
    passed: int
    failed: int
    eligible: int


def overview(services: Services, class_id: str, page: int = 1) -> Overview:
    """Return page ``page`` (from 1; beyond the last: the last) of a class; raises ``NotFound``.

    The figures are those of the last judgement, which ``refresh_due`` keeps at most a run behind.
    """
    with reading(services.database) as session:
        course = course_of(session, class_id)
        standings = _standings(session, course)
        pages = max(1, -(-len(standings) // PAGE_ROWS))
        page = min(max(1, page), pages)
        shown = standings[(page - 1) * PAGE_ROWS : page * PAGE_ROWS]
        return Overview(
            course=course,
            planned=blended.planned(course.lessons),
            actual=Share(
                exact_sum(one.hours - one.offline_hours for one in standings),
                exact_sum(one.offline_hours for one in standings),
            ),
            share=blended.verdict(course.lessons, course.notice),
            meetings=sorted(
                (one for one in course.lessons if one.mode != ONLINE),
                key=lambda one: (one.starts_us or 0, one.ordinal),
            ),
            enterprise=queries.enterprise_of(session, queries.class_by_id(session, class_id)).name,
            rows=[_row(session, services, one) for one in shown],
            page=page,
            pages=pages,
            enrolled=len(standings),
            activated=sum(one.enrolment.activated_at is not None for one in standings),
            completed=sum(one.met for one in standings),
            passed=_count(standings, ExamState.PASSED),
            failed=_count(standings, ExamState.FAILED),
            eligible=sum(one.eligibility.met for one in standings),
        )


def _standings(session: Session, course: Course) -> list[Standing]:
    roster = queries.roster(session, course.fact.id)
    judged = session.scalars(select(Completion).where(Completion.class_id == course.fact.id))
    known: Mapping[str, Completion] = {one.enrolment_id: one for one in judged}
    attempts = attempt_facts(session, course.fact.id, [one.id for one in roster])
    return [
        _standing(course, one, known.get(one.id), exam_verdict(attempts[one.id], course.notice))
        for one in roster
    ]


@dataclass(frozen=True, slots=True)
class _Training:
    met: bool


def _standing(course: Course, one: Enrolment, known: Completion | None, exam: ExamVerdict) -> Standing:
    met = known is not None and known.training_met
    return Standing(
        enrolment=one,
        hours=known.total_hours if known else Decimal(0),
        offline_hours=known.offline_hours if known else Decimal(0),
        average_minutes=known.average_minutes if known else Decimal(0),
        met=met,
        judged_at=known.judged_at if known else None,
        exam=exam,
        eligibility=eligibility(_Training(met), exam, course.notice),
    )


def _row(session: Session, services: Services, standing: Standing) -> Row:
    person = queries.open_enrolment(
        session, services.vault, standing.enrolment.class_id, standing.enrolment.id
    ).person
    return Row(standing, mask_name(person.name), mask_number(person.id_number))


def _count(standings: Iterable[Standing], state: ExamState) -> int:
    return sum(one.exam.state is state for one in standings)
