"""Builds the facts that ``rules.quizzes`` judges by."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from lmscompliance.kernel.clock import to_micros
from lmscompliance.quizzes.models import LessonQuiz, TakenQuiz
from lmscompliance.rules.quizzes import QuizSetting, QuizTry

_AT_ONCE = 200


def quiz_settings(session: Session, class_id: str) -> tuple[QuizSetting, ...]:
    """Return every version of every lesson's quiz in a class, by lesson and version."""
    columns = (LessonQuiz.lesson_id, LessonQuiz.version, LessonQuiz.use, LessonQuiz.set_at)
    rows = session.execute(
        select(*columns)
        .where(LessonQuiz.class_id == class_id)
        .order_by(LessonQuiz.lesson_id, LessonQuiz.version)
    )
    return tuple(QuizSetting(lesson, version, use, to_micros(at)) for lesson, version, use, at in rows)


def quiz_tries(session: Session, enrolment_ids: Iterable[str]) -> dict[str, list[QuizTry]]:
    """Return each enrolment's quizzes in the order they were begun; every id is a key of the result."""
    found: dict[str, list[QuizTry]] = {one: [] for one in enrolment_ids}
    wanted = list(found)
    columns = (
        TakenQuiz.enrolment_id,
        TakenQuiz.id,
        TakenQuiz.lesson_id,
        TakenQuiz.version,
        TakenQuiz.opened_at,
        TakenQuiz.submitted_at,
        TakenQuiz.passed,
    )
    for first in range(0, len(wanted), _AT_ONCE):
        rows = session.execute(
            select(*columns)
            .where(TakenQuiz.enrolment_id.in_(wanted[first : first + _AT_ONCE]))
            .order_by(TakenQuiz.enrolment_id, TakenQuiz.lesson_id, TakenQuiz.number)
        )
        for enrolment, id_, lesson, version, opened, handed_in, passed in rows:
            handed_in_us = None if handed_in is None else to_micros(handed_in)
            found[enrolment].append(
                QuizTry(id_, lesson, version, to_micros(opened), handed_in_us, passed=bool(passed))
            )
    return found
