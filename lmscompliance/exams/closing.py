"""Closing an attempt: by its trainee, or by the server at the deadline whether anybody comes back or not."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from lmscompliance.exams import grading, sheets
from lmscompliance.exams.grading import Result
from lmscompliance.exams.models import DEADLINE, TRAINEE, ExamAttempt, ExamSheet
from lmscompliance.exams.sheets import Change
from lmscompliance.kernel.clock import shanghai
from lmscompliance.kernel.errors import Gone
from lmscompliance.kernel.logs import logger
from lmscompliance.services import Services
from lmscompliance.storage.transaction import reading, transaction

_log = logger(__name__)

_AT_ONCE = 20


def submit(services: Services, *, attempt_id: str, account: str, change: Change) -> Result:
    """Save ``change``, close the attempt, mark it, and return the result once all that is durable.

    A repetition whose first answer got lost returns the same result. Raises as ``answers.save`` does; after
    the deadline ``Gone``, the attempt being closed with what had been saved by then.
    """
    with transaction(services.database) as session:
        sheet = sheets.find(session, attempt_id, account, lock=True)
        now = services.clock.now()
        if sheet.overdue(now):
            grading.close_at_deadline(session, services, sheet)
        elif sheet.is_open:
            sheet = sheets.apply(session, services, sheet, change, now, last=True)
            return grading.close(
                session, services, sheet, closed_by=TRAINEE, submitted_at=now, ip=change.address
            )
        elif (
            sheets.repeats(session, sheet, change)
            and (result := grading.result_of(session, sheet)).closed_by == TRAINEE
        ):
            return result
    raise closed_error(services, attempt_id)


def close_overdue(services: Services, class_id: str | None = None, enrolment_id: str | None = None) -> int:
    """Close open attempts whose deadline has come (of one class or enrolment, if given); return how many.

    Several in one transaction, which costs half of what one each would; any number of processes may run
    this at once, and a crash loses only those at hand, which the next run finds again. One that cannot be
    closed is logged and keeps nobody else's open.
    """
    overdue = select(ExamSheet.attempt_id).where(
        ExamSheet.is_open, ExamSheet.deadline_at <= services.clock.now()
    )
    if class_id is not None:
        overdue = overdue.where(ExamSheet.class_id == class_id)
    if enrolment_id is not None:
        overdue = overdue.where(ExamSheet.enrolment_id == enrolment_id)
    with reading(services.database) as session:
        found = session.scalars(overdue.order_by(ExamSheet.deadline_at)).all()
    return sum(_close_each(services, found[at : at + _AT_ONCE]) for at in range(0, len(found), _AT_ONCE))


def closed_error(services: Services, attempt_id: str) -> Gone:
    """Return what to tell somebody who still writes into a closed attempt."""
    with reading(services.database) as session:
        attempt = session.scalars(select(ExamAttempt).where(ExamAttempt.id == attempt_id)).one()
        reason = "too_late" if attempt.closed_by == DEADLINE else "already_submitted"
        moment = shanghai(attempt.submitted_at or attempt.deadline_at)
    return Gone(f"exams.{reason}", attempt=attempt_id, time=moment.strftime("%Y-%m-%d %H:%M:%S"))


def close_if_overdue(services: Services, attempt_id: str, account: str | None = None) -> bool:
    """Close an attempt if its deadline has come; return whether this call did it.

    Raises ``NotFound`` when it is none of ``account``.
    """
    with reading(services.database) as session:
        if not sheets.find(session, attempt_id, account).overdue(services.clock.now()):
            return False
    return _close(services, [attempt_id]) > 0


def _close_each(services: Services, attempt_ids: Sequence[str]) -> int:
    try:
        return _close(services, attempt_ids)
    except Exception:  # noqa: BLE001  # whatever is wrong with one, the others' deadline has come too
        if len(attempt_ids) > 1:
            return sum(_close_each(services, [one]) for one in attempt_ids)
        _log.exception("attempt %s is past its deadline and could not be closed; tried again", *attempt_ids)
        return 0


def _close(services: Services, attempt_ids: Sequence[str]) -> int:
    """Close those that are still overdue, all or none of them; return how many."""
    closed = 0
    with transaction(services.database) as session:
        # In one order, here and where marks are corrected: whoever locks several never waits both ways.
        for attempt_id in sorted(attempt_ids):
            sheet = sheets.find(session, attempt_id, lock=True)
            if sheet.overdue(services.clock.now()):
                grading.close_at_deadline(session, services, sheet)
                closed += 1
    return closed
