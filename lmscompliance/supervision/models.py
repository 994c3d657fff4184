"""Tables of supervision. All but decisions and networks follow from the facts and may be found anew.

No table here is written by a heartbeat, and none has a foreign key into the tables of learning.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Date, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from lmscompliance.storage.base import Base
from lmscompliance.storage.personal import blind, sealed
from lmscompliance.storage.types import Id, Instant
from lmscompliance.training.models import Enterprise

OPEN, INSPECT, CLEARED, CONFIRMED = "open", "inspect", "cleared", "confirmed"
DECISIONS = (INSPECT, CLEARED, CONFIRMED)
STATUSES = (OPEN, *DECISIONS)


class Watched(Base):
    """How much of an enrolment has been looked at.

    ``judged_at`` is when completion had made the judgement that was found then; where it has made another
    since, there is something new. ``compared`` is false until what is new was compared with the sessions of
    others.
    """

    __tablename__ = "compliance_watched"

    class_id: Mapped[str] = mapped_column(Id, primary_key=True)
    enrolment_id: Mapped[str] = mapped_column(Id, primary_key=True)
    judged_at: Mapped[datetime | None] = mapped_column(Instant)
    seen_at: Mapped[datetime] = mapped_column(Instant)
    compared: Mapped[bool]


class StudyDay(Base):
    """What one enrolment studied on one Shanghai day, as of its last look: a cache for sums."""

    __tablename__ = "compliance_study_day"
    __table_args__ = (Index(None, "day", "class_id"),)

    class_id: Mapped[str] = mapped_column(Id, primary_key=True)
    enrolment_id: Mapped[str] = mapped_column(Id, primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    credited_seconds: Mapped[int]
    wall_seconds: Mapped[int]


class SeenAt(Base):
    """A closed session seen at an address with a browser, from segment ``n`` on; compared by digest alone."""

    __tablename__ = "compliance_seen_at"
    __table_args__ = (Index(None, "ip_blind", "day"),)

    enrolment_id: Mapped[str] = mapped_column(Id, primary_key=True)
    session_id: Mapped[str] = mapped_column(Id, primary_key=True)
    n: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    class_id: Mapped[str] = mapped_column(Id)
    person_id: Mapped[str] = mapped_column(Id)
    day: Mapped[date] = mapped_column(Date)
    first_at: Mapped[datetime] = mapped_column(Instant)
    last_at: Mapped[datetime] = mapped_column(Instant)
    ip_blind: Mapped[str] = mapped_column(String(64), info=blind("ip", of="ip_sealed"))
    ip_sealed: Mapped[bytes] = mapped_column(LargeBinary, info=sealed("compliance_session.ip"))
    agent_blind: Mapped[str] = mapped_column(String(64), info=blind("agent", of="agent_sealed"))
    agent_sealed: Mapped[bytes | None] = mapped_column(LargeBinary, info=sealed("compliance_session.agent"))


class Anomaly(Base):
    """Something unusual about a class's learning, found once, whatever is seen of it later.

    ``subject`` names it within its kind; ``enrolment_id`` is empty where several people are concerned.
    ``detail`` is JSON: ``facts`` (figures), ``sessions`` and ``enrolments`` (ids). While nobody has decided
    (``status`` is ``open``), what is seen later is written into it.
    """

    __tablename__ = "compliance_anomaly"
    __table_args__ = (
        UniqueConstraint("class_id", "kind", "subject"),
        Index(None, "class_id", "status"),
        Index(None, "enrolment_id"),
    )

    class_id: Mapped[str] = mapped_column(Id, primary_key=True)
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    kind: Mapped[str] = mapped_column(String(32))
    subject: Mapped[str] = mapped_column(String(128))
    severity: Mapped[str] = mapped_column(String(8))
    enrolment_id: Mapped[str | None] = mapped_column(Id)
    first_at: Mapped[datetime] = mapped_column(Instant)
    last_at: Mapped[datetime] = mapped_column(Instant)
    found_at: Mapped[datetime] = mapped_column(Instant)
    detail: Mapped[str] = mapped_column(Text)
    ip_sealed: Mapped[bytes | None] = mapped_column(LargeBinary, info=sealed("compliance_session.ip"))
    status: Mapped[str] = mapped_column(String(16))


class AnomalyDecision(Base):
    """What somebody decided about an anomaly; never changed, a later one is another row."""

    __tablename__ = "compliance_anomaly_decision"

    class_id: Mapped[str] = mapped_column(Id, primary_key=True)
    anomaly_id: Mapped[str] = mapped_column(Id, primary_key=True)
    n: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    decision: Mapped[str] = mapped_column(String(16))
    reason: Mapped[str] = mapped_column(Text)
    decided_at: Mapped[datetime] = mapped_column(Instant)
    account: Mapped[str] = mapped_column(String(255))
    role: Mapped[str] = mapped_column(String(32))


class KnownNetwork(Base):
    """A network many people of one enterprise are expected to share (a factory's way out)."""

    __tablename__ = "compliance_known_network"

    enterprise_id: Mapped[str] = mapped_column(Id, ForeignKey(Enterprise.id), primary_key=True)
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    cidr_sealed: Mapped[bytes] = mapped_column(LargeBinary, info=sealed("compliance_known_network.cidr"))
    reason: Mapped[str] = mapped_column(Text)
    added_at: Mapped[datetime] = mapped_column(Instant)
    added_by: Mapped[str] = mapped_column(String(255))
    withdrawn_at: Mapped[datetime | None] = mapped_column(Instant)
    withdrawn_by: Mapped[str | None] = mapped_column(String(255))


class NetworkTold(Base):
    """That a class's evidence says of a known network, or of its withdrawal."""

    __tablename__ = "compliance_known_network_told"

    class_id: Mapped[str] = mapped_column(Id, primary_key=True)
    network_id: Mapped[str] = mapped_column(Id, primary_key=True)
    event: Mapped[str] = mapped_column(String(32), primary_key=True)
