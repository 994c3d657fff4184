"""Essays of closed papers, which people mark: what waits for a mark, and what the marks came to."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from lmscompliance.exams.models import ExamAttempt, ExamMark, ExamMarking
from lmscompliance.services import Services


def ask(session: Session, services: Services, attempt: ExamAttempt, numbers: Iterable[int]) -> None:
    """Put these questions of a paper that is being closed before people, in its transaction."""
    session.add_all(
        ExamMarking(
            class_id=attempt.class_id,
            id=services.ids.opaque(),
            attempt_id=attempt.id,
            item=number,
            asked_at=services.clock.now(),
        )
        for number in numbers
    )
    session.flush()


def of_attempt(session: Session, class_id: str, attempt_id: str) -> list[ExamMarking]:
    """Return what people mark or have marked of an attempt, in the paper's order."""
    mine = select(ExamMarking).where(ExamMarking.class_id == class_id, ExamMarking.attempt_id == attempt_id)
    return list(session.scalars(mine.order_by(ExamMarking.item)))


def given(session: Session, class_id: str, attempt_id: str) -> dict[int, Decimal]:
    """Return what people's marks came to, by the question's number on the paper."""
    return {
        one.item: one.points for one in of_attempt(session, class_id, attempt_id) if one.points is not None
    }


def marks_of(session: Session, marking: ExamMarking) -> list[ExamMark]:
    """Return the marks of one essay in the order they were given."""
    mine = select(ExamMark).where(ExamMark.class_id == marking.class_id, ExamMark.marking_id == marking.id)
    return list(session.scalars(mine.order_by(ExamMark.n)))
