"""Attempts as the facts that ``rules`` judges by."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from lmscompliance.exams.models import ExamAttempt, ExamUnlock
from lmscompliance.kernel.clock import to_micros
from lmscompliance.rules.facts import AttemptFact

_CHUNK = 500


def attempt_facts(
    session: Session, class_id: str, enrolment_ids: Collection[str]
) -> dict[str, list[AttemptFact]]:
    """Return each enrolment's attempts by number; an enrolment without any has an empty list.

    Reads only. An attempt past its deadline that no job has closed yet is still open here: a caller that
    must not see one calls ``close_overdue`` for the class first.
    """
    found: dict[str, list[AttemptFact]] = {enrolment: [] for enrolment in enrolment_ids}
    wanted = sorted(found)
    for start in range(0, len(wanted), _CHUNK):
        rows = session.scalars(
            select(ExamAttempt)
            .where(
                ExamAttempt.class_id == class_id,
                ExamAttempt.enrolment_id.in_(wanted[start : start + _CHUNK]),
            )
            .order_by(ExamAttempt.enrolment_id, ExamAttempt.number)
        )
        for row in rows:
            found[row.enrolment_id].append(attempt_fact(row))
    return found


def unlocked_at(session: Session, class_id: str, enrolment_ids: Collection[str]) -> dict[str, int]:
    """Return when the exam was unlocked, in microseconds, for each enrolment for which it was."""
    rows = session.execute(
        select(ExamUnlock.enrolment_id, ExamUnlock.unlocked_at).where(
            ExamUnlock.class_id == class_id, ExamUnlock.enrolment_id.in_(enrolment_ids)
        )
    )
    return {enrolment_id: to_micros(at) for enrolment_id, at in rows}


def attempts_of(session: Session, class_id: str, enrolment_id: str) -> list[ExamAttempt]:
    """Return one enrolment's attempts by number."""
    mine = select(ExamAttempt).where(
        ExamAttempt.class_id == class_id, ExamAttempt.enrolment_id == enrolment_id
    )
    return list(session.scalars(mine.order_by(ExamAttempt.number)))


def attempt_fact(row: ExamAttempt) -> AttemptFact:
    """Return a stored attempt as a fact."""
    return AttemptFact(
        attempt=row.id,
        number=row.number,
        opened_us=to_micros(row.opened_at),
        deadline_us=to_micros(row.deadline_at),
        submitted_us=None if row.submitted_at is None else to_micros(row.submitted_at),
        closed_by=row.closed_by,
        score=row.score,
        passed=row.passed,
        voided_us=None if row.voided_at is None else to_micros(row.voided_at),
    )


def facts_of(rows: Iterable[ExamAttempt]) -> list[AttemptFact]:
    """Return stored attempts as facts, in the same order."""
    return [attempt_fact(row) for row in rows]
