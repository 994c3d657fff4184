"""Tables of filings. The class stands first in each key. Those of projects have a file of their own."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import BigInteger, Date, ForeignKey, ForeignKeyConstraint, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from lmscompliance.files.models import StoredFile
from lmscompliance.filing import project_models
from lmscompliance.storage.base import Base
from lmscompliance.storage.types import Id, Instant
from lmscompliance.training.models import TrainingClass


class FilingDocument(Base):
    """A stamped document of a filing; ``n`` counts a kind's versions from 0, the latest holds."""

    __tablename__ = "compliance_filing_document"

    class_id: Mapped[str] = mapped_column(Id, ForeignKey(TrainingClass.id), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16), primary_key=True)
    n: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    sha256: Mapped[str] = mapped_column(String(64), ForeignKey(StoredFile.sha256))
    by: Mapped[str] = mapped_column(String(255))
    at: Mapped[datetime] = mapped_column(Instant)


class FilingDeclaration(Base):
    """What the enterprise declares of itself for a class, in the order of ``n``; the latest holds."""

    __tablename__ = "compliance_filing_declaration"

    class_id: Mapped[str] = mapped_column(Id, ForeignKey(TrainingClass.id), primary_key=True)
    n: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    output_yuan: Mapped[int | None] = mapped_column(BigInteger)
    above_scale: Mapped[bool]
    by: Mapped[str] = mapped_column(String(255))
    at: Mapped[datetime] = mapped_column(Instant)


class TrainingNotice(Base):
    """A notice of the training to everybody in a class (培训通知), in the order of ``n``; none is changed."""

    __tablename__ = "compliance_training_notice"

    class_id: Mapped[str] = mapped_column(Id, ForeignKey(TrainingClass.id), primary_key=True)
    n: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    title: Mapped[str] = mapped_column(String(255))
    text: Mapped[str] = mapped_column(Text)
    sha256: Mapped[str] = mapped_column(String(64))
    by: Mapped[str] = mapped_column(String(255))
    at: Mapped[datetime] = mapped_column(Instant)


class NoticeReceipt(Base):
    """A trainee said that they read a notice; rows are only ever added, one a notice and enrolment."""

    __tablename__ = "compliance_notice_receipt"
    __table_args__ = (
        ForeignKeyConstraint(
            ["class_id", "n"], ["compliance_training_notice.class_id", "compliance_training_notice.n"]
        ),
        ForeignKeyConstraint(
            ["class_id", "enrolment_id"], ["compliance_enrolment.class_id", "compliance_enrolment.id"]
        ),
    )

    class_id: Mapped[str] = mapped_column(Id, primary_key=True)
    n: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    enrolment_id: Mapped[str] = mapped_column(Id, primary_key=True)
    at: Mapped[datetime] = mapped_column(Instant)


class FilingRecipient(Base):
    """Where filings under a policy go (受理单位, notice T11): of one district, or of all (``""``)."""

    __tablename__ = "compliance_filing_recipient"

    policy_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    district: Mapped[str] = mapped_column(String(64), primary_key=True)
    name: Mapped[str] = mapped_column(String(255))
    address: Mapped[str] = mapped_column(String(255))
    set_by: Mapped[str] = mapped_column(String(255))
    set_at: Mapped[datetime] = mapped_column(Instant)


class FilingDispatch(Base):
    """A pack that was sent to somebody, in the order of ``n``; ``listing`` is its ``SHA256SUMS``.

    ``received_on`` and what follows are empty until the recipient acknowledged it.
    """

    __tablename__ = "compliance_filing_dispatch"

    class_id: Mapped[str] = mapped_column(Id, ForeignKey(TrainingClass.id), primary_key=True)
    n: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    recipient: Mapped[str] = mapped_column(String(255))
    means: Mapped[str] = mapped_column(String(16))
    address_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    reference: Mapped[str] = mapped_column(String(128))
    sent_on: Mapped[date] = mapped_column(Date)
    sha256: Mapped[str] = mapped_column(String(64))
    listing: Mapped[str] = mapped_column(Text)
    by: Mapped[str] = mapped_column(String(255))
    at: Mapped[datetime] = mapped_column(Instant)
    received_on: Mapped[date | None] = mapped_column(Date)
    receipt: Mapped[str] = mapped_column(String(128))
    acknowledged_by: Mapped[str] = mapped_column(String(255))
    acknowledged_at: Mapped[datetime | None] = mapped_column(Instant)


class FilingReminder(Base):
    """A reminder of a day of a class: its row is what keeps it from coming twice.

    ``asked_at`` is when the host's notifier was handed it, ``told_at`` when that took it.
    """

    __tablename__ = "compliance_filing_reminder"

    class_id: Mapped[str] = mapped_column(Id, ForeignKey(TrainingClass.id), primary_key=True)
    kind: Mapped[str] = mapped_column(String(32), primary_key=True)
    due: Mapped[date] = mapped_column(Date, primary_key=True)
    at: Mapped[datetime] = mapped_column(Instant)
    asked_at: Mapped[datetime | None] = mapped_column(Instant)
    told_at: Mapped[datetime | None] = mapped_column(Instant)


PROJECT_TABLES = project_models
"""Tables of what a project's filing rests on; they are loaded with this room's."""
