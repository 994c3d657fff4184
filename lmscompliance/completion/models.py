"""The last judgement of each enrolment, kept so that a class of thousands can be listed."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from sqlalchemy.orm import Mapped, mapped_column

from lmscompliance.storage.base import Base
from lmscompliance.storage.types import ExactDecimal, Id, Instant


class Completion(Base):
    """What an enrolment's training came to when it was last judged.

    A cache: everything here follows from the facts and may be deleted and judged anew, except that
    ``completed_at`` says when completion was first seen. ``judged_sessions`` is how many closed sessions
    and facts of attendance the judgement has seen, ``judged_checks`` how many decided presence checks; where
    one differs from how many there are, ``service.refresh_due`` judges again. ``offline_hours`` are part of
    ``total_hours``.
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
