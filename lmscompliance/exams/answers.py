"""Saving answers: every acknowledged save survives, and a stale tab overwrites nothing."""

from __future__ import annotations

from contextlib import suppress

from lmscompliance.exams import closing, sheets
from lmscompliance.exams.sheets import Change
from lmscompliance.services import Services
from lmscompliance.storage.transaction import bare_transaction, statements_alone


def save(services: Services, *, attempt_id: str, account: str, change: Change) -> int:
    """Save ``change`` and return the sheet's number, which is then durable.

    Raises ``NotFound`` (not an attempt of ``account``), ``InvalidInput`` (wrong form), ``Conflict`` with the
    current number (another tab has saved since), ``Gone`` once the attempt is closed or its deadline has
    come; a late save also closes the attempt. If the process dies before the return, the save may or may
    not be there; repeating it with the same number is safe either way.

    Nearly every save is one statement that reads and one that writes if nothing has changed in between;
    only where something has, it is done under the sheet's lock.
    """
    with statements_alone(services.database) as connection, suppress(sheets.Overtaken):
        sheet = sheets.find(connection, attempt_id, account)
        now = services.clock.now()
        if sheet.is_open and not sheet.overdue(now):
            return sheets.apply(connection, services, sheet, change, now).seq
    with bare_transaction(services.database) as connection:
        sheet = sheets.find(connection, attempt_id, account, lock=True)
        now = services.clock.now()
        if sheet.is_open and not sheet.overdue(now):
            return sheets.apply(connection, services, sheet, change, now).seq
    closing.close_if_overdue(services, attempt_id)
    raise closing.closed_error(services, attempt_id)
