"""Tables of service mode: accounts, what they may do, their sessions, links and what happened to them.

Whatever opens a door (tokens, codes) is kept as a hash alone; whatever names a person is sealed.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from lmscompliance.evidence import guards as evidence_guards
from lmscompliance.identity.models import Person
from lmscompliance.service import guards
from lmscompliance.storage.base import Base
from lmscompliance.storage.personal import blind
from lmscompliance.storage.statements import table
from lmscompliance.storage.types import Id, Instant
from lmscompliance.training.models import TrainingClass

LOGIN = "service.login"
"""The domain of a login's blind index."""
LOGIN_PLACE = "compliance_login.login_sealed"
FORGOTTEN_AFTER = timedelta(hours=24)
"""How long after the last of them wrong passwords are counted."""


class Login(Base):
    """Somebody who can sign in. ``id`` is what the rest of the house knows as the actor's account.

    ``login`` is a name that staff chose, a trainee's is their phone. No password yet: ``password_hash`` is
    empty. ``totp_sealed`` without ``totp_since`` is a secret that was shown and not yet confirmed;
    ``totp_step`` is the last time step a code was taken of, so that none is taken twice.
    """

    __tablename__ = "compliance_login"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    login_blind: Mapped[str] = mapped_column(String(64), unique=True, info=blind(LOGIN, of="login_sealed"))
    login_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    name_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    person_id: Mapped[str | None] = mapped_column(Id, ForeignKey(Person.id), unique=True)
    password_hash: Mapped[str] = mapped_column(String(255))
    totp_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    totp_since: Mapped[datetime | None] = mapped_column(Instant)
    totp_step: Mapped[int] = mapped_column(BigInteger)
    locale: Mapped[str] = mapped_column(String(8))
    created_at: Mapped[datetime] = mapped_column(Instant)
    locked_at: Mapped[datetime | None] = mapped_column(Instant)


class LoginGrant(Base):
    """A role within a scope. Never changed, only revoked: the row stays as the record of who could what."""

    __tablename__ = "compliance_login_grant"

    login_id: Mapped[str] = mapped_column(Id, ForeignKey(Login.id), primary_key=True)
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    role: Mapped[str] = mapped_column(String(16))
    scope: Mapped[str] = mapped_column(String(64))
    granted_at: Mapped[datetime] = mapped_column(Instant)
    granted_by: Mapped[str] = mapped_column(String(255))
    revoked_at: Mapped[datetime | None] = mapped_column(Instant)
    revoked_by: Mapped[str | None] = mapped_column(String(255))


class AuditorLink(Base):
    """A link that lets its holder read one class until it expires or is revoked."""

    __tablename__ = "compliance_auditor_link"

    class_id: Mapped[str] = mapped_column(Id, ForeignKey(TrainingClass.id), primary_key=True)
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    holder_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    made_at: Mapped[datetime] = mapped_column(Instant)
    made_by: Mapped[str] = mapped_column(String(255))
    expires_at: Mapped[datetime] = mapped_column(Instant)
    revoked_at: Mapped[datetime | None] = mapped_column(Instant)
    uses: Mapped[int]
    used_at: Mapped[datetime | None] = mapped_column(Instant)


class LoginSession(Base):
    """One browser that signed in: by an account, or by an auditor's link (``class_id`` and ``link_id``).

    ``stage`` says what is still owed before it counts (``STAGES`` of ``service.sessions``). It acts as
    ``role`` within ``scope``. The row outlives the session, as the record of it.
    """

    __tablename__ = "compliance_login_session"
    __table_args__ = (Index(None, "login_id", "ended_at"), Index(None, "link_id"))

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    id: Mapped[str] = mapped_column(Id, unique=True)
    login_id: Mapped[str | None] = mapped_column(Id, ForeignKey(Login.id))
    class_id: Mapped[str | None] = mapped_column(Id)
    link_id: Mapped[str | None] = mapped_column(Id)
    stage: Mapped[str] = mapped_column(String(8))
    role: Mapped[str] = mapped_column(String(16))
    scope: Mapped[str] = mapped_column(String(64))
    agent_blind: Mapped[str] = mapped_column(String(64), info=blind("service.agent", of="agent_sealed"))
    agent_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    ip_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(Instant)
    seen_at: Mapped[datetime] = mapped_column(Instant)
    ends_at: Mapped[datetime] = mapped_column(Instant)
    ended_at: Mapped[datetime | None] = mapped_column(Instant)


class OneTimeLink(Base):
    """A link with which an account's owner chooses a password: an invitation, or a reset."""

    __tablename__ = "compliance_login_link"
    __table_args__ = (Index(None, "login_id"),)

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    login_id: Mapped[str] = mapped_column(Id, ForeignKey(Login.id))
    made_at: Mapped[datetime] = mapped_column(Instant)
    expires_at: Mapped[datetime] = mapped_column(Instant)
    used_at: Mapped[datetime | None] = mapped_column(Instant)


class RecoveryCode(Base):
    """A code that stands in once for a lost second factor."""

    __tablename__ = "compliance_login_recovery"

    login_id: Mapped[str] = mapped_column(Id, ForeignKey(Login.id), primary_key=True)
    code_blind: Mapped[str] = mapped_column(
        String(64), primary_key=True, info=blind("service.recovery", lasting=True)
    )
    used_at: Mapped[datetime | None] = mapped_column(Instant)


class PhoneCode(Base):
    """The code last sent to a registered person's phone; a new one replaces it, a right one removes it."""

    __tablename__ = "compliance_phone_code"

    person_id: Mapped[str] = mapped_column(Id, ForeignKey(Person.id), primary_key=True)
    code_blind: Mapped[str] = mapped_column(
        String(64), info=blind("service.phone_code", expires="expires_at")
    )
    expires_at: Mapped[datetime] = mapped_column(Instant)
    tries: Mapped[int]


class LoginThrottle(Base):
    """Wrong passwords in a row for a login, whether or not such a login exists."""

    __tablename__ = "compliance_login_throttle"

    login_blind: Mapped[str] = mapped_column(
        String(64),
        primary_key=True,
        info=blind(LOGIN, expires="failed_at", after=FORGOTTEN_AFTER),
    )
    failures: Mapped[int]
    failed_at: Mapped[datetime] = mapped_column(Instant)
    until: Mapped[datetime | None] = mapped_column(Instant)


class SecurityEvent(Base):
    """What happened to an account, a session or a link. Rows are only ever added."""

    __tablename__ = "compliance_security_event"
    __table_args__ = (Index(None, "login_id", "id"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    at: Mapped[datetime] = mapped_column(Instant)
    kind: Mapped[str] = mapped_column(String(40))
    login_id: Mapped[str | None] = mapped_column(Id)
    by: Mapped[str] = mapped_column(String(255))
    ip_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    detail: Mapped[str] = mapped_column(Text)


evidence_guards.after_create(table(SecurityEvent), "sqlite", guards.sqlite())
evidence_guards.after_create(table(SecurityEvent), "postgresql", guards.postgresql())
evidence_guards.guarded(guards.EVENT, guards.NAMES)
