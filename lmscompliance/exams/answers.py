"""Saving answers: every acknowledged save survives, and a stale tab overwrites nothing."""

from __future__ import annotations

from lmscompliance.exams import closing, grading, sheets
from lmscompliance.exams.sheets import Change
from lmscompliance.services import Services
from lmscompliance.storage.transaction import transaction


def save(services: Services, *, attempt_id: str, account: str, change: Change) -> int:
    """Save ``change`` and return the sheet's number, which is then durable.

    Raises ``NotFound`` (not an attempt of ``account``), ``InvalidInput`` (wrong form), ``Conflict`` with the
    current number (another tab has saved since), ``Gone`` once the attempt is closed or its deadline has
    come; a late save also closes the attempt. If the process dies before the return, the save may or may
    not be there; repeating it with the same number is safe either way.
    """
    with transaction(services.database) as session:
        sheet = sheets.find(session, attempt_id, account, lock=True)
        now = services.clock.now()
        if sheet.overdue(now):
            grading.close_at_deadline(session, services, sheet)
        elif sheet.is_open:
            return sheets.apply(session, services, sheet, change, now).seq
    # Only now: raising inside would have undone the closing.
    raise closing.closed_error(services, attempt_id)
