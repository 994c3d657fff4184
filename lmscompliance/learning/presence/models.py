"""Tables of presence checks. The enrolment is the distribution key, as in all of this room."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from lmscompliance.storage.base import Base
from lmscompliance.storage.types import Id, Instant


class PresenceWatch(Base):
    """How an enrolment stands with its checks; locked by whoever issues or decides one.

    ``left_ms`` is learning time still to go until the next check, kept while no session runs, so that many
    short sessions escape nothing. ``checks`` is how many there have been, ``open_check`` the one being asked,
    ``missed_at`` since when a missed one waits for a passed one.
    """

    __tablename__ = "compliance_presence_watch"

    enrolment_id: Mapped[str] = mapped_column(Id, primary_key=True)
    class_id: Mapped[str] = mapped_column(Id)
    left_ms: Mapped[int | None] = mapped_column(BigInteger)
    checks: Mapped[int] = mapped_column(default=0, server_default="0")
    open_check: Mapped[str | None] = mapped_column(Id)
    missed_at: Mapped[datetime | None] = mapped_column(Instant)


class PresenceCheck(Base):
    """One check. ``posed`` is what was asked and what is right, as JSON; ``source`` what it was taken from.

    ``number`` counts the enrolment's checks from 0. ``decided_at`` is when it was answered, or its deadline
    where nobody did.
    """

    __tablename__ = "compliance_presence_check"
    __table_args__ = (
        Index(
            "ix_compliance_presence_check_open",
            "until_at",
            sqlite_where=text("decided_at IS NULL"),
            postgresql_where=text("decided_at IS NULL"),
        ),
    )

    enrolment_id: Mapped[str] = mapped_column(Id, primary_key=True)
    check_id: Mapped[str] = mapped_column(Id, primary_key=True)
    class_id: Mapped[str] = mapped_column(Id)
    number: Mapped[int]
    session_id: Mapped[str] = mapped_column(Id)
    lesson_id: Mapped[str] = mapped_column(Id)
    method: Mapped[str] = mapped_column(String(32))
    asked: Mapped[bool]
    posed: Mapped[str] = mapped_column(Text)
    source: Mapped[str] = mapped_column(String(64))
    issued_at: Mapped[datetime] = mapped_column(Instant)
    until_at: Mapped[datetime] = mapped_column(Instant)
    decided_at: Mapped[datetime | None] = mapped_column(Instant)
    passed: Mapped[bool]
