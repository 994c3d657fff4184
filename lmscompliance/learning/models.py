"""Tables of learning time: a small hot one of open sessions, and closed history apart from it.

The enrolment is the distribution key and stands first in each primary key. None of these tables has a
foreign key: enrolments are keyed by their class, and a key across two distributions would keep either
from being moved. Session ids are ULIDs and sort by time, so the history can be partitioned by month on
``session_id`` without another column in its keys.
"""

from __future__ import annotations

from datetime import datetime
from typing import cast

from sqlalchemy import BigInteger, Index, LargeBinary, String, Table, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from lmscompliance.learning.presence import models as presence_models
from lmscompliance.storage.base import Base
from lmscompliance.storage.personal import blind, sealed
from lmscompliance.storage.types import Id, Instant


class OpenSession(Base):
    """A session that still takes beats. A beat is one UPDATE of this row and of nothing else.

    No column that a beat changes is indexed, and pages keep 30 % free: PostgreSQL then rewrites the row
    within its page (HOT) and touches no index. That is also why nobody may add an index on ``last_at`` or
    on an address here.

    All instants are whole milliseconds, so that offsets in ``beats`` are exact. ``beats`` holds the
    accepted beats of the running segment, each as ``seq,offset_ms,position_ms,state;`` with the offset
    counted from ``segment_start``. ``slow_at`` is the first instant at which a beat must leave the single
    UPDATE and take the slow path: the segment's due end, which anything else that wants a word with the
    next beat may bring forward. ``address_new`` says that the running segment began at another address
    or device than the one before it. ``check_at`` is the drawn moment of the next presence check, or nothing
    where the policy asks for none.

    ``active`` is true for at most one session of a person, which the database holds. A session that was
    taken over stays here, inactive, and its beats are still kept until it ends or falls silent.
    """

    __tablename__ = "compliance_open_session"
    __table_args__ = (
        Index(
            "uq_compliance_open_session_active_person",
            "person_id",
            unique=True,
            sqlite_where=text("active"),
            postgresql_where=text("active"),
        ),
        {"postgresql_with": {"fillfactor": 70}},
    )

    enrolment_id: Mapped[str] = mapped_column(Id, primary_key=True)
    session_id: Mapped[str] = mapped_column(Id, primary_key=True)
    class_id: Mapped[str] = mapped_column(Id)
    person_id: Mapped[str] = mapped_column(Id)
    lesson_id: Mapped[str] = mapped_column(Id)
    opened_at: Mapped[datetime] = mapped_column(Instant)
    active: Mapped[bool]
    superseded_at: Mapped[datetime | None] = mapped_column(Instant)
    superseded_by: Mapped[str | None] = mapped_column(Id)
    segment_n: Mapped[int]
    segment_start: Mapped[datetime] = mapped_column(Instant)
    slow_at: Mapped[datetime] = mapped_column(Instant)
    check_at: Mapped[datetime | None] = mapped_column(Instant)
    last_at: Mapped[datetime] = mapped_column(Instant)
    last_seq: Mapped[int]
    last_position_ms: Mapped[int] = mapped_column(BigInteger)
    last_state: Mapped[str] = mapped_column(String(8))
    beats: Mapped[str] = mapped_column(Text)
    ip_sealed: Mapped[bytes] = mapped_column(LargeBinary, info=sealed("compliance_session.ip"))
    agent_sealed: Mapped[bytes] = mapped_column(LargeBinary, info=sealed("compliance_session.agent"))
    ip_blind: Mapped[str] = mapped_column(String(64), info=blind("ip", of="ip_sealed"))
    agent_blind: Mapped[str] = mapped_column(String(64), info=blind("agent", of="agent_sealed"))
    address_new: Mapped[bool]


class ClosedSession(Base):
    """A session that takes no more beats in time; written when it closes, moved on only by late segments.

    ``closed_at`` is its last sign of life, never the moment somebody noticed. ``close_reason`` is
    ``end``, ``timeout`` or ``superseded``. ``segments`` counts its rows in ``Segment``.
    """

    __tablename__ = "compliance_session"
    __table_args__ = (Index(None, "class_id", "opened_at"),)

    enrolment_id: Mapped[str] = mapped_column(Id, primary_key=True)
    session_id: Mapped[str] = mapped_column(Id, primary_key=True)
    class_id: Mapped[str] = mapped_column(Id)
    person_id: Mapped[str] = mapped_column(Id)
    lesson_id: Mapped[str] = mapped_column(Id)
    opened_at: Mapped[datetime] = mapped_column(Instant)
    closed_at: Mapped[datetime] = mapped_column(Instant)
    close_reason: Mapped[str] = mapped_column(String(16))
    superseded_at: Mapped[datetime | None] = mapped_column(Instant)
    superseded_by: Mapped[str | None] = mapped_column(Id)
    segments: Mapped[int]
    last_position_ms: Mapped[int] = mapped_column(BigInteger)
    last_state: Mapped[str] = mapped_column(String(8))


class ClosedSegment(Base):
    """A closed stretch of a session with every beat accepted in it; ``n`` counts from 0.

    The address columns are filled in the first segment and wherever the address or the device changed;
    elsewhere those of the nearest earlier segment hold. ``arrived_at`` is set where the beats came late, in
    one delivery; address and device are then those that delivered them.
    """

    __tablename__ = "compliance_segment"
    __table_args__ = (Index(None, "ip_blind"),)

    enrolment_id: Mapped[str] = mapped_column(Id, primary_key=True)
    session_id: Mapped[str] = mapped_column(Id, primary_key=True)
    n: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    start_at: Mapped[datetime] = mapped_column(Instant)
    end_at: Mapped[datetime] = mapped_column(Instant)
    closed_by: Mapped[str] = mapped_column(String(16))
    beats: Mapped[str] = mapped_column(Text)
    ip_sealed: Mapped[bytes | None] = mapped_column(LargeBinary, info=sealed("compliance_session.ip"))
    agent_sealed: Mapped[bytes | None] = mapped_column(LargeBinary, info=sealed("compliance_session.agent"))
    ip_blind: Mapped[str | None] = mapped_column(String(64), info=blind("ip", of="ip_sealed"))
    arrived_at: Mapped[datetime | None] = mapped_column(Instant)


class CreditCorrection(Base):
    """A decision of staff about a stretch of one session; the later of two about a second holds.

    Written once and never changed: a wrong one is answered by another. ``effect`` is ``exclude`` or
    ``restore``; ``dispute_id`` names the objection a restoration answers. Whole seconds.
    """

    __tablename__ = "compliance_credit_correction"

    enrolment_id: Mapped[str] = mapped_column(Id, primary_key=True)
    correction_id: Mapped[str] = mapped_column(Id, primary_key=True)
    class_id: Mapped[str] = mapped_column(Id)
    session_id: Mapped[str] = mapped_column(Id)
    effect: Mapped[str] = mapped_column(String(8))
    start_at: Mapped[datetime] = mapped_column(Instant)
    end_at: Mapped[datetime] = mapped_column(Instant)
    corrected_at: Mapped[datetime] = mapped_column(Instant)
    by_account: Mapped[str] = mapped_column(String(255))
    by_role: Mapped[str] = mapped_column(String(16))
    reason_sealed: Mapped[bytes] = mapped_column(
        LargeBinary, info=sealed("compliance_credit_correction.reason")
    )
    dispute_id: Mapped[str | None] = mapped_column(Id)


# Tables are found by their room's ``models``; these belong to it.
__all__ = [
    "CLOSED_SEGMENT",
    "CLOSED_SESSION",
    "OPEN_SESSION",
    "ClosedSegment",
    "ClosedSession",
    "CreditCorrection",
    "OpenSession",
    "presence_models",
]


class SessionStep(Base):
    """An event of a simulation, by the id its page gave it; written once."""

    __tablename__ = "compliance_session_step"
    __table_args__ = (Index(None, "enrolment_id", "lesson_id"),)

    enrolment_id: Mapped[str] = mapped_column(Id, primary_key=True)
    event_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    session_id: Mapped[str] = mapped_column(Id)
    lesson_id: Mapped[str] = mapped_column(Id)
    name: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime] = mapped_column(Instant)


# The same tables for statements that go past the unit of work.
OPEN_SESSION = cast("Table", OpenSession.__table__)
CLOSED_SESSION = cast("Table", ClosedSession.__table__)
CLOSED_SEGMENT = cast("Table", ClosedSegment.__table__)
