"""One engine per app, set up so that both databases keep the same promises.

Durability: SQLite runs in WAL mode with ``synchronous=NORMAL``. What was committed survives ``kill -9`` of
every process (it is in the operating system's hands); a power cut may take the last moments before the
last checkpoint, never corrupt the file. On PostgreSQL ``synchronous_commit`` stays on.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event

READ_ONLY = "compliance_read_only"
ALONE = "compliance_alone"


class Database:
    """The engine and what depends on its dialect. Disposing it closes every connection."""

    def __init__(self, url: str) -> None:
        """Prepare (but do not yet connect to) the database at ``url``."""
        # Without their values errors and the SQL log stay readable; what was looked for must not stand there.
        self.engine: Engine = create_engine(
            url, pool_pre_ping=not url.startswith("sqlite"), hide_parameters=True
        )
        self.is_sqlite = self.engine.dialect.name == "sqlite"
        if self.is_sqlite:
            event.listen(self.engine, "connect", _prepare_sqlite)
            event.listen(self.engine, "begin", _begin_sqlite)
        each = {ALONE: True} if self.is_sqlite else {"isolation_level": "AUTOCOMMIT"}
        self.each_alone: Engine = self.engine.execution_options(**each)
        """Over the same connections: each statement is a transaction of its own (``statements_alone``)."""
        self._disposals: list[Callable[[], None]] = []

    def at_dispose(self, callback: Callable[[], None]) -> None:
        """Call ``callback`` at each ``dispose``: whoever keeps connections of its own closes them there."""
        self._disposals.append(callback)

    def dispose(self) -> None:
        """Close all connections (before a fork, and at the end of a test)."""
        for callback in self._disposals:
            callback()
        self.engine.dispose()


def _prepare_sqlite(connection: Any, _record: object) -> None:
    # The driver's own transaction control is off: it would begin too late for BEGIN IMMEDIATE.
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute("PRAGMA busy_timeout=30000")
    # Only a new file takes it. The log holds whole pages, and a heartbeat changes one: small ones keep the
    # log, and with it each sync and checkpoint, to a quarter.
    cursor.execute("PRAGMA page_size=1024")
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=NORMAL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    # A writer takes the lock at once: upgrading a read lock later is how SQLite deadlocks.
    options = connection.get_execution_options()
    if options.get(ALONE, False):
        return
    reading = options.get(READ_ONLY, False)
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")
