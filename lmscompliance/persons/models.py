"""What trainees ask to have corrected about themselves."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from lmscompliance.storage.base import Base
from lmscompliance.storage.types import Id, Instant

OPEN, ACCEPTED, REFUSED = "open", "accepted", "refused"


class CorrectionRequest(Base):
    """Somebody says that a detail about them is wrong; decided once, by people, with a reason.

    ``field`` is ``name``, ``id_number``, ``phone`` or ``other``.
    """

    __tablename__ = "compliance_correction_request"
    __table_args__ = (Index(None, "state", "asked_at"),)

    class_id: Mapped[str] = mapped_column(Id, primary_key=True)
    enrolment_id: Mapped[str] = mapped_column(Id, primary_key=True)
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    field: Mapped[str] = mapped_column(String(16))
    wanted_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    reason_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    asked_at: Mapped[datetime] = mapped_column(Instant)
    state: Mapped[str] = mapped_column(String(16))
    decided_at: Mapped[datetime | None] = mapped_column(Instant)
    decided_by: Mapped[str | None] = mapped_column(String(255))
    answer_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
