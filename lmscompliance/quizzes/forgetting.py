"""What quizzes let go of a class: those that were taken, and the words in which staff explained a change."""

from __future__ import annotations

from lmscompliance.quizzes.models import LessonQuiz, TakenQuiz
from lmscompliance.rules.retention import RECORDS
from lmscompliance.storage.erasing import Erasing


def forget(erasing: Erasing) -> None:
    """Name rows and values."""
    erasing.of_class(RECORDS, TakenQuiz)
    erasing.empty(RECORDS, LessonQuiz.class_id, [erasing.class_id], LessonQuiz.reason_sealed)
