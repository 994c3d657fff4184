"""Voiding an attempt after an incident: one member of staff asks, another confirms; nothing is erased.

A voided attempt keeps its number, paper, answers and marks, in the tables as in the log, and counts for
nothing: the trainee may begin another in its place.
"""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from lmscompliance.evidence import record_for
from lmscompliance.exams import grading, locking, sheets, starting
from lmscompliance.exams.grading import CLOSED
from lmscompliance.exams.models import VOIDED, ExamAttempt, ExamVoid
from lmscompliance.exams.sheets import Sheet
from lmscompliance.kernel.actor import Actor
from lmscompliance.kernel.clock import to_micros
from lmscompliance.kernel.errors import Conflict, Forbidden, NotFound
from lmscompliance.kernel.jcs import Json
from lmscompliance.kernel.words import stated
from lmscompliance.services import Services
from lmscompliance.storage.transaction import after_commit, transaction
from lmscompliance.training import queries as training

REASON_PLACE = f"{ExamVoid.__tablename__}.reason_sealed"
"""What a reason's ciphertext is bound to in the vault."""
LONGEST_REASON = 500


def request(services: Services, actor: Actor, class_id: str, attempt_id: str, reason: str) -> None:
    """Ask that an attempt be voided.

    Raises ``InvalidInput`` without a reason, ``NotFound`` for an attempt of another class, ``Conflict`` for
    one that is voided already or that somebody has asked for.
    """
    why = stated(reason, LONGEST_REASON, "exams.void_reason")
    now = services.clock.now()
    with transaction(services.database) as session:
        attempt, _ = _locked(session, class_id, attempt_id)
        earlier = requests_of(session, class_id, attempt_id)
        if attempt.voided_at is not None:
            raise Conflict("exams.voided_already", number=attempt.number)
        if earlier and earlier[-1].confirmed is None:
            raise Conflict("exams.void_waiting", number=attempt.number)
        session.add(
            ExamVoid(
                class_id=class_id,
                attempt_id=attempt_id,
                number=len(earlier) + 1,
                requested_at=now,
                requested_by=actor.account,
                reason_sealed=services.vault.seal(REASON_PLACE, why),
            )
        )
        _record(
            session,
            services,
            attempt,
            type="attempt.void_requested",
            body={"requested_us": to_micros(now)},
            disclose={"by": actor.account, "reason": why},
        )


def decide(services: Services, actor: Actor, class_id: str, attempt_id: str, *, confirmed: bool) -> None:
    """Void the attempt as was asked, or decline to.

    One that still runs is closed first, with what was saved. Raises ``Forbidden`` for whoever asked, and
    ``Conflict`` when nobody has. Attempt, lock and evidence commit together.
    """
    now = services.clock.now()
    with transaction(services.database) as session:
        attempt, sheet = _locked(session, class_id, attempt_id)
        asked = requests_of(session, class_id, attempt_id)
        waiting = next((one for one in asked if one.confirmed is None), None)
        if waiting is None:
            raise Conflict("exams.void_not_asked", number=attempt.number)
        if waiting.requested_by == actor.account:
            raise Forbidden("exams.void_needs_another")
        waiting.confirmed, waiting.decided_at, waiting.decided_by = confirmed, now, actor.account
        if confirmed:
            if sheet.is_open:
                ended = min(now, attempt.deadline_at)
                grading.close(session, services, sheet, closed_by=VOIDED, submitted_at=ended)
            attempt.voided_at = now
            # The attempt that locked the exam may be this one; with it gone there is one left to sit.
            notice = training.class_notice(session, class_id)
            locking.settle(session, services, attempt, notice)
        _record(
            session,
            services,
            attempt,
            type="attempt.void_decided",
            body={"decided_us": to_micros(now), "confirmed": confirmed},
            disclose={"by": actor.account},
        )
        subject = f"{class_id}/{attempt.enrolment_id}"
        after_commit(session, lambda: services.events.send(CLOSED, subject))


def requests_of(session: Session, class_id: str, attempt_id: str) -> list[ExamVoid]:
    """Return the requests to void an attempt, the latest last."""
    wanted = select(ExamVoid).where(ExamVoid.class_id == class_id, ExamVoid.attempt_id == attempt_id)
    return list(session.scalars(wanted.order_by(ExamVoid.number)))


def _locked(session: Session, class_id: str, attempt_id: str) -> tuple[ExamAttempt, Sheet]:
    # The sheet first, as closing does, whose lock row then refers to the unlock row.
    sheet = sheets.find(session, attempt_id, lock=True)
    if sheet.class_id != class_id:
        raise NotFound("exams.no_attempt", attempt=attempt_id)
    starting.lock(session, class_id, sheet.enrolment_id)
    wanted = select(ExamAttempt).where(ExamAttempt.class_id == class_id, ExamAttempt.id == attempt_id)
    return session.scalars(wanted).one(), sheet


def _record(
    session: Session,
    services: Services,
    attempt: ExamAttempt,
    *,
    type: str,  # noqa: A002  # as ``evidence.record`` calls it
    body: dict[str, Json],
    disclose: dict[str, Json],
) -> None:
    session.flush()
    record_for(
        session,
        services,
        attempt,
        type=type,
        at=services.clock.now(),
        body={"attempt": attempt.id, **body},
        disclose=disclose,
    )
