"""The one table of a change of keys: since when a key has not been found in any row."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from lmscompliance.storage.base import Base
from lmscompliance.storage.types import Instant


class IdleKey(Base):
    """A key that is no longer current and that the last walk through all rows found nowhere."""

    __tablename__ = "compliance_idle_key"

    kind: Mapped[str] = mapped_column(String(16), primary_key=True)
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    idle_since: Mapped[datetime] = mapped_column(Instant)
