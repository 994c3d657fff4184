"""What exams let go of a class: papers, answers, marks. Blueprints and corrected keys name nobody."""

from __future__ import annotations

from lmscompliance.exams.models import (
    ExamAttempt,
    ExamLock,
    ExamMark,
    ExamMarking,
    ExamPaper,
    ExamRegrade,
    ExamSheet,
    ExamUnlock,
    ExamVoid,
)
from lmscompliance.rules.retention import ADDRESSES, RECORDS
from lmscompliance.storage.erasing import Erasing


def forget(erasing: Erasing) -> None:
    """Name the rows; a sheet's timeline holds the addresses it was saved from."""
    sheet = (ExamSheet.class_id, [erasing.class_id])
    erasing.values(ADDRESSES, *sheet, {ExamSheet.timeline: "", ExamSheet.address_blind: ""})
    erasing.of_class(RECORDS, ExamAttempt, ExamLock, ExamMark, ExamMarking, ExamPaper, ExamRegrade)
    erasing.of_class(RECORDS, ExamSheet, ExamUnlock, ExamVoid)
