"""What training lets go of a class: who was in it. The class and its plan stay."""

from __future__ import annotations

from sqlalchemy import select

from lmscompliance.rules.retention import IDENTITY, PHOTOS, RECORDS
from lmscompliance.storage.erasing import Erasing
from lmscompliance.training.models import (
    Accommodation,
    ActivationCode,
    ClassStep,
    Enrolment,
    IdentityNote,
    Lesson,
    MergeNote,
    Verification,
)


def forget(erasing: Erasing) -> None:
    """Name the rows; a verification's photo goes before its verdict."""
    own = Verification.class_id == erasing.class_id
    erasing.file(PHOTOS, erasing.session.scalars(select(Verification.photo).where(own)))
    erasing.values(PHOTOS, Verification.class_id, [erasing.class_id], {Verification.photo: None})
    erasing.empty(RECORDS, ClassStep.class_id, [erasing.class_id], ClassStep.reason_sealed)
    erasing.empty(IDENTITY, Lesson.class_id, [erasing.class_id], Lesson.teacher_sealed)
    erasing.of_class(
        IDENTITY, Accommodation, ActivationCode, Enrolment, IdentityNote, MergeNote, Verification
    )
