"""The append-only evidence log: recording, sealing, signing, reading, and snapshots of a class.

``record`` puts a fact into the log in the same transaction as the business row it belongs to. Sealing
gives it its place in the tree later; from then on nobody can take it out or change it unseen.
"""

from lmscompliance.evidence.heads import newest_head
from lmscompliance.evidence.recording import (
    Fact,
    Owner,
    Recorded,
    class_stream,
    enrolment_stream,
    record,
    record_each,
    record_for,
    record_in_class,
)
from lmscompliance.evidence.snapshots import DataState, Snapshot, data_state, snapshot

__all__ = [
    "DataState",
    "Fact",
    "Owner",
    "Recorded",
    "Snapshot",
    "class_stream",
    "data_state",
    "enrolment_stream",
    "newest_head",
    "record",
    "record_each",
    "record_for",
    "record_in_class",
    "snapshot",
]
