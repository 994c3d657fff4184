"""What completion lets go of a class: judgements and objections."""

from __future__ import annotations

from lmscompliance.completion.models import Completion, Dispute
from lmscompliance.rules.retention import RECORDS
from lmscompliance.storage.erasing import Erasing


def forget(erasing: Erasing) -> None:
    """Name the rows."""
    erasing.of_class(RECORDS, Completion, Dispute)
