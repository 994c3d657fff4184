"""Tables of people. Everything personal is sealed by the vault; equality is asked of the blind index.

A row is never the only copy of a verdict: what matters to an audit is also a leaf of the evidence log.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from lmscompliance.storage.base import Base
from lmscompliance.storage.personal import blind
from lmscompliance.storage.types import Id, Instant


class Person(Base):
    """One human being, once: the blind index of the normalised number is unique over all classes.

    ``given_number_sealed`` keeps the number as it was first handed in when that differs from the
    normalised form (a 15-digit number), so both forms stay provable.
    """

    __tablename__ = "compliance_person"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    name_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    sex_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    birth_date_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    id_kind: Mapped[str] = mapped_column(String(32))
    id_number_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    id_number_blind: Mapped[str] = mapped_column(
        String(64), unique=True, info=blind("person.id_number", of="id_number_sealed")
    )
    given_number_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    phone_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    phone_blind: Mapped[str] = mapped_column(
        String(64), index=True, info=blind("person.phone", of="phone_sealed")
    )
    created_at: Mapped[datetime] = mapped_column(Instant)


class PersonLink(Base):
    """That a record turned out to be of the same human as another one, or that this was taken back.

    Rows are only ever added; of one person the latest ``n`` holds. ``into_id`` is the record that survives,
    ``None`` where the union ``merge_id`` was taken back. A record that others were united with is never
    united with a third itself, so one step leads to the one that holds.
    """

    __tablename__ = "compliance_person_link"

    person_id: Mapped[str] = mapped_column(Id, ForeignKey(Person.id), primary_key=True)
    n: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    into_id: Mapped[str | None] = mapped_column(Id, ForeignKey(Person.id), index=True)
    merge_id: Mapped[str] = mapped_column(Id)
    case_id: Mapped[str] = mapped_column(Id)
    at: Mapped[datetime] = mapped_column(Instant)
    by_account: Mapped[str] = mapped_column(String(255))
    reason_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    basis_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)


class Account(Base):
    """Which host account is which person. One account, one person; set by activation, never guessed."""

    __tablename__ = "compliance_account"

    external_id: Mapped[str] = mapped_column(String(255), primary_key=True)
    person_id: Mapped[str] = mapped_column(Id, ForeignKey(Person.id), unique=True)
    activated_at: Mapped[datetime] = mapped_column(Instant)
    ip_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    consent_version: Mapped[str] = mapped_column(String(64))


class GuessCounter(Base):
    """Failed one-time codes of a host account, kept in the database so that every worker counts together."""

    __tablename__ = "compliance_guess_counter"

    external_id: Mapped[str] = mapped_column(String(255), primary_key=True)
    failures: Mapped[int]
    first_failed_at: Mapped[datetime] = mapped_column(Instant)


class IdentityCase(Base):
    """A question only a human can answer, with both sides kept.

    ``kind`` is ``other-name`` (one number under two names) or ``two-records`` (two numbers that may be one
    person's). ``fingerprint`` is a blind index of the
    finding, so importing the same file again does not open the case twice. ``origin`` says where it was
    found (``class/<id>``), ``decision`` is the latest word
    on it, ``state`` is ``open`` or ``settled``; ``side_a_sealed`` and
    ``side_b_sealed`` are JSON objects.
    """

    __tablename__ = "compliance_identity_case"
    __table_args__ = (Index(None, "state", "opened_at"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    kind: Mapped[str] = mapped_column(String(32))
    fingerprint: Mapped[str] = mapped_column(
        String(64), unique=True, info=blind("identity.case", of="finding_sealed")
    )
    finding_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    person_id: Mapped[str | None] = mapped_column(Id, ForeignKey(Person.id))
    origin: Mapped[str] = mapped_column(String(64))
    side_a_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    side_b_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    opened_at: Mapped[datetime] = mapped_column(Instant)
    state: Mapped[str] = mapped_column(String(16))
    decided_at: Mapped[datetime | None] = mapped_column(Instant)
    decided_by: Mapped[str | None] = mapped_column(String(255))
    decision: Mapped[str | None] = mapped_column(String(2000))
    reason_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)


class Consent(Base):
    """A trainee's consent to one purpose: the version last agreed to, and when it was taken back."""

    __tablename__ = "compliance_consent"

    class_id: Mapped[str] = mapped_column(Id, primary_key=True)
    enrolment_id: Mapped[str] = mapped_column(Id, primary_key=True)
    purpose: Mapped[str] = mapped_column(String(48), primary_key=True)
    version: Mapped[str] = mapped_column(String(64))
    given_at: Mapped[datetime] = mapped_column(Instant)
    withdrawn_at: Mapped[datetime | None] = mapped_column(Instant)


class Look(Base):
    """Somebody was shown what is otherwise masked: ``what`` of whom, and why.

    ``reason`` is the occasion as a code, ``words_sealed`` what the person said it was for. Of a whole class
    ``enrolment_id`` is empty.
    """

    __tablename__ = "compliance_look"

    class_id: Mapped[str] = mapped_column(Id, primary_key=True)
    enrolment_id: Mapped[str] = mapped_column(Id, primary_key=True)
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    account: Mapped[str] = mapped_column(String(255))
    role: Mapped[str] = mapped_column(String(16))
    what: Mapped[str] = mapped_column(String(32))
    reason: Mapped[str] = mapped_column(String(500))
    words_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    at: Mapped[datetime] = mapped_column(Instant)
