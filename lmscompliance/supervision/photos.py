"""Brings attempts whose photos want a look before those who supervise; a hint, never a verdict."""

from __future__ import annotations

from collections import Counter, defaultdict

from sqlalchemy import exists, or_, select
from sqlalchemy.orm import aliased

from lmscompliance.exams.models import ExamAttempt, ExamPhoto
from lmscompliance.exams.proctoring import DIFFERS, TAKEN, UNAVAILABLE
from lmscompliance.kernel.clock import to_micros
from lmscompliance.rules.finding import HIGH, LOW, Finding
from lmscompliance.services import Services
from lmscompliance.storage.transaction import reading
from lmscompliance.supervision.findings import keep_of_people
from lmscompliance.supervision.identities import LOOK_BACK
from lmscompliance.training.models import TrainingClass


def scan(services: Services) -> int:
    """Keep a finding for each closed attempt with a photo that is missing or differs; return how many.

    Nothing is remembered: what is found again is the same line, and what was decided about stays decided.
    """
    # The database leaves out what is as it should be: that is nearly everything.
    other = aliased(ExamPhoto)
    amiss = exists().where(
        other.class_id == ExamPhoto.class_id,
        other.attempt_id == ExamPhoto.attempt_id,
        other.due_at < ExamAttempt.submitted_at,
        or_(other.outcome != TAKEN, other.verdict == DIFFERS),
    )
    query = (
        select(ExamPhoto)
        .join(
            ExamAttempt,
            (ExamAttempt.class_id == ExamPhoto.class_id) & (ExamAttempt.id == ExamPhoto.attempt_id),
        )
        .join(TrainingClass, TrainingClass.id == ExamPhoto.class_id)
        .where(
            ExamAttempt.submitted_at.is_not(None),
            ExamPhoto.due_at < ExamAttempt.submitted_at,
            TrainingClass.window_end > services.clock.now() - LOOK_BACK,
            amiss,
        )
        .order_by(ExamPhoto.n)
    )
    attempts: defaultdict[tuple[str, str, str], list[ExamPhoto]] = defaultdict(list)
    with reading(services.database) as session:
        for row in session.scalars(query):
            attempts[row.class_id, row.enrolment_id, row.attempt_id].append(row)
    found = {place: one for place, photos in attempts.items() if (one := _finding(place[2], photos))}
    keep_of_people(
        services, [(class_id, enrolment_id, [one]) for (class_id, enrolment_id, _), one in found.items()]
    )
    return len(found)


def _finding(attempt_id: str, photos: list[ExamPhoto]) -> Finding | None:
    outcomes = Counter(one.outcome for one in photos)
    differs = sum(one.verdict == DIFFERS for one in photos)
    facts = {
        "asked": len(photos),
        "taken": outcomes[TAKEN],
        "unavailable": outcomes[UNAVAILABLE],
        "missed": outcomes[""],
        "differs": differs,
    }
    if facts["taken"] == len(photos) and not differs:
        return None
    first_us, last_us = to_micros(photos[0].due_at), to_micros(photos[-1].due_at)
    return Finding("exam_photos", HIGH if differs else LOW, attempt_id, first_us, last_us, (), facts)
