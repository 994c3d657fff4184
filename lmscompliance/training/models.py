"""Tables of classes. The class is the distribution key: it stands first in each key below it."""

from __future__ import annotations

import json
from datetime import datetime
from decimal import Decimal

from sqlalchemy import (
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
from lmscompliance.identity.models import Person
from lmscompliance.kernel.clock import to_micros
from lmscompliance.rules.merging import MergeFact
from lmscompliance.storage.base import Base
from lmscompliance.storage.personal import blind
from lmscompliance.storage.types import ExactDecimal, Id, Instant


class PolicyText(Base):
    """The exact effective bytes of each policy version a class was filed under.

    A class keeps its policy for ever: later edits or removal of the policy's file change nothing here.
    """

    __tablename__ = "compliance_policy_text"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    id: Mapped[str] = mapped_column(String(64))
    version: Mapped[int]
    effective: Mapped[bytes] = mapped_column(LargeBinary)


class Enterprise(Base):
    """An enterprise, known by its unified social credit code."""

    __tablename__ = "compliance_enterprise"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    uscc: Mapped[str] = mapped_column(String(18), unique=True)
    name: Mapped[str] = mapped_column(String(255))
    district: Mapped[str] = mapped_column(String(64))


class TrainingClass(Base):
    """A class filed by an enterprise under one policy version.

    ``window_start`` is the first instant that can count, ``window_end`` the first that cannot any more.
    ``district`` is the one it was filed in, whatever becomes of the enterprise. ``plan_version`` is 0
    until a plan is published.
    """

    __tablename__ = "compliance_class"
    __table_args__ = (Index(None, "enterprise_id"), Index(None, "district"))

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    code: Mapped[str] = mapped_column(String(64), unique=True)
    title: Mapped[str] = mapped_column(String(255))
    enterprise_id: Mapped[str] = mapped_column(Id, ForeignKey(Enterprise.id))
    district: Mapped[str] = mapped_column(String(64))
    policy_id: Mapped[str] = mapped_column(String(64))
    policy_version: Mapped[int]
    policy_digest: Mapped[str] = mapped_column(String(64), ForeignKey(PolicyText.digest))
    window_start: Mapped[datetime] = mapped_column(Instant)
    window_end: Mapped[datetime] = mapped_column(Instant)
    status: Mapped[str] = mapped_column(String(16))
    filed_at: Mapped[datetime] = mapped_column(Instant)
    approved_at: Mapped[datetime | None] = mapped_column(Instant)
    filing_number: Mapped[str] = mapped_column(String(128))
    plan_version: Mapped[int]


class ClassStep(Base):
    """A step of a class's life, in the order of ``n``; ``by`` is empty for one that time alone made."""

    __tablename__ = "compliance_class_step"

    class_id: Mapped[str] = mapped_column(Id, ForeignKey(TrainingClass.id), primary_key=True)
    n: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    source: Mapped[str] = mapped_column(String(16))
    target: Mapped[str] = mapped_column(String(16))
    at: Mapped[datetime] = mapped_column(Instant)
    by: Mapped[str] = mapped_column(String(255))
    reason_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)


class Lesson(Base):
    """A lesson of a published plan; its content is frozen by ``content_sha256`` (hex).

    ``content_url`` is where the host plays it; empty means our own lesson page with our own content.
    A live or offline lesson (``mode``, of ``rules.facts.MODES``) takes place from ``starts_at`` to
    ``ends_at``; who teaches it is sealed, ``None`` where nobody is named.
    """

    __tablename__ = "compliance_lesson"
    __table_args__ = (UniqueConstraint("class_id", "ordinal"), Index(None, "id"))

    class_id: Mapped[str] = mapped_column(Id, ForeignKey(TrainingClass.id), primary_key=True)
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    ordinal: Mapped[int]
    topic: Mapped[str] = mapped_column(String(64))
    course: Mapped[str] = mapped_column(String(255))
    title: Mapped[str] = mapped_column(String(255))
    delivery: Mapped[str] = mapped_column(String(32))
    class_hours: Mapped[Decimal] = mapped_column(ExactDecimal)
    planned_seconds: Mapped[int]
    content_kind: Mapped[str] = mapped_column(String(16))
    content_url: Mapped[str] = mapped_column(Text)
    content_sha256: Mapped[str] = mapped_column(String(64))
    # Defaults in the database: the release before this one inserts lessons without these columns.
    mode: Mapped[str] = mapped_column(String(16), server_default="online")
    starts_at: Mapped[datetime | None] = mapped_column(Instant)
    ends_at: Mapped[datetime | None] = mapped_column(Instant)
    place: Mapped[str] = mapped_column(String(255), server_default=text("''"))
    teacher_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)


class Enrolment(Base):
    """A person in a class. Its random id is the only subject that appears in leaves.

    ``activated_at`` stays empty until the person has entered the one-time code and consented; before
    that nothing can be learnt under it.
    """

    __tablename__ = "compliance_enrolment"
    __table_args__ = (
        UniqueConstraint("class_id", "person_id"),
        UniqueConstraint("class_id", "ordinal"),
        Index(None, "id"),
        Index(None, "person_id"),
    )

    class_id: Mapped[str] = mapped_column(Id, ForeignKey(TrainingClass.id), primary_key=True)
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    person_id: Mapped[str] = mapped_column(Id, ForeignKey(Person.id))
    ordinal: Mapped[int]
    department_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    household_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    registered_at: Mapped[datetime] = mapped_column(Instant)
    verification_method: Mapped[str] = mapped_column(String(32))
    verification_result: Mapped[str] = mapped_column(String(16))
    verified_at: Mapped[datetime] = mapped_column(Instant)
    activated_at: Mapped[datetime | None] = mapped_column(Instant)
    consent_version: Mapped[str | None] = mapped_column(String(64))

    @property
    def enrolment_id(self) -> str:
        """Its own id, by the name that rows about an enrolment use."""
        return self.id


class ActivationCode(Base):
    """A one-time code, kept only as a keyed hash: a stolen table activates nobody.

    A code is spent (``used_at``) in the transaction that activates. A newer code for the same enrolment
    deletes the older row.
    """

    __tablename__ = "compliance_activation_code"
    __table_args__ = (
        ForeignKeyConstraint(
            ["class_id", "enrolment_id"], ["compliance_enrolment.class_id", "compliance_enrolment.id"]
        ),
        Index(None, "class_id", "enrolment_id"),
    )

    code_blind: Mapped[str] = mapped_column(
        String(64), primary_key=True, info=blind("activation.code", expires="expires_at")
    )
    class_id: Mapped[str] = mapped_column(Id)
    enrolment_id: Mapped[str] = mapped_column(Id)
    issued_at: Mapped[datetime] = mapped_column(Instant)
    expires_at: Mapped[datetime] = mapped_column(Instant)
    used_at: Mapped[datetime | None] = mapped_column(Instant)
    used_by: Mapped[str | None] = mapped_column(String(255))


class Verification(Base):
    """A real-name verification of an enrolment that somebody outside or people have to decide.

    ``purpose`` is ``registration``, ``exam`` or ``review``. Where a verifier is to be asked, the row itself
    is the promise: it is asked about once ``due_at`` has come, until it is decided. A photo was handed in for
    people to compare.
    """

    __tablename__ = "compliance_verification"
    __table_args__ = (
        ForeignKeyConstraint(
            ["class_id", "enrolment_id"], ["compliance_enrolment.class_id", "compliance_enrolment.id"]
        ),
        Index(None, "result", "due_at"),
    )

    class_id: Mapped[str] = mapped_column(Id, primary_key=True)
    enrolment_id: Mapped[str] = mapped_column(Id, primary_key=True)
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    purpose: Mapped[str] = mapped_column(String(16))
    method: Mapped[str] = mapped_column(String(32))
    result: Mapped[str] = mapped_column(String(16))
    asked_at: Mapped[datetime] = mapped_column(Instant)
    due_at: Mapped[datetime] = mapped_column(Instant)
    asks: Mapped[int]
    trouble: Mapped[str] = mapped_column(String(64))
    photo: Mapped[str | None] = mapped_column(String(64), ForeignKey(StoredFile.sha256))
    decided_at: Mapped[datetime | None] = mapped_column(Instant)
    reason_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)


class IdentityNote(Base):
    """A fact that ``rules.identity`` judges an enrolment by, in the order of ``n``."""

    __tablename__ = "compliance_identity_note"

    class_id: Mapped[str] = mapped_column(Id, primary_key=True)
    enrolment_id: Mapped[str] = mapped_column(Id, primary_key=True)
    n: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(String(16))
    at: Mapped[datetime] = mapped_column(Instant)


class MergeNote(Base):
    """A fact that ``rules.merging`` judges an enrolment by, in the order of ``n``.

    ``stretches`` is JSON: the stretches that yield, of a note of that kind. Ids and instants only.
    """

    __tablename__ = "compliance_merge_note"

    class_id: Mapped[str] = mapped_column(Id, primary_key=True)
    enrolment_id: Mapped[str] = mapped_column(Id, primary_key=True)
    n: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(String(16))
    merge_id: Mapped[str] = mapped_column(String(26))
    stretches: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(Instant)

    @property
    def fact(self) -> MergeFact:
        """The fact."""
        stretches = tuple((session, start, end) for session, start, end in json.loads(self.stretches))
        return MergeFact(to_micros(self.at), self.kind, self.merge_id, stretches)


class Accommodation(Base):
    """A trainee who was granted more time for each presence check and exam attempt, by whom and why."""

    __tablename__ = "compliance_presence_accommodation"

    enrolment_id: Mapped[str] = mapped_column(Id, primary_key=True)
    class_id: Mapped[str] = mapped_column(Id)
    granted: Mapped[bool]
    reason_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    set_by: Mapped[str] = mapped_column(String(255))
    set_at: Mapped[datetime] = mapped_column(Instant)
