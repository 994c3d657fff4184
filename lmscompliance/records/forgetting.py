"""What records lets go of a class: sessions that other systems reported."""

from __future__ import annotations

from lmscompliance.records.models import ReportedRow, ReportedSession
from lmscompliance.rules.retention import ADDRESSES, RECORDS
from lmscompliance.storage.erasing import Erasing


def forget(erasing: Erasing) -> None:
    """Name the rows, and apart from them the addresses."""
    erasing.empty(ADDRESSES, ReportedSession.class_id, [erasing.class_id], ReportedSession.ip_sealed)
    erasing.of_class(RECORDS, ReportedSession)
    erasing.of_enrolments(RECORDS, ReportedRow)
