"""What a trainee sees of an attempt: the open paper without its keys, the closed one's result.

Whoever looks at an attempt past its deadline closes it by looking.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from lmscompliance.exams import closing, essays, forms, gate, grading, proctoring, regrading, sheets
from lmscompliance.exams.gate import Situation
from lmscompliance.exams.grading import Result
from lmscompliance.exams.models import ExamAttempt, ExamRegrade
from lmscompliance.exams.sheets import Sheet
from lmscompliance.kernel.jcs import Json
from lmscompliance.questions.shown import pictures
from lmscompliance.rules.marking import Item, ItemMark, mark
from lmscompliance.rules.paper import shown
from lmscompliance.services import Services
from lmscompliance.storage.transaction import reading
from lmscompliance.training import queries as training


@dataclass(frozen=True, slots=True)
class OpenPaper:
    """A running attempt. ``items`` are the questions as shown, without keys; ``now`` is the server's time."""

    class_id: str
    attempt: str
    number: int
    opened_at: datetime
    deadline_at: datetime
    now: datetime
    seq: int
    answers: forms.Answers
    items: Sequence[dict[str, Json]]
    pictures: Mapping[str, str]
    """The paper's pictures by digest, as data URIs: a page that has them survives losing the network."""
    watched: bool
    """Whether photos may be asked for."""


@dataclass(frozen=True, slots=True)
class Reviewed:
    """One question of a closed paper with its key, what was answered, and what it earned."""

    no: int
    question: dict[str, Json]
    answer: Json
    mark: ItemMark


@dataclass(frozen=True, slots=True)
class ClosedPaper:
    """A closed attempt. ``review`` is empty until the exam is decided."""

    class_id: str
    result: Result
    opened_at: datetime
    submitted_at: datetime
    answered: int
    count: int
    regrades: Sequence[ExamRegrade]
    review: Sequence[Reviewed]
    pictures: Mapping[str, str]


def situation(services: Services, class_id: str, enrolment_id: str) -> Situation:
    """Return where an enrolment stands with the exam, after closing what is overdue."""
    closing.close_overdue(services, class_id, enrolment_id)
    with reading(services.database) as session:
        return gate.situation(session, class_id, enrolment_id)


def paper(services: Services, attempt_id: str, account: str) -> OpenPaper | ClosedPaper:
    """Return an attempt as its trainee may see it; raises ``NotFound`` for anybody else's."""
    closing.close_if_overdue(services, attempt_id, account)
    with reading(services.database) as session:
        sheet = sheets.find(session, attempt_id, account)
        attempt = session.scalars(select(ExamAttempt).where(ExamAttempt.id == attempt_id)).one()
        questions = regrading.corrected_paper(session, sheet.class_id, attempt_id)
        if attempt.submitted_at is None:
            return OpenPaper(
                class_id=sheet.class_id,
                attempt=attempt_id,
                number=attempt.number,
                opened_at=attempt.opened_at,
                deadline_at=attempt.deadline_at,
                now=services.clock.now(),
                seq=sheet.seq,
                answers=sheet.answers,
                items=[shown(question, number) for number, question in enumerate(questions, 1)],
                pictures=pictures(session, services, questions),
                watched=bool(proctoring.photos_of(session, sheet.class_id, [attempt_id])),
            )
        result = grading.result_of(session, sheet)
        return ClosedPaper(
            class_id=sheet.class_id,
            result=result,
            opened_at=attempt.opened_at,
            submitted_at=attempt.submitted_at,
            answered=attempt.answered or 0,
            count=len(questions),
            regrades=[row for row, _ in regrading.history(session, sheet.class_id, attempt_id)],
            review=_review(session, sheet, questions) if result.decided else [],
            pictures=pictures(session, services, questions) if result.decided else {},
        )


def _review(session: Session, sheet: Sheet, questions: list[dict[str, Json]]) -> list[Reviewed]:
    terms = training.class_notice(session, sheet.class_id).exam
    listed = forms.as_list(len(questions), sheet.answers)
    given = essays.given(session, sheet.class_id, sheet.attempt_id)
    marks = mark([Item.from_json(question) for question in questions], listed, terms, given).per_item
    return [
        Reviewed(number, question, answer, earned)
        for number, (question, answer, earned) in enumerate(zip(questions, listed, marks, strict=True), 1)
    ]
