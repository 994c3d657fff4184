"""What this room lets go of a class: what people asked to have corrected."""

from __future__ import annotations

from lmscompliance.persons.models import CorrectionRequest
from lmscompliance.rules.retention import IDENTITY
from lmscompliance.storage.erasing import Erasing


def forget(erasing: Erasing) -> None:
    """Name the rows."""
    erasing.of_class(IDENTITY, CorrectionRequest)
