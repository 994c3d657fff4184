"""Judging trainees, and opening the exam to those whose training is complete.

Nothing here is needed for a verdict to hold: it follows from the recorded facts at any time. What is
written is the exam's unlocking and a row to list classes by.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import ColumnElement, func, or_, select

from lmscompliance.attendance.models import Confirmation, MarkEntry, Sign
from lmscompliance.completion.judging import Course, TraineeStatus, course_of, judge
from lmscompliance.completion.models import Completion
from lmscompliance.exams import service as exams
from lmscompliance.kernel.actor import Actor
from lmscompliance.kernel.errors import NotFound
from lmscompliance.learning.models import ClosedSession, CreditCorrection
from lmscompliance.learning.presence.models import PresenceCheck
from lmscompliance.quizzes.models import LessonQuiz, TakenQuiz
from lmscompliance.records.models import ReportedSession
from lmscompliance.rules.class_life import OVER
from lmscompliance.services import Services
from lmscompliance.storage.statements import upsert
from lmscompliance.storage.transaction import reading, transaction
from lmscompliance.training import queries
from lmscompliance.training.models import Enrolment, IdentityNote, MergeNote, TrainingClass

__all__ = [
    "ClassStatus",
    "TraineeStatus",
    "class_status",
    "judge_again",
    "own_status",
    "refresh",
    "refresh_due",
    "status",
]

_LOOK_BACK = timedelta(days=30)
"""For so long after a class's window its sessions are still waited for; later ones cannot count anyway."""
_ENROLMENTS_A_RUN = 2_000


@dataclass(frozen=True, slots=True)
class ClassStatus:
    """Every enrolment of a class, judged as of now, by ordinal."""

    course: Course
    trainees: tuple[TraineeStatus, ...]


def status(services: Services, class_id: str, enrolment_id: str) -> TraineeStatus:
    """Judge one enrolment as of now; raises ``NotFound`` for an unknown class or enrolment.

    An attempt past its deadline is closed first, so that nobody is shown an exam that is over as running.
    """
    exams.close_overdue(services, class_id, enrolment_id)
    with reading(services.database) as session:
        queries.enrolment(session, class_id, enrolment_id)
        (judged,) = judge(session, course_of(session, class_id), [enrolment_id])
        return judged


def own_status(services: Services, actor: Actor, class_id: str) -> TraineeStatus:
    """Judge the actor in a class as of now; raises ``NotFound`` when they are not activated in it."""
    with reading(services.database) as session:
        enrolment = queries.enrolment_of(session, class_id, actor.account)
    if enrolment is None:
        raise NotFound("web.not_found")
    return status(services, class_id, enrolment.id)


def class_status(services: Services, class_id: str) -> ClassStatus:
    """Judge every enrolment of a class as of now; raises ``NotFound``. Takes a few ms for each trainee."""
    exams.close_overdue(services, class_id)
    with reading(services.database) as session:
        course = course_of(session, class_id)
        ids = [one.id for one in queries.roster(session, class_id)]
        return ClassStatus(course, tuple(judge(session, course, ids)))


def refresh(services: Services, class_id: str, enrolment_id: str) -> bool:
    """Judge an enrolment and open its exam if the training is complete; return whether it is complete.

    Called when a session has closed. An enrolment that was complete is left to
    ``refresh_due``: only the figures of its learning can change, and whether the exam is passed is never
    kept here. Safe to repeat, at any time and from any number of processes.
    """
    with reading(services.database) as session:
        known = session.get(Completion, (class_id, enrolment_id))
        if known is not None and known.training_met:
            return True
        judged = list(judge(session, course_of(session, class_id), [enrolment_id]))
    _keep(services, judged)
    return judged[0].training.met


def refresh_due(services: Services) -> int:
    """Judge every enrolment that has facts nobody judged yet; return how many there were.

    This is also the recovery of ``refresh``: a process that died after a session closed left the numbers
    of those and of judged ones unequal, and that is what is looked for here. So does a segment of late beats
    that a closed session got. Enrolments that never learnt are judged once, after their activation.
    """
    due: dict[str, list[str]] = defaultdict(list)
    facts = _facts_of_enrolment()
    checks = (
        select(func.count())
        .select_from(PresenceCheck)
        .where(PresenceCheck.enrolment_id == Enrolment.id, PresenceCheck.decided_at.is_not(None))
        .scalar_subquery()
    )
    taken = (
        select(func.count())
        .select_from(TakenQuiz)
        .where(TakenQuiz.enrolment_id == Enrolment.id, TakenQuiz.submitted_at.is_not(None))
        .scalar_subquery()
    )
    unjudged = (
        select(Enrolment.class_id, Enrolment.id)
        .join(TrainingClass, TrainingClass.id == Enrolment.class_id)
        .outerjoin(
            Completion,
            (Completion.class_id == Enrolment.class_id) & (Completion.enrolment_id == Enrolment.id),
        )
        .where(
            TrainingClass.status.not_in(OVER),
            TrainingClass.window_end > services.clock.now() - _LOOK_BACK,
            Enrolment.activated_at.is_not(None),
            or_(
                func.coalesce(Completion.judged_sessions, -1) != facts,
                func.coalesce(Completion.judged_checks, 0) != checks + taken,
            ),
        )
        .order_by(Enrolment.class_id, Enrolment.ordinal)
        .limit(_ENROLMENTS_A_RUN)
    )
    with reading(services.database) as session:
        for class_id, enrolment_id in session.execute(unjudged):
            due[class_id].append(enrolment_id)
    for class_id, enrolment_ids in due.items():
        judge_again(services, class_id, enrolment_ids)
    return sum(map(len, due.values()))


def judge_again(services: Services, class_id: str, enrolment_ids: Iterable[str]) -> None:
    """Judge these enrolments as of now, whatever was known of them, and open the exams of the complete."""
    with reading(services.database) as session:
        judged = list(judge(session, course_of(session, class_id), enrolment_ids))
    _keep(services, judged)


def _facts_of_enrolment() -> ColumnElement[int]:
    """Return what counts the facts of the enrolment of a row, as ``TraineeStatus.seen`` does."""
    segments = (
        select(func.coalesce(func.sum(ClosedSession.segments), 0))
        .where(ClosedSession.enrolment_id == Enrolment.id, ClosedSession.class_id == Enrolment.class_id)
        .scalar_subquery()
    )
    counted = [
        select(func.count())
        .select_from(table)
        .where(table.enrolment_id == Enrolment.id, table.class_id == Enrolment.class_id)
        .scalar_subquery()
        for table in (CreditCorrection, Sign, MarkEntry, IdentityNote, MergeNote, ReportedSession)
    ]
    lists = (
        select(func.count(func.distinct(Confirmation.lesson_id)))
        .where(Confirmation.class_id == Enrolment.class_id)
        .scalar_subquery()
    )
    versions = (
        select(func.count())
        .select_from(LessonQuiz)
        .where(LessonQuiz.class_id == Enrolment.class_id)
        .scalar_subquery()
    )
    return sum(counted, segments) + lists + versions


def _keep(services: Services, judged: Sequence[TraineeStatus]) -> None:
    """Open the exams of the complete, then write what was judged.

    In this order: if the process dies in between, the rows still say that there is something to judge,
    and unlocking again changes nothing.
    """
    for one in judged:
        if one.training.met or not one.course.notice.exam.requires_training:
            exams.unlock(services, one.course.fact.id, one.enrolment_id)
    _write(services, judged)


def _write(services: Services, judged: Iterable[TraineeStatus]) -> None:
    now = services.clock.now()
    with transaction(services.database) as session:
        for one in judged:
            figures = {
                "judged_sessions": one.seen,
                "judged_checks": one.decided_checks,
                "judged_at": now,
                "total_hours": one.training.total_hours,
                "offline_hours": one.training.actual.offline,
                "average_minutes": one.training.average_minutes,
                "credited_seconds": one.account.credited_seconds,
                "wall_seconds": one.account.wall_seconds,
                "training_met": one.training.met,
            }
            completed_at = now if one.training.met else None
            statement = upsert(session, Completion).values(
                class_id=one.course.fact.id,
                enrolment_id=one.enrolment_id,
                completed_at=completed_at,
                **figures,
            )
            # Two judges may meet here. Should the one that saw less write last, the numbers of segments
            # differ and the next run judges again; the first completion stays.
            session.execute(
                statement.on_conflict_do_update(
                    index_elements=["class_id", "enrolment_id"],
                    set_={
                        **figures,
                        "completed_at": func.coalesce(
                            Completion.completed_at, statement.excluded.completed_at
                        ),
                    },
                )
            )
