"""Tables of quizzes: what is set for a lesson, and each one that a trainee began."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from sqlalchemy import Index, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from lmscompliance.storage.base import Base
from lmscompliance.storage.personal import sealed
from lmscompliance.storage.types import ExactDecimal, Id, Instant


class LessonQuiz(Base):
    """A version of a lesson's quiz; rows are only added, and the highest ``version`` holds.

    ``use`` is one of ``rules.quizzes.USES``. ``parts`` is canonical JSON, the list that stands in the log;
    ``named`` the ids of the questions to draw from as JSON, empty where it is the whole bank.
    ``content_sha256`` is the lesson's content as it was frozen then.
    """

    __tablename__ = "compliance_lesson_quiz"

    class_id: Mapped[str] = mapped_column(Id, primary_key=True)
    lesson_id: Mapped[str] = mapped_column(Id, primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    use: Mapped[str] = mapped_column(String(16))
    parts: Mapped[str] = mapped_column(Text)
    named: Mapped[str] = mapped_column(Text)
    content_sha256: Mapped[str] = mapped_column(String(64))
    set_at: Mapped[datetime] = mapped_column(Instant)
    set_by: Mapped[str] = mapped_column(String(255))
    reason_sealed: Mapped[bytes] = mapped_column(LargeBinary, info=sealed("compliance_lesson_quiz.reason"))


class TakenQuiz(Base):
    """A quiz that a trainee began; ``number`` counts those of one lesson from 1, which the database holds.

    ``paper`` is canonical JSON of the frozen questions, as the log's disclosures have them, each with what
    explains it. From ``submitted_at`` on everything is empty until it is handed in, and then written once.
    """

    __tablename__ = "compliance_taken_quiz"
    __table_args__ = (UniqueConstraint("enrolment_id", "lesson_id", "number"), Index(None, "class_id"))

    enrolment_id: Mapped[str] = mapped_column(Id, primary_key=True)
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    class_id: Mapped[str] = mapped_column(Id)
    lesson_id: Mapped[str] = mapped_column(Id)
    version: Mapped[int]
    number: Mapped[int]
    paper: Mapped[bytes] = mapped_column(LargeBinary)
    opened_at: Mapped[datetime] = mapped_column(Instant)
    submitted_at: Mapped[datetime | None] = mapped_column(Instant)
    answers: Mapped[str | None] = mapped_column(Text)
    score: Mapped[Decimal | None] = mapped_column(ExactDecimal)
    passed: Mapped[bool | None]
