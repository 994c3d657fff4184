"""What supervision lets go of a class: what was noticed about people. Networks are an enterprise's."""

from __future__ import annotations

from lmscompliance.rules.retention import ADDRESSES, RECORDS
from lmscompliance.storage.erasing import Erasing
from lmscompliance.supervision.models import (
    Anomaly,
    AnomalyDecision,
    NetworkTold,
    SeenAt,
    StudyDay,
    Watched,
)


def forget(erasing: Erasing) -> None:
    """Name the rows; where somebody was seen is an address through and through."""
    erasing.of_class(RECORDS, Anomaly, AnomalyDecision, NetworkTold, StudyDay, Watched)
    erasing.of_class(ADDRESSES, SeenAt)
    erasing.empty(ADDRESSES, Anomaly.class_id, [erasing.class_id], Anomaly.ip_sealed)
