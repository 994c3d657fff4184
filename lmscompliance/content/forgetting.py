"""What content lets go of a class: the words in which staff explained a change; lessons stay."""

from __future__ import annotations

from lmscompliance.content.models import LessonContent
from lmscompliance.rules.retention import RECORDS
from lmscompliance.storage.erasing import Erasing


def forget(erasing: Erasing) -> None:
    """Name the values."""
    erasing.empty(RECORDS, LessonContent.class_id, [erasing.class_id], LessonContent.reason_sealed)
