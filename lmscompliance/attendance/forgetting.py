"""What attendance lets go of a class: who was where, and the scanned sheets."""

from __future__ import annotations

from sqlalchemy import select

from lmscompliance.attendance.models import Confirmation, LiveShow, MarkEntry, PrintedSheet, Scan, Sign
from lmscompliance.rules.retention import PROOFS, RECORDS
from lmscompliance.storage.erasing import Erasing


def forget(erasing: Erasing) -> None:
    """Name the rows; scanned sheets are proofs, lists and marks are records."""
    erasing.of_class(RECORDS, Sign, MarkEntry, Confirmation, PrintedSheet, LiveShow)
    erasing.file(
        PROOFS, erasing.session.scalars(select(Scan.sha256).where(Scan.class_id == erasing.class_id))
    )
    erasing.of_class(PROOFS, Scan)
