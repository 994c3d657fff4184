"""The exam's lock: set by a last failure, lifted where a re-marking lets one pass or one is voided."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.orm import Session

from lmscompliance.evidence import record_for
from lmscompliance.exams.facts import attempts_of, facts_of
from lmscompliance.exams.models import ExamAttempt, ExamLock
from lmscompliance.kernel.clock import to_micros
from lmscompliance.policy import Notice
from lmscompliance.rules.exam import ExamState, exam_verdict
from lmscompliance.rules.verdict import NotMet
from lmscompliance.services import Services


def settle(
    session: Session,
    services: Services,
    attempt: ExamAttempt,
    notice: Notice,
    attempts: Sequence[ExamAttempt] | None = None,
) -> None:
    """Set or lift the lock so that it follows from all ``attempts``; ``attempt`` is the one that was marked.

    Row and evidence commit with the mark. Doing it again changes nothing.
    """
    session.flush()
    if attempts is None:
        attempts = attempts_of(session, attempt.class_id, attempt.enrolment_id)
    judged = exam_verdict(facts_of(attempts), notice)
    held = session.get(ExamLock, (attempt.class_id, attempt.enrolment_id))
    if judged.state is ExamState.FAILED:
        if held is None and isinstance(judged.verdict, NotMet):
            _set(session, services, attempt, judged.verdict)
    elif held is not None:
        session.delete(held)
        now = services.clock.now()
        record_for(
            session,
            services,
            attempt,
            type="exam.lock_lifted",
            at=now,
            body={"lifted_us": to_micros(now), "attempt": attempt.id},
        )
    session.flush()


def _set(session: Session, services: Services, attempt: ExamAttempt, verdict: NotMet) -> None:
    now = services.clock.now()
    session.add(
        ExamLock(
            class_id=attempt.class_id,
            enrolment_id=attempt.enrolment_id,
            locked_at=now,
            reason=verdict.reason,
            clause=verdict.clause,
        )
    )
    record_for(
        session,
        services,
        attempt,
        type="exam.locked",
        at=now,
        body={"locked_us": to_micros(now), "reason": verdict.reason, "clause": verdict.clause},
    )
