"""Tables of exams. The class is the distribution key: it stands first in each primary key.

What is written at every keystroke (``ExamSheet``) is apart from what is written once (``ExamAttempt``,
``ExamPaper``), so an autosave touches one narrow row and no index.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from sqlalchemy import (
    BigInteger,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from lmscompliance.files.models import StoredFile
from lmscompliance.storage.base import Base
from lmscompliance.storage.personal import blind, sealed_within
from lmscompliance.storage.types import ExactDecimal, Id, Instant

TRAINEE = "trainee"
DEADLINE = "deadline"
VOIDED = "voided"
"""Closed because it was voided while it ran."""


class ExamBlueprint(Base):
    """A published blueprint. Rows are only added; the highest ``version`` is what new papers are drawn by.

    ``parts`` is canonical JSON, exactly the list that stands in the log.
    """

    __tablename__ = "compliance_exam_blueprint"

    class_id: Mapped[str] = mapped_column(Id, primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    id: Mapped[str] = mapped_column(Id)
    parts: Mapped[bytes] = mapped_column(LargeBinary)
    full_marks: Mapped[Decimal] = mapped_column(ExactDecimal)
    duration_seconds: Mapped[int]
    published_at: Mapped[datetime] = mapped_column(Instant)


class ExamUnlock(Base):
    """A trainee may sit the exam. The row is also the lock under which attempts are counted."""

    __tablename__ = "compliance_exam_unlock"

    class_id: Mapped[str] = mapped_column(Id, primary_key=True)
    enrolment_id: Mapped[str] = mapped_column(Id, primary_key=True)
    unlocked_at: Mapped[datetime] = mapped_column(Instant)


class ExamAttempt(Base):
    """One sitting. The primary key keeps each number to one, the partial index keeps open ones to one.

    ``seed`` drew the paper. Everything from ``submitted_at`` on is empty while the attempt is open and is
    written once, together, when it is closed; ``submitted_at`` is the deadline when the server closed it.
    Where people have essays to mark, ``graded_at``, ``score`` and ``passed`` follow once they have.
    """

    __tablename__ = "compliance_exam_attempt"
    __table_args__ = (
        Index(None, "id"),
        Index(
            "uq_compliance_exam_attempt_open",
            "class_id",
            "enrolment_id",
            unique=True,
            sqlite_where=text("submitted_at IS NULL"),
            postgresql_where=text("submitted_at IS NULL"),
        ),
    )

    class_id: Mapped[str] = mapped_column(Id, primary_key=True)
    enrolment_id: Mapped[str] = mapped_column(Id, primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    id: Mapped[str] = mapped_column(Id)
    blueprint_version: Mapped[int]
    seed: Mapped[str] = mapped_column(String(64))
    opened_at: Mapped[datetime] = mapped_column(Instant)
    deadline_at: Mapped[datetime] = mapped_column(Instant)
    submitted_at: Mapped[datetime | None] = mapped_column(Instant)
    closed_by: Mapped[str | None] = mapped_column(String(16))
    answered: Mapped[int | None]
    graded_at: Mapped[datetime | None] = mapped_column(Instant)
    score: Mapped[Decimal | None] = mapped_column(ExactDecimal)
    passed: Mapped[bool | None]
    voided_at: Mapped[datetime | None] = mapped_column(Instant)
    """Since when it counts for nothing, whatever it scored; the row stays."""


class ExamPaper(Base):
    """The frozen questions of an attempt: wording, option order, key and points. Insert only.

    ``questions`` is canonical JSON, exactly what the log's disclosures hold.
    """

    __tablename__ = "compliance_exam_paper"

    class_id: Mapped[str] = mapped_column(Id, primary_key=True)
    attempt_id: Mapped[str] = mapped_column(Id, primary_key=True)
    questions: Mapped[bytes] = mapped_column(LargeBinary)


class ExamSheet(Base):
    """The answer sheet: all answers as one JSON value, and how they came about.

    ``account`` is the host account that opened the attempt; nobody else may write. ``deadline_at`` is when
    the server closes it: the attempt's own deadline and the notice's grace. ``kinds`` has one letter
    a question. ``seq`` is the number of the last save. ``timeline`` has a line for each save: number,
    microseconds, what changed and, when the address changed, that address, sealed (``address_blind`` is the
    index of the last one). A save is acknowledged after its commit, so a killed process loses none.
    """

    __tablename__ = "compliance_exam_sheet"
    __table_args__ = (
        Index(None, "attempt_id"),
        Index(
            "ix_compliance_exam_sheet_open",
            "deadline_at",
            sqlite_where=text("is_open = 1"),
            postgresql_where=text("is_open"),
        ),
    )

    class_id: Mapped[str] = mapped_column(Id, primary_key=True)
    attempt_id: Mapped[str] = mapped_column(Id, primary_key=True)
    enrolment_id: Mapped[str] = mapped_column(Id)
    account: Mapped[str] = mapped_column(String(255))
    kinds: Mapped[str] = mapped_column(String(400))
    deadline_at: Mapped[datetime] = mapped_column(Instant)
    is_open: Mapped[bool]
    seq: Mapped[int] = mapped_column(BigInteger)
    saved_at: Mapped[datetime | None] = mapped_column(Instant)
    address_blind: Mapped[str] = mapped_column(String(64), info=blind("compliance_exam_sheet.timeline"))
    answers: Mapped[str] = mapped_column(Text)
    timeline: Mapped[str] = mapped_column(Text, info=sealed_within("compliance_exam_sheet.timeline"))


class ExamLock(Base):
    """A trainee who failed the last attempt: no further one, and why (notice T23)."""

    __tablename__ = "compliance_exam_lock"
    __table_args__ = (
        ForeignKeyConstraint(
            ["class_id", "enrolment_id"],
            ["compliance_exam_unlock.class_id", "compliance_exam_unlock.enrolment_id"],
        ),
    )

    class_id: Mapped[str] = mapped_column(Id, primary_key=True)
    enrolment_id: Mapped[str] = mapped_column(Id, primary_key=True)
    locked_at: Mapped[datetime] = mapped_column(Instant)
    reason: Mapped[str] = mapped_column(String(64))
    clause: Mapped[str] = mapped_column(Text)


class ExamRekey(Base):
    """A question's key was wrong: which version of it, what is right, who says so and why. Insert only.

    ``correct`` is canonical JSON: kind, options and key as the bank has them.
    """

    __tablename__ = "compliance_exam_rekey"
    __table_args__ = (Index(None, "question_id", "version"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    question_id: Mapped[str] = mapped_column(Id)
    version: Mapped[int]
    key_version: Mapped[int]
    correct: Mapped[bytes] = mapped_column(LargeBinary)
    by: Mapped[str] = mapped_column(String(255))
    why: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(Instant)


class ExamRegrade(Base):
    """A closed attempt marked again after a correction; the newest ``score`` stands in the attempt too.

    Insert only. ``item`` is the question's number on the paper, ``key`` its key as shown there.
    """

    __tablename__ = "compliance_exam_regrade"

    class_id: Mapped[str] = mapped_column(Id, primary_key=True)
    attempt_id: Mapped[str] = mapped_column(Id, primary_key=True)
    n: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    rekey_id: Mapped[str] = mapped_column(Id, ForeignKey(ExamRekey.id))
    item: Mapped[int]
    key: Mapped[bytes] = mapped_column(LargeBinary)
    score_before: Mapped[Decimal] = mapped_column(ExactDecimal)
    score: Mapped[Decimal] = mapped_column(ExactDecimal)
    passed_before: Mapped[bool]
    passed: Mapped[bool]
    at: Mapped[datetime] = mapped_column(Instant)


class ExamMarking(Base):
    """An answered essay of a closed paper: two people mark it, a third where they differ too much.

    ``id`` is random, so that neither it nor the order of a list says whose answer it is. ``points`` is what
    the marks came to; the attempt is graded in the transaction that settles its last essay.
    """

    __tablename__ = "compliance_exam_marking"
    __table_args__ = (UniqueConstraint("class_id", "attempt_id", "item"),)

    class_id: Mapped[str] = mapped_column(Id, primary_key=True)
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    attempt_id: Mapped[str] = mapped_column(Id)
    item: Mapped[int]
    asked_at: Mapped[datetime] = mapped_column(Instant)
    settled_at: Mapped[datetime | None] = mapped_column(Instant)
    points: Mapped[Decimal | None] = mapped_column(ExactDecimal)


class ExamMark(Base):
    """What one person gave for one essay. Insert only; nobody marks the same one twice."""

    __tablename__ = "compliance_exam_mark"
    __table_args__ = (
        UniqueConstraint("class_id", "marking_id", "by"),
        ForeignKeyConstraint(
            ["class_id", "marking_id"], ["compliance_exam_marking.class_id", "compliance_exam_marking.id"]
        ),
    )

    class_id: Mapped[str] = mapped_column(Id, primary_key=True)
    marking_id: Mapped[str] = mapped_column(Id, primary_key=True)
    n: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    by: Mapped[str] = mapped_column(String(255))
    points: Mapped[Decimal] = mapped_column(ExactDecimal)
    at: Mapped[datetime] = mapped_column(Instant)


class ExamVoid(Base):
    """A request to void an attempt, and what another member of staff decided (``confirmed``).

    Both reasons stay sealed: people write names into them. A declined request may be made again.
    """

    __tablename__ = "compliance_exam_void"

    class_id: Mapped[str] = mapped_column(Id, primary_key=True)
    attempt_id: Mapped[str] = mapped_column(Id, primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    requested_at: Mapped[datetime] = mapped_column(Instant)
    requested_by: Mapped[str] = mapped_column(String(255))
    reason_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    decided_at: Mapped[datetime | None] = mapped_column(Instant)
    decided_by: Mapped[str | None] = mapped_column(String(255))
    confirmed: Mapped[bool | None]


class ExamPhoto(Base):
    """A photo that an attempt is asked for at a moment drawn as it opened; ``n`` counts from 1.

    ``asked_at`` is when the page first learnt of it. ``outcome`` (``taken``, ``unavailable``) and
    ``answered_at`` are empty until it is answered, and for good where it never is. ``verdict`` is what the
    host's comparison said, ``sha256`` the kept file.
    """

    __tablename__ = "compliance_exam_photo"
    __table_args__ = (Index(None, "attempt_id"),)

    class_id: Mapped[str] = mapped_column(Id, primary_key=True)
    attempt_id: Mapped[str] = mapped_column(Id, primary_key=True)
    n: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    enrolment_id: Mapped[str] = mapped_column(Id)
    due_at: Mapped[datetime] = mapped_column(Instant)
    asked_at: Mapped[datetime | None] = mapped_column(Instant)
    answered_at: Mapped[datetime | None] = mapped_column(Instant)
    outcome: Mapped[str] = mapped_column(String(16))
    verdict: Mapped[str] = mapped_column(String(16))
    sha256: Mapped[str | None] = mapped_column(String(64), ForeignKey(StoredFile.sha256))
