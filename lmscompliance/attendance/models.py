"""Tables of attendance. Rows are only added; a correction is a newer row, and the latest one holds.

The class stands first in each primary key. No foreign keys to enrolments and lessons: both are keyed by
their class, and the service has read them under the same transaction.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from lmscompliance.storage.base import Base
from lmscompliance.storage.personal import file_digest, sealed
from lmscompliance.storage.types import Id, Instant


class Sign(Base):
    """A trainee signed in to a lesson, or out of it; ``method`` says whose code was read.

    ``screen``: the teacher's, by the trainee's phone; ``personal``: the trainee's, by the teacher's.
    """

    __tablename__ = "compliance_attendance_sign"
    __table_args__ = (Index(None, "class_id", "lesson_id"),)

    class_id: Mapped[str] = mapped_column(Id, primary_key=True)
    enrolment_id: Mapped[str] = mapped_column(Id, primary_key=True)
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    lesson_id: Mapped[str] = mapped_column(Id)
    purpose: Mapped[str] = mapped_column(String(8))
    method: Mapped[str] = mapped_column(String(16))
    at: Mapped[datetime] = mapped_column(Instant)


class MarkEntry(Base):
    """What a teacher entered about a trainee: the mark, by whom and why (sealed), with times where known."""

    __tablename__ = "compliance_attendance_mark"
    __table_args__ = (Index(None, "class_id", "lesson_id"),)

    class_id: Mapped[str] = mapped_column(Id, primary_key=True)
    enrolment_id: Mapped[str] = mapped_column(Id, primary_key=True)
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    lesson_id: Mapped[str] = mapped_column(Id)
    mark: Mapped[str] = mapped_column(String(16))
    in_at: Mapped[datetime | None] = mapped_column(Instant)
    out_at: Mapped[datetime | None] = mapped_column(Instant)
    marked_at: Mapped[datetime] = mapped_column(Instant)
    by_sealed: Mapped[bytes] = mapped_column(LargeBinary, info=sealed("compliance_attendance.by"))
    reason_sealed: Mapped[bytes] = mapped_column(LargeBinary, info=sealed("compliance_attendance.reason"))


class Confirmation(Base):
    """A teacher confirmed (co-signed) the list of a lesson."""

    __tablename__ = "compliance_attendance_confirmation"

    class_id: Mapped[str] = mapped_column(Id, primary_key=True)
    lesson_id: Mapped[str] = mapped_column(Id, primary_key=True)
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    at: Mapped[datetime] = mapped_column(Instant)
    by_sealed: Mapped[bytes] = mapped_column(LargeBinary, info=sealed("compliance_attendance.by"))


class PrintedSheet(Base):
    """A sign-in sheet that was printed; ``digest`` is over the list of people it was printed for."""

    __tablename__ = "compliance_attendance_sheet"

    class_id: Mapped[str] = mapped_column(Id, primary_key=True)
    lesson_id: Mapped[str] = mapped_column(Id, primary_key=True)
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    plan_version: Mapped[int]
    digest: Mapped[str] = mapped_column(String(64))
    printed_at: Mapped[datetime] = mapped_column(Instant)


class Scan(Base):
    """A filled-in sheet that was scanned back; the file itself stands under its digest."""

    __tablename__ = "compliance_attendance_scan"

    class_id: Mapped[str] = mapped_column(Id, primary_key=True)
    sheet_id: Mapped[str] = mapped_column(Id, primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64), primary_key=True, info=file_digest())
    size: Mapped[int]
    media_type: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime] = mapped_column(Instant)


class LiveShow(Base):
    """A stretch for which a live lesson was held; ``ended_at`` is empty while its host has not ended it."""

    __tablename__ = "compliance_attendance_live"

    class_id: Mapped[str] = mapped_column(Id, primary_key=True)
    lesson_id: Mapped[str] = mapped_column(Id, primary_key=True)
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    started_at: Mapped[datetime] = mapped_column(Instant)
    ended_at: Mapped[datetime | None] = mapped_column(Instant)
