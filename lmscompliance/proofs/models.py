"""Tables of proofs. The class stands first in each key."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Date, ForeignKey, ForeignKeyConstraint, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from lmscompliance.files.models import StoredFile
from lmscompliance.storage.base import Base
from lmscompliance.storage.types import Id, Instant

PENDING = "pending"
ACCEPTED = "accepted"
REFUSED = "refused"


class Proof(Base):
    """A file somebody handed in for an enrolment; decided once, a better one is handed in anew.

    ``covers_from`` and ``covers_to`` are the days an itinerary shows, both included.
    """

    __tablename__ = "compliance_proof"
    __table_args__ = (
        ForeignKeyConstraint(
            ["class_id", "enrolment_id"], ["compliance_enrolment.class_id", "compliance_enrolment.id"]
        ),
    )

    class_id: Mapped[str] = mapped_column(Id, primary_key=True)
    enrolment_id: Mapped[str] = mapped_column(Id, primary_key=True)
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    sha256: Mapped[str] = mapped_column(String(64), ForeignKey(StoredFile.sha256))
    taken_on: Mapped[date | None] = mapped_column(Date)
    covers_from: Mapped[date | None] = mapped_column(Date)
    covers_to: Mapped[date | None] = mapped_column(Date)
    added_at: Mapped[datetime] = mapped_column(Instant)
    added_by: Mapped[str] = mapped_column(String(16))
    status: Mapped[str] = mapped_column(String(16))
    decided_at: Mapped[datetime | None] = mapped_column(Instant)
    reason_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)


class ProofView(Base):
    """Somebody looked at a proof's file."""

    __tablename__ = "compliance_proof_view"

    class_id: Mapped[str] = mapped_column(Id, primary_key=True)
    proof_id: Mapped[str] = mapped_column(Id, primary_key=True)
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    account: Mapped[str] = mapped_column(String(255))
    role: Mapped[str] = mapped_column(String(16))
    at: Mapped[datetime] = mapped_column(Instant)
