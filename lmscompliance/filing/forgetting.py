"""What filing lets go of a class: scans, on which people signed, and who read what.

What was declared and what everybody was told stays.
"""

from __future__ import annotations

from sqlalchemy import select

from lmscompliance.filing.models import FilingDispatch, FilingDocument, NoticeReceipt
from lmscompliance.filing.project_models import FilingRecord
from lmscompliance.rules.retention import PROOFS, RECORDS
from lmscompliance.storage.erasing import Erasing


def forget(erasing: Erasing) -> None:
    """Name the rows and the files."""
    own = select(FilingDocument.sha256).where(FilingDocument.class_id == erasing.class_id)
    erasing.file(PROOFS, erasing.session.scalars(own))
    erasing.of_class(PROOFS, FilingDocument)
    erasing.of_class(RECORDS, NoticeReceipt)
    erasing.empty(RECORDS, FilingDispatch.class_id, [erasing.class_id], FilingDispatch.address_sealed)
    erasing.empty(RECORDS, FilingRecord.class_id, [erasing.class_id], FilingRecord.opinion_sealed)
