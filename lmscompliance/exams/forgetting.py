"""What exams let go of a class: papers, answers, marks. Blueprints and corrected keys name nobody."""

from __future__ import annotations

from sqlalchemy import select

from lmscompliance.exams.models import (
    ExamAttempt,
    ExamLock,
    ExamMark,
    ExamMarking,
    ExamPaper,
    ExamPhoto,
    ExamRegrade,
    ExamSheet,
    ExamUnlock,
    ExamVoid,
)
from lmscompliance.rules.retention import ADDRESSES, PHOTOS, RECORDS
from lmscompliance.storage.erasing import Erasing


def forget(erasing: Erasing) -> None:
    """Name the rows; a sheet's timeline holds the addresses it was saved from."""
    sheet = (ExamSheet.class_id, [erasing.class_id])
    erasing.values(ADDRESSES, *sheet, {ExamSheet.timeline: "", ExamSheet.address_blind: ""})
    erasing.of_class(RECORDS, ExamAttempt, ExamLock, ExamMark, ExamMarking, ExamPaper, ExamRegrade)
    own = (ExamPhoto.class_id, [erasing.class_id])
    photos = select(ExamPhoto.sha256).where(ExamPhoto.class_id == erasing.class_id)
    erasing.file(PHOTOS, erasing.session.scalars(photos))
    erasing.values(PHOTOS, *own, {ExamPhoto.sha256: None})
    erasing.of_class(RECORDS, ExamPhoto, ExamSheet, ExamUnlock, ExamVoid)
