"""Versions of a lesson's content. The files themselves stand in the data directory, by digest."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from lmscompliance.storage.base import Base
from lmscompliance.storage.personal import sealed
from lmscompliance.storage.types import Id, Instant


class LessonContent(Base):
    """A version of a lesson's content, from when it was frozen; written once.

    ``origin`` is ``file`` (kept by us), ``fetched`` (we read the host's address and keep the digest) or
    ``stated`` (the host or institution gave the digest). ``steps`` is a simulation's list of expected steps
    as JSON, and empty for anything else.
    """

    __tablename__ = "compliance_lesson_content"

    class_id: Mapped[str] = mapped_column(Id, primary_key=True)
    lesson_id: Mapped[str] = mapped_column(Id, primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    sha256: Mapped[str] = mapped_column(String(64))
    size: Mapped[int] = mapped_column(BigInteger)
    kind: Mapped[str] = mapped_column(String(16))
    origin: Mapped[str] = mapped_column(String(16))
    name: Mapped[str] = mapped_column(String(255))
    steps: Mapped[str] = mapped_column(Text)
    frozen_at: Mapped[datetime] = mapped_column(Instant)
    reason_sealed: Mapped[bytes] = mapped_column(LargeBinary, info=sealed("compliance_lesson_content.reason"))
