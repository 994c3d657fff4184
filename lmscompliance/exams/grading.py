"""Marking a closed attempt, and what follows from the mark.

An attempt is closed exactly once, under its sheet's row lock. Answer sheet, marks, lock and evidence commit
together: after a crash the attempt is either still open with every acknowledged save, or closed and graded.
One with essays that were answered is closed without a score; it is graded, under the same lock, in the
transaction of the last mark that people owe it (``marking``).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from lmscompliance.evidence import Fact, enrolment_stream, record_each
from lmscompliance.exams import essays, forms, locking, regrading, sheets
from lmscompliance.exams.facts import attempts_of, facts_of
from lmscompliance.exams.models import DEADLINE, VOIDED, ExamAttempt, ExamPaper
from lmscompliance.exams.sheets import Sheet
from lmscompliance.kernel.clock import to_micros
from lmscompliance.kernel.jcs import Json
from lmscompliance.policy import Notice
from lmscompliance.rules.essays import to_mark
from lmscompliance.rules.exam import ExamState, exam_verdict, passes
from lmscompliance.rules.marking import Item, is_answered, mark, plain
from lmscompliance.rules.timeline import flags, pieces, saves
from lmscompliance.services import Services
from lmscompliance.storage.transaction import after_commit
from lmscompliance.training import queries as training

CLOSED = "exams.attempt_closed"
"""Event sent after the commit with ``class_id/enrolment_id``."""


# Built once: compiling a statement costs more than running it.
_PAPER = select(ExamPaper.questions).where(
    ExamPaper.class_id == bindparam("b_class"), ExamPaper.attempt_id == bindparam("b_attempt")
)


@dataclass(frozen=True, slots=True)
class Result:
    """How an attempt ended, and where that leaves its trainee.

    ``score`` is ``None`` while people have essays to mark. ``attempts_left`` is 0 once passed: there is
    nothing left to sit. ``state`` is about all attempts; the exam is ``decided`` when it is passed, or failed
    for good.
    """

    attempt: str
    number: int
    score: Decimal | None
    full: Decimal
    passed: bool
    closed_by: str
    attempts_left: int
    state: ExamState
    voided: bool

    @property
    def decided(self) -> bool:
        """Whether no attempt is running and none can begin, so that keys give nothing away."""
        return self.state in {ExamState.PASSED, ExamState.FAILED}


@dataclass(frozen=True, slots=True)
class Sitting:
    """An attempt with what marking it needs, and the others of its enrolment."""

    attempt: ExamAttempt
    attempts: list[ExamAttempt]
    notice: Notice
    paper: list[dict[str, Json]]
    answers: list[Json]

    @property
    def items(self) -> list[Item]:
        """The questions as marking needs them."""
        return [Item.from_json(question) for question in self.paper]


def close_at_deadline(session: Session, services: Services, sheet: Sheet) -> Result:
    """Close the locked, overdue ``sheet`` with what was saved; it counts as handed in at its deadline."""
    return close(session, services, sheet, closed_by=DEADLINE)


def result_of(session: Session, sheet: Sheet) -> Result:
    """Return the result of a closed attempt."""
    attempts = attempts_of(session, sheet.class_id, sheet.enrolment_id)
    attempt = next(one for one in attempts if one.id == sheet.attempt_id)
    notice = training.class_notice(session, sheet.class_id)
    return _result(attempt, attempts, notice)


def close(
    session: Session,
    services: Services,
    sheet: Sheet,
    *,
    closed_by: str,
    submitted_at: datetime | None = None,
    ip: str | None = None,
) -> Result:
    """Close the locked ``sheet`` of an open attempt: mark it, lock the exam after a last failure, record it.

    Without ``submitted_at`` it counts as handed in at the attempt's deadline. Essays are put before people.
    """
    closing = sitting(session, sheet)
    attempt = closing.attempt
    attempt.submitted_at = submitted_at or attempt.deadline_at
    attempt.closed_by = closed_by
    attempt.answered = sum(map(is_answered, closing.answers))
    if sheet.is_open:
        sheets.close(session, sheet)
    submitted = _submitted(session, services, closing, ip)
    numbers = to_mark(closing.items, closing.answers)
    if numbers:
        _record(session, services, attempt, [submitted])
        essays.ask(session, services, attempt, numbers)
        _announce(session, services, attempt)
    else:
        grade(session, services, closing, {}, [submitted])
    return _result(attempt, closing.attempts, closing.notice)


def sitting(session: Session, sheet: Sheet) -> Sitting:
    """Return the attempt of a sheet with its paper and answers."""
    attempts = attempts_of(session, sheet.class_id, sheet.enrolment_id)
    return Sitting(
        attempt=next(one for one in attempts if one.id == sheet.attempt_id),
        attempts=attempts,
        notice=training.class_notice(session, sheet.class_id),
        paper=paper_of(session, sheet),
        answers=forms.as_list(len(sheet.kinds), sheet.answers),
    )


def grade(
    session: Session,
    services: Services,
    closed: Sitting,
    given: Mapping[int, Decimal],
    before: Sequence[Fact] = (),
) -> None:
    """Give a closed attempt its score, with what people gave for essays (``given``), and what follows.

    ``before`` is recorded ahead of the mark. The caller holds the sheet's lock.
    """
    attempt, notice = closed.attempt, closed.notice
    marked = mark(closed.items, closed.answers, notice.exam, given)
    attempt.graded_at = services.clock.now()
    attempt.score = marked.score
    attempt.passed = passes(marked.score, notice)
    body: dict[str, Json] = {
        "attempt": attempt.id,
        "graded_us": to_micros(attempt.graded_at),
        "score": plain(marked.score),
        "full": plain(notice.exam.full_marks),
        "passed": attempt.passed,
    }
    _record(session, services, attempt, [*before, Fact(type="attempt.graded", body=body)])
    session.flush()
    if attempt.closed_by != VOIDED:
        regrading.follow(session, services, attempt, closed.paper)
    locking.settle(session, services, attempt, notice, closed.attempts)
    _announce(session, services, attempt)


def paper_of(session: Session, sheet: Sheet) -> list[dict[str, Json]]:
    """Return the frozen questions of an attempt, keys included."""
    key = {"b_class": sheet.class_id, "b_attempt": sheet.attempt_id}
    paper: list[dict[str, Json]] = json.loads(session.connection().execute(_PAPER, key).scalar_one())
    return paper


def _submitted(session: Session, services: Services, closing: Sitting, ip: str | None) -> Fact:
    attempt = closing.attempt
    timeline = sheets.timeline_of(session, services, attempt.id)
    body: dict[str, Json] = {
        "attempt": attempt.id,
        "submitted_us": to_micros(attempt.submitted_at or attempt.deadline_at),
        "closed_by": attempt.closed_by,
        "answered": attempt.answered,
        "saves": len(timeline),
        "flags": dict(flags(list(saves(timeline)))),
    }
    disclosed: dict[str, Json] = {"answers": closing.answers, **pieces(timeline)}
    if ip is not None:
        disclosed["ip"] = ip
    return Fact(type="attempt.submitted", body=body, disclose=disclosed)


def _record(session: Session, services: Services, attempt: ExamAttempt, facts: Sequence[Fact]) -> None:
    record_each(
        session,
        services,
        class_id=attempt.class_id,
        stream=enrolment_stream(attempt.enrolment_id),
        at=services.clock.now(),
        facts=facts,
    )


def _announce(session: Session, services: Services, attempt: ExamAttempt) -> None:
    subject = f"{attempt.class_id}/{attempt.enrolment_id}"
    after_commit(session, lambda: services.events.send(CLOSED, subject))


def _result(attempt: ExamAttempt, attempts: list[ExamAttempt], notice: Notice) -> Result:
    judged = exam_verdict(facts_of(attempts), notice)
    return Result(
        attempt=attempt.id,
        number=attempt.number,
        score=attempt.score,
        full=notice.exam.full_marks,
        passed=bool(attempt.passed),
        closed_by=attempt.closed_by or "",
        attempts_left=0 if judged.passed else judged.attempts_left,
        state=judged.state,
        voided=attempt.voided_at is not None,
    )
