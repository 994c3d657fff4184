"""What certificates let go of a class: whom they were for. That one was issued, and if it holds, stays."""

from __future__ import annotations

from lmscompliance.certificates.models import Certificate
from lmscompliance.rules.retention import IDENTITY, RECORDS
from lmscompliance.storage.erasing import Erasing


def forget(erasing: Erasing) -> None:
    """Name the values."""
    own = [erasing.class_id]
    erasing.empty(IDENTITY, Certificate.class_id, own, Certificate.content_sealed, Certificate.pdf_sealed)
    erasing.empty(RECORDS, Certificate.class_id, own, Certificate.reason_sealed)
