"""Tables of leases and jobs. All ``*_us`` columns here are database time in microseconds."""

from __future__ import annotations

from sqlalchemy import BigInteger, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from lmscompliance.storage.base import Base
from lmscompliance.storage.types import Id


class LeaseRow(Base):
    """Who may do the named periodic work until when; ``fence`` grows with each new holder."""

    __tablename__ = "compliance_lease"

    name: Mapped[str] = mapped_column(String(80), primary_key=True)
    holder: Mapped[str] = mapped_column(Id)
    fence: Mapped[int] = mapped_column(BigInteger)
    expires_us: Mapped[int] = mapped_column(BigInteger)


class JobRow(Base):
    """One piece of work. A row is the promise: committed with the fact that demands the work.

    ``state`` is queued, running, done, failed or cancelled. ``asked_by`` is an account and ``asked_for`` the
    enterprise whose quota it counts towards, where there are such. A running job whose ``claimed_until_us``
    has passed is claimable again, which is all that recovery after a crash consists of.
    """

    __tablename__ = "compliance_job"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    kind: Mapped[str] = mapped_column(String(40))
    subject: Mapped[str] = mapped_column(String(120))
    payload: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(10))
    due_us: Mapped[int] = mapped_column(BigInteger)
    fence: Mapped[int] = mapped_column(BigInteger, default=0)
    claimed_by: Mapped[str] = mapped_column(Id, default="")
    claimed_until_us: Mapped[int] = mapped_column(BigInteger, default=0)
    done: Mapped[int] = mapped_column(BigInteger, default=0)
    total: Mapped[int] = mapped_column(BigInteger, default=0)
    outcome: Mapped[str] = mapped_column(Text, default="")
    finished_us: Mapped[int | None] = mapped_column(BigInteger)
    asked_by: Mapped[str] = mapped_column(String(255), default="", server_default=text("''"))
    asked_for: Mapped[str] = mapped_column(Id, default="", server_default=text("''"))

    __table_args__ = (
        Index("ix_compliance_job_claimable", "state", "due_us"),
        Index("ix_compliance_job_asked", "kind", "due_us"),
        # At most one unfinished job a kind and subject: pressing the button twice queues once.
        Index(
            "uq_compliance_job_unfinished",
            "kind",
            "subject",
            unique=True,
            sqlite_where=text("state IN ('queued', 'running')"),
            postgresql_where=text("state IN ('queued', 'running')"),
        ),
    )
