"""The last judgement of each enrolment, so that a class of thousands can be listed, and objections."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from sqlalchemy import Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from lmscompliance.storage.base import Base
from lmscompliance.storage.personal import sealed
from lmscompliance.storage.types import ExactDecimal, Id, Instant


class Completion(Base):
    """What an enrolment's training came to when it was last judged.

    A cache: everything here follows from the facts and may be deleted and judged anew, except that
    ``completed_at`` says when completion was first seen. ``judged_sessions`` is how many segments of closed
    sessions (one may get more, of late beats), corrections and other facts the judgement has seen,
    ``judged_checks`` how many decided presence checks; where one differs from how many there are,
    ``service.refresh_due`` judges again. ``offline_hours`` are part of ``total_hours``.
    """

    __tablename__ = "compliance_completion"

    class_id: Mapped[str] = mapped_column(Id, primary_key=True)
    enrolment_id: Mapped[str] = mapped_column(Id, primary_key=True)
    judged_sessions: Mapped[int]
    judged_checks: Mapped[int] = mapped_column(server_default="0")
    judged_at: Mapped[datetime] = mapped_column(Instant)
    total_hours: Mapped[Decimal] = mapped_column(ExactDecimal)
    # A default in the database: the release before this one writes rows without it.
    offline_hours: Mapped[Decimal] = mapped_column(ExactDecimal, server_default="0")
    average_minutes: Mapped[Decimal] = mapped_column(ExactDecimal)
    credited_seconds: Mapped[int]
    wall_seconds: Mapped[int]
    training_met: Mapped[bool]
    completed_at: Mapped[datetime | None] = mapped_column(Instant)


class Dispute(Base):
    """A trainee's objection (异议) to a stretch that was not credited, and what became of it.

    ``reason`` is the code the stretch had when the objection was raised. ``decision`` is ``None`` while it
    waits, then ``upheld`` or ``rejected``, once and for all. Texts are sealed: people write names into them.
    """

    __tablename__ = "compliance_dispute"
    __table_args__ = (Index(None, "class_id", "enrolment_id"),)

    class_id: Mapped[str] = mapped_column(Id, primary_key=True)
    dispute_id: Mapped[str] = mapped_column(Id, primary_key=True)
    enrolment_id: Mapped[str] = mapped_column(Id)
    session_id: Mapped[str] = mapped_column(Id)
    start_at: Mapped[datetime] = mapped_column(Instant)
    end_at: Mapped[datetime] = mapped_column(Instant)
    reason: Mapped[str] = mapped_column(String(32))
    text_sealed: Mapped[bytes] = mapped_column(LargeBinary, info=sealed("compliance_dispute.text"))
    opened_at: Mapped[datetime] = mapped_column(Instant)
    decision: Mapped[str | None] = mapped_column(String(8))
    decided_at: Mapped[datetime | None] = mapped_column(Instant)
    decided_by: Mapped[str | None] = mapped_column(String(255))
    answer_sealed: Mapped[bytes | None] = mapped_column(LargeBinary, info=sealed("compliance_dispute.answer"))
