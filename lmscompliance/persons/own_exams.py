"""The part of one's own data that quizzes and exams left beside the verdict: quizzes and photos."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from lmscompliance.completion.judging import TraineeStatus
from lmscompliance.exams.models import ExamPhoto
from lmscompliance.kernel.clock import shanghai_text
from lmscompliance.kernel.jcs import Json
from lmscompliance.quizzes.models import TakenQuiz


def examined(session: Session, place: tuple[str, str], judged: TraineeStatus) -> dict[str, Json]:
    """Return the quizzes and the photos of an enrolment (class and id), as the copy lists them."""
    return {"quizzes": _quizzes(session, place, judged), "exam_photos": _photos(session, place)}


def _quizzes(session: Session, place: tuple[str, str], judged: TraineeStatus) -> list[Json]:
    lessons = {one.id: one.title for one in judged.course.lessons}
    rows = select(TakenQuiz).where(TakenQuiz.class_id == place[0], TakenQuiz.enrolment_id == place[1])
    return [
        {
            "lesson": lessons.get(row.lesson_id, row.lesson_id),
            "number": row.number,
            "opened": shanghai_text(row.opened_at),
            "submitted": shanghai_text(row.submitted_at),
            "score": None if row.score is None else str(row.score),
            "passed": row.passed,
        }
        for row in session.scalars(rows.order_by(TakenQuiz.opened_at, TakenQuiz.id))
    ]


def _photos(session: Session, place: tuple[str, str]) -> list[Json]:
    rows = select(ExamPhoto).where(ExamPhoto.class_id == place[0], ExamPhoto.enrolment_id == place[1])
    return [
        {
            "attempt": row.attempt_id,
            "asked": shanghai_text(row.asked_at),
            "outcome": row.outcome,
            "compared": row.verdict,
            "photo_sha256": row.sha256,
        }
        # What was drawn and has not been asked for yet is nobody's to know.
        for row in session.scalars(rows.order_by(ExamPhoto.attempt_id, ExamPhoto.n))
        if row.asked_at is not None
    ]
