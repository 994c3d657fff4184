"""What learning lets go of a class: sessions with every beat, steps, checks, corrections."""

from __future__ import annotations

from lmscompliance.learning.models import (
    ClosedSegment,
    ClosedSession,
    CreditCorrection,
    OpenSession,
    SessionStep,
)
from lmscompliance.learning.presence.models import PresenceCheck, PresenceWatch
from lmscompliance.rules.retention import ADDRESSES, RECORDS
from lmscompliance.storage.erasing import Erasing


def forget(erasing: Erasing) -> None:
    """Name the rows, and apart from them addresses and devices."""
    erasing.of_class(RECORDS, OpenSession, ClosedSession, CreditCorrection, PresenceCheck, PresenceWatch)
    erasing.of_enrolments(RECORDS, ClosedSegment, SessionStep)
    segments, opened = ClosedSegment, OpenSession
    erasing.empty(
        ADDRESSES,
        segments.enrolment_id,
        erasing.enrolments,
        segments.ip_sealed,
        segments.agent_sealed,
        segments.ip_blind,
    )
    erasing.empty(
        ADDRESSES,
        opened.class_id,
        [erasing.class_id],
        opened.ip_sealed,
        opened.agent_sealed,
        opened.ip_blind,
        opened.agent_blind,
    )
