"""The table of kept files."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from lmscompliance.storage.base import Base
from lmscompliance.storage.types import Instant


class StoredFile(Base):
    """A kept file, known by the SHA-256 of its content; whoever refers to it holds this digest.

    ``object`` names the encrypted bytes in the store; their key is sealed here, so deleting the row
    destroys the content even where a backup of the store survives.
    """

    __tablename__ = "compliance_file"

    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    object: Mapped[str] = mapped_column(String(64), unique=True)
    key_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    media_type: Mapped[str] = mapped_column(String(64))
    size: Mapped[int]
    width: Mapped[int]
    height: Mapped[int]
    pages: Mapped[int]
    stored_at: Mapped[datetime] = mapped_column(Instant)
