"""What the witness must never forget: for each log the largest tree head it has cosigned."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from lmscompliance.tlog.merkle import EMPTY_ROOT

_SCHEMA = """
CREATE TABLE IF NOT EXISTS latest (
  origin TEXT PRIMARY KEY,
  size INTEGER NOT NULL,
  root BLOB NOT NULL,
  cosigned_at INTEGER NOT NULL,
  note TEXT NOT NULL
) WITHOUT ROWID
"""


@dataclass(frozen=True, slots=True)
class Latest:
    """The newest tree head cosigned for a log; size 0 and no note before the first."""

    size: int = 0
    root: bytes = EMPTY_ROOT
    cosigned_at: int = 0
    """Seconds since the epoch."""
    note: str = ""
    """The checkpoint with the log's signature and ours."""


class Turn:
    """One log's record, held against every other thread and process until the turn ends."""

    def __init__(self, connection: sqlite3.Connection, origin: str) -> None:
        """Belong to ``Store.turn``."""
        self._connection = connection
        self._origin = origin

    def latest(self) -> Latest:
        """Return the newest tree head of this log."""
        return _latest(self._connection, self._origin)

    def put(self, latest: Latest) -> None:
        """Replace it; durable once the turn has ended without an error."""
        self._connection.execute(
            "INSERT OR REPLACE INTO latest VALUES (?, ?, ?, ?, ?)",
            (self._origin, latest.size, latest.root, latest.cosigned_at, latest.note),
        )


class Store:
    """An SQLite file. Every call opens it anew, so threads and processes share it freely."""

    def __init__(self, path: Path) -> None:
        """Open the store at ``path``, creating it if it is not there."""
        self._path = path
        with closing(self._open()) as connection:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute(_SCHEMA)

    @contextmanager
    def turn(self, origin: str) -> Iterator[Turn]:
        """Yield the record of ``origin``: what is read and what is put are one atomic step.

        If the process dies before the end, restart finds the old record and no cosignature was given out.
        """
        with closing(self._open()) as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield Turn(connection, origin)
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")

    def latest(self, origin: str) -> Latest:
        """Return the newest tree head of ``origin``."""
        with closing(self._open()) as connection:
            return _latest(connection, origin)

    def _open(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, timeout=30, isolation_level=None)
        # A cosignature that was given out must survive a power cut.
        connection.execute("PRAGMA synchronous=FULL")
        return connection


def _latest(connection: sqlite3.Connection, origin: str) -> Latest:
    row = connection.execute(
        "SELECT size, root, cosigned_at, note FROM latest WHERE origin = ?", (origin,)
    ).fetchone()
    return Latest(*row) if row else Latest()
