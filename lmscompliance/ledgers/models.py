"""Tables of exported ledgers and of who downloaded them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Boolean, Integer, String, text
from sqlalchemy.orm import Mapped, mapped_column

from lmscompliance.storage.base import TABLE_PREFIX, Base
from lmscompliance.storage.types import Id, Instant

KIND = "ledgers.export"
"""What jobs that make exports are called in the job table."""
PACKING = "ledgers.files"
"""And those that pack an export's evidence files."""
FULL, PUBLIC = "full", "public"
"""Forms of an export: with everybody's full numbers, or a masked workbook and a bundle without any person."""


class LedgerExport(Base):
    """An export whose files' digests went into the log, in the same transaction as this row.

    ``finished_at`` and the bundle's digest are set once every file stands under its final name; an export
    without them was interrupted and has nothing to download. ``kept`` tells whether the files stand in the
    export directory (a command-line export stands wherever the caller wanted it).
    """

    __tablename__ = TABLE_PREFIX + "ledger_export"

    class_id: Mapped[str] = mapped_column(Id, primary_key=True)
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    snapshot: Mapped[str] = mapped_column(Id)
    data_size: Mapped[int] = mapped_column(BigInteger)
    taken_at: Mapped[datetime] = mapped_column(Instant)
    recorded_at: Mapped[datetime] = mapped_column(Instant)
    recorded_n: Mapped[int] = mapped_column(Integer)
    requested_by: Mapped[str] = mapped_column(String(255))
    form: Mapped[str] = mapped_column(String(8), default=FULL, server_default=text(f"'{FULL}'"))
    stem: Mapped[str] = mapped_column(String(80))
    kept: Mapped[bool] = mapped_column(Boolean)
    workbook_sha256: Mapped[str] = mapped_column(String(64))
    workbook_size: Mapped[int] = mapped_column(BigInteger)
    bundle_sha256: Mapped[str | None] = mapped_column(String(64))
    bundle_size: Mapped[int | None] = mapped_column(BigInteger)
    finished_at: Mapped[datetime | None] = mapped_column(Instant)
    stamped_at: Mapped[datetime | None] = mapped_column(Instant)
    """When an outside authority stamped the checkpoint of the export; ``None``: it was not to be had."""


class LedgerDownload(Base):
    """Who fetched which file of an export; a ledger holds full ID numbers, so each is accounted for."""

    __tablename__ = TABLE_PREFIX + "ledger_download"

    class_id: Mapped[str] = mapped_column(Id, primary_key=True)
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    export_id: Mapped[str] = mapped_column(Id)
    file: Mapped[str] = mapped_column(String(16))
    account: Mapped[str] = mapped_column(String(255))
    role: Mapped[str] = mapped_column(String(20))
    downloaded_at: Mapped[datetime] = mapped_column(Instant)
