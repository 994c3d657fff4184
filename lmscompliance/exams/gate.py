"""Who may sit the exam now, and if not, why not."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from lmscompliance.evidence import enrolment_stream, record
from lmscompliance.exams import proctoring
from lmscompliance.exams.facts import attempts_of, facts_of
from lmscompliance.exams.models import ExamAttempt, ExamBlueprint, ExamUnlock
from lmscompliance.exams.publishing import published
from lmscompliance.kernel.clock import to_micros
from lmscompliance.kernel.errors import Conflict
from lmscompliance.kernel.jcs import Json
from lmscompliance.policy import Notice
from lmscompliance.rules.exam import exam_gate, extra_seconds
from lmscompliance.rules.verdict import NotMet, Verdict
from lmscompliance.services import Services
from lmscompliance.storage.statements import upsert
from lmscompliance.storage.transaction import after_commit, transaction
from lmscompliance.training import queries as training
from lmscompliance.training.accommodations import is_accommodated

UNLOCKED = "exams.unlocked"
"""Event sent after the commit with ``class_id/enrolment_id``."""


@dataclass(frozen=True, slots=True)
class Situation:
    """Where an enrolment stands with the exam. ``verdict`` says whether another attempt may begin."""

    class_id: str
    enrolment_id: str
    notice: Notice
    blueprint: ExamBlueprint | None
    unlocked_at: datetime | None
    attempts: list[ExamAttempt]
    verdict: Verdict
    extra_seconds: int
    """Further time the trainee was granted for each attempt."""
    photos: proctoring.Watch | None
    """The consent to photos during an attempt, where the notice asks for them."""

    @property
    def open_attempt(self) -> ExamAttempt | None:
        """The attempt that is running, if one is."""
        return next((one for one in self.attempts if one.submitted_at is None), None)


@dataclass(frozen=True, slots=True)
class Entry:
    """Leave to begin an attempt on a paper of ``blueprint``."""

    class_id: str
    enrolment_id: str
    blueprint: ExamBlueprint
    notice: Notice


def situation(session: Session, class_id: str, enrolment_id: str) -> Situation:
    """Return where an enrolment stands; reads only. Raises ``NotFound`` for an unknown class."""
    notice = training.class_notice(session, class_id)
    unlocked = session.get(ExamUnlock, (class_id, enrolment_id))
    attempts = attempts_of(session, class_id, enrolment_id)
    longer = is_accommodated(session, enrolment_id)
    return Situation(
        class_id=class_id,
        enrolment_id=enrolment_id,
        notice=notice,
        blueprint=published(session, class_id),
        unlocked_at=unlocked.unlocked_at if unlocked else None,
        attempts=attempts,
        verdict=exam_gate(facts_of(attempts), unlocked is not None, notice),
        extra_seconds=extra_seconds(notice.exam.duration_seconds, notice) if longer else 0,
        photos=proctoring.before(session, class_id, enrolment_id),
    )


def admit(session: Session, class_id: str, enrolment_id: str) -> Entry:
    """Return leave to begin an attempt, or raise ``Conflict`` with the reason, the clause and what to do."""
    training.require_going(session, class_id)
    now = situation(session, class_id, enrolment_id)
    running = now.open_attempt
    if running is not None:
        raise Conflict("exams.attempt_running", attempt=running.id, number=running.number)
    if isinstance(now.verdict, NotMet):
        raise refusal(now.verdict, now.notice)
    if now.unlocked_at is None:
        # The notice lets everybody sit, but the row that attempts are counted under is not there yet.
        raise Conflict("exams.not_unlocked")
    if now.blueprint is None:
        raise Conflict("exams.not_published")
    return Entry(class_id, enrolment_id, now.blueprint, now.notice)


def refusal(verdict: NotMet, notice: Notice) -> Conflict:
    """Return the error that tells a trainee why no attempt may begin, with the clause."""
    return Conflict(f"exams.gate_{verdict.reason}", clause=notice.citation(verdict.term), **verdict.params)


def unlock(services: Services, class_id: str, enrolment_id: str) -> bool:
    """Let an enrolment sit the exam; return whether this call did it (repeating it changes nothing).

    The caller has judged that the training is complete. The row and its evidence commit together.
    """
    with transaction(services.database) as session:
        class_ = training.class_by_id(session, class_id)
        training.enrolment(session, class_id, enrolment_id)
        now = services.clock.now()
        row = {"class_id": class_id, "enrolment_id": enrolment_id, "unlocked_at": now}
        statement = (
            upsert(session, ExamUnlock).values(row).on_conflict_do_nothing().returning(ExamUnlock.class_id)
        )
        if session.execute(statement).first() is None:
            return False
        policy: dict[str, Json] = {
            "id": class_.policy_id,
            "version": class_.policy_version,
            "digest": class_.policy_digest,
        }
        record(
            session,
            services,
            class_id=class_id,
            stream=enrolment_stream(enrolment_id),
            type="exam.unlocked",
            at=now,
            body={"unlocked_us": to_micros(now), "policy": policy},
        )
        subject = f"{class_id}/{enrolment_id}"
        after_commit(session, lambda: services.events.send(UNLOCKED, subject))
        return True
