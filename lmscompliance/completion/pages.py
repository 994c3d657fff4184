"""What the pages show, gathered for them in one place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from lmscompliance.completion import record, service
from lmscompliance.completion.judging import TraineeStatus, course_of, judge
from lmscompliance.completion.record import ReasonShown, ReportedShown, SessionShown
from lmscompliance.completion.uncredited import DayTotal, day_totals
from lmscompliance.exams import service as exams
from lmscompliance.filing import notices
from lmscompliance.kernel.actor import Actor
from lmscompliance.kernel.clock import to_micros
from lmscompliance.rules import blended
from lmscompliance.rules.blended import Share
from lmscompliance.rules.forecast import Forecast, forecast
from lmscompliance.rules.masking import mask_name, mask_number
from lmscompliance.rules.verdict import Verdict
from lmscompliance.services import Services
from lmscompliance.storage.transaction import reading
from lmscompliance.training import queries


@dataclass(frozen=True, slots=True)
class ClassCard:
    """One of a trainee's classes on their first page."""

    status: TraineeStatus
    last_day: date
    stage: str


@dataclass(frozen=True, slots=True)
class RecordPage:
    """A trainee's record; ``name`` and ``id_number`` are masked."""

    status: TraineeStatus
    planned: Share
    share: Verdict | None
    name: str
    id_number: str
    verification: str
    last_day: date
    stage: str
    forecast: Forecast
    sessions: Sequence[SessionShown]
    excluded: Sequence[ReasonShown]
    reported: Sequence[ReportedShown]
    days: Sequence[DayTotal]
    exam_published: bool
    unlocked_at: datetime | None
    open_attempt: str | None
    notices: int
    unread: int
    live_now: frozenset[str]
    """Live lessons that are being held at this moment."""


def own_classes(services: Services, actor: Actor) -> list[ClassCard]:
    """Return each class the actor's person is activated in, judged as of now, the newest first."""
    now_us = to_micros(services.clock.now())
    cards = []
    with reading(services.database) as session:
        for class_, enrolment in queries.enrolments_of_account(session, actor.account):
            (status,) = judge(session, course_of(session, class_.id), [enrolment.id])
            cards.append(ClassCard(status, record.last_day(status), record.stage(status, now_us)))
    return cards


def own_record(services: Services, actor: Actor, class_id: str, locale: str) -> RecordPage:
    """Return the actor's record of a class; raises ``NotFound`` when they are not activated in it.

    Looking at a training that has just become complete opens its exam: nobody waits for a job.
    """
    status = service.own_status(services, actor, class_id)
    if status.training.met:
        service.refresh(services, class_id, status.enrolment_id)
    return record_of(services, status, locale)


def record_of(services: Services, status: TraineeStatus, locale: str) -> RecordPage:
    """Return the page of a record that has been judged."""
    class_id, enrolment_id = status.course.fact.id, status.enrolment_id
    situation = exams.situation(services, class_id, enrolment_id)
    with reading(services.database) as session:
        person = queries.open_enrolment(session, services.vault, class_id, enrolment_id).person
        verification = queries.enrolment(session, class_id, enrolment_id).verification_result
        told = notices.of_trainee(session, class_id, enrolment_id)
    running = situation.open_attempt
    now_us = to_micros(services.clock.now())
    return RecordPage(
        status=status,
        planned=blended.planned(status.course.lessons),
        share=blended.verdict(status.course.lessons, status.course.notice),
        name=mask_name(person.name),
        id_number=mask_number(person.id_number),
        verification=verification,
        last_day=record.last_day(status),
        stage=record.stage(status, now_us),
        forecast=forecast(
            status.training, status.course.fact, status.course.notice, now_us, status.account.waiting()
        ),
        sessions=record.sessions(status),
        excluded=record.excluded(status, locale),
        reported=record.reported(status),
        days=day_totals(status),
        exam_published=situation.blueprint is not None,
        unlocked_at=situation.unlocked_at,
        open_attempt=None if running is None else running.id,
        notices=len(told),
        unread=sum(1 for one in told if one.read_at is None),
        live_now=frozenset(
            lesson.id
            for lesson in status.course.lessons
            if any(start_us <= now_us < end_us for start_us, end_us in lesson.held_us)
        ),
    )
