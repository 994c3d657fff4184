"""Tables of claims. The class stands first in each key."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import BigInteger, Date, ForeignKeyConstraint, Index, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from lmscompliance.storage.base import Base
from lmscompliance.storage.types import ExactDecimal, Id, Instant

ASKED, SUBMITTED, RETURNED, DECIDED = "asked", "submitted", "returned", "decided"
"""What becomes of a claim; one that was only ``ASKED`` for is being judged and does not count anywhere."""
INSURED, LISTED, CATEGORY, SUBSIDISED = "insured", "listed", "category", "subsidised"
FACTS = (INSURED, LISTED, CATEGORY, SUBSIDISED)
"""What is imported about people: paid months, exclusion lists, declared categories, earlier subsidies."""
PAID, CLAWED_BACK = "paid", "clawed_back"


class ClassProject(Base):
    """What was agreed about a class's project (一事一议): its name, occupation, rates and overlap."""

    __tablename__ = "compliance_class_project"

    class_id: Mapped[str] = mapped_column(Id, primary_key=True)
    name: Mapped[str] = mapped_column(String(255))
    occupation: Mapped[str] = mapped_column(String(64))
    level: Mapped[int | None]
    approved_online: Mapped[Decimal | None] = mapped_column(ExactDecimal)
    approved_offline: Mapped[Decimal | None] = mapped_column(ExactDecimal)
    overlap_online: Mapped[Decimal | None] = mapped_column(ExactDecimal)
    overlap_offline: Mapped[Decimal | None] = mapped_column(ExactDecimal)
    overlap_per_person: Mapped[Decimal | None] = mapped_column(ExactDecimal)
    set_by: Mapped[str] = mapped_column(String(255))
    set_at: Mapped[datetime] = mapped_column(Instant)


class ClaimFact(Base):
    """Something imported about a trainee of the class; ``value_sealed`` is JSON.

    A list imported again under the same ``kind`` and ``name`` replaces what it said before.
    """

    __tablename__ = "compliance_claim_fact"
    __table_args__ = (
        ForeignKeyConstraint(
            ["class_id", "enrolment_id"], ["compliance_enrolment.class_id", "compliance_enrolment.id"]
        ),
    )

    class_id: Mapped[str] = mapped_column(Id, primary_key=True)
    enrolment_id: Mapped[str] = mapped_column(Id, primary_key=True)
    kind: Mapped[str] = mapped_column(String(16), primary_key=True)
    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    n: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    value_sealed: Mapped[bytes] = mapped_column(LargeBinary)


class ClaimList(Base):
    """An imported list: what it was, how many rows it had and how many were of this class."""

    __tablename__ = "compliance_claim_list"

    class_id: Mapped[str] = mapped_column(Id, primary_key=True)
    kind: Mapped[str] = mapped_column(String(16), primary_key=True)
    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64))
    rows: Mapped[int]
    matched: Mapped[int]
    by: Mapped[str] = mapped_column(String(255))
    at: Mapped[datetime] = mapped_column(Instant)


class Claim(Base):
    """A claim for a class. ``yuan`` and ``granted`` are those of its lines.

    At most one is neither returned nor only asked for.

    ``payee_sealed`` is JSON: bank, account, who handles it and who answers for it.
    """

    __tablename__ = "compliance_claim"

    class_id: Mapped[str] = mapped_column(Id, primary_key=True)
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    status: Mapped[str] = mapped_column(String(16))
    submitted_at: Mapped[datetime] = mapped_column(Instant)
    submitted_by: Mapped[str] = mapped_column(String(255))
    payee_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    people: Mapped[int]
    granted: Mapped[int]
    yuan: Mapped[Decimal] = mapped_column(ExactDecimal)
    decided_at: Mapped[datetime | None] = mapped_column(Instant)
    decided_by: Mapped[str] = mapped_column(String(255))
    reference: Mapped[str] = mapped_column(String(128))
    reason_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)


class ClaimPreview(Base):
    """What a claim would have come to when it was judged; with ``key`` as if that parameter had ``value``.

    A cache that can be judged anew. ``entries`` and ``sha256`` are the state of the class's evidence then;
    ``reasons`` is JSON: each reason's verdict and how many people it keeps out, nobody by name.
    """

    __tablename__ = "compliance_claim_preview"

    class_id: Mapped[str] = mapped_column(Id, primary_key=True)
    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    value: Mapped[str] = mapped_column(String(255))
    judged_at: Mapped[datetime] = mapped_column(Instant)
    entries: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(String(64))
    people: Mapped[int]
    granted: Mapped[int]
    yuan: Mapped[Decimal] = mapped_column(ExactDecimal)
    reasons: Mapped[str] = mapped_column(Text)


class ClaimLine(Base):
    """A trainee of a claim: granted or not, how many yuan, and why, line by line.

    ``day``, ``project``, ``occupation`` and ``level`` are what later claims for the same person are judged
    beside. ``explained_sealed`` is JSON: verdicts and steps of the sum, with their clauses.
    """

    __tablename__ = "compliance_claim_line"
    __table_args__ = (
        ForeignKeyConstraint(["class_id", "claim_id"], ["compliance_claim.class_id", "compliance_claim.id"]),
        Index(None, "person_id"),
    )

    class_id: Mapped[str] = mapped_column(Id, primary_key=True)
    claim_id: Mapped[str] = mapped_column(Id, primary_key=True)
    enrolment_id: Mapped[str] = mapped_column(Id, primary_key=True)
    ordinal: Mapped[int]
    person_id: Mapped[str] = mapped_column(Id)
    project: Mapped[str] = mapped_column(String(255))
    day: Mapped[date] = mapped_column(Date)
    occupation: Mapped[str] = mapped_column(String(64))
    level: Mapped[int | None]
    granted: Mapped[bool]
    yuan: Mapped[Decimal] = mapped_column(ExactDecimal)
    explained_sealed: Mapped[bytes] = mapped_column(LargeBinary)


class ClaimPayment(Base):
    """Money that went out for a claim, or was asked back of it; rows are only ever added."""

    __tablename__ = "compliance_claim_payment"
    __table_args__ = (
        ForeignKeyConstraint(["class_id", "claim_id"], ["compliance_claim.class_id", "compliance_claim.id"]),
    )

    class_id: Mapped[str] = mapped_column(Id, primary_key=True)
    claim_id: Mapped[str] = mapped_column(Id, primary_key=True)
    n: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(String(16))
    enrolment_id: Mapped[str | None] = mapped_column(Id)
    yuan: Mapped[Decimal] = mapped_column(ExactDecimal)
    reference: Mapped[str] = mapped_column(String(128))
    reason_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    by: Mapped[str] = mapped_column(String(255))
    at: Mapped[datetime] = mapped_column(Instant)
