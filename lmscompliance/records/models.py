"""Tables of reported sessions. The enrolment stands first in each key, as in the learning history."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from lmscompliance.storage.base import Base
from lmscompliance.storage.personal import blind, sealed
from lmscompliance.storage.types import Id, Instant


class ReportedSession(Base):
    """A session as another system reported it; written once.

    ``lesson_id`` is empty where it belongs to no lesson of the plan. ``moments`` holds
    ``offset,length;`` in seconds for each thing that was reported, as its leaf does.
    """

    __tablename__ = "compliance_reported_session"
    __table_args__ = (Index(None, "class_id"),)

    enrolment_id: Mapped[str] = mapped_column(Id, primary_key=True)
    record_id: Mapped[str] = mapped_column(Id, primary_key=True)
    class_id: Mapped[str] = mapped_column(Id)
    batch_id: Mapped[str] = mapped_column(Id)
    format: Mapped[str] = mapped_column(String(16))
    lesson_id: Mapped[str] = mapped_column(Id)
    start_at: Mapped[datetime] = mapped_column(Instant)
    end_at: Mapped[datetime] = mapped_column(Instant)
    idle_seconds: Mapped[int]
    moments: Mapped[str] = mapped_column(Text)
    ip_sealed: Mapped[bytes] = mapped_column(LargeBinary, info=sealed("compliance_reported_session.ip"))
    actor_sealed: Mapped[bytes] = mapped_column(LargeBinary, info=sealed("compliance_reported_session.actor"))
    recorded_at: Mapped[datetime] = mapped_column(Instant)


class ReportedRow(Base):
    """A row that was imported, as a keyed digest: the same row never becomes time twice."""

    __tablename__ = "compliance_reported_row"

    enrolment_id: Mapped[str] = mapped_column(Id, primary_key=True)
    row_blind: Mapped[str] = mapped_column(
        String(64), primary_key=True, info=blind("reported.row", of="row_sealed")
    )
    batch_id: Mapped[str] = mapped_column(Id)
    row_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
