"""The hot path on SQLite: one prepared UPDATE on a connection of its own.

Durability: each update is a commit into the write-ahead log, so what ``keep`` answered survives ``kill -9``
of every process. A thread hands the log to the disk with ``fdatasync`` each ``SYNC_SECONDS`` while there is
something to hand over, so a power loss takes at most that and the time of one sync; without the thread it
might take everything since the last checkpoint. Restart sees the log up to its last whole commit.

Checkpoints run in that thread too, because otherwise one beat in a few hundred would wait for one. A log
that grows faster than it is checkpointed is brought to an end under the writer's lock.

Between two updates the connection keeps its place in the log, by a read that is never finished: to take a
place and give it up again costs four of the six locks that an update asks the operating system for. The place
is given up when somebody else wants to write or has written, and by the thread each time it comes round, so
no checkpoint waits for it.

Where a row lies (its rowid) is remembered from its first update on, which saves each later one the search by
its key. Only as a hint: the statement asks for the key as well, and what is not there is searched for.

Only one thread writes at a time. More threads make it slower, not faster: each commit would pass the
interpreter's lock from one to the next.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from contextlib import suppress
from weakref import WeakSet

from sqlalchemy import Integer, literal_column

from lmscompliance.storage.database import Database
from lmscompliance.storage.rowwriter import Build, Columns, NotKept, Row

SYNC_SECONDS = 0.5
"""What a power loss may take, the time of one sync aside."""

_BUSY_MILLISECONDS = 5000
_CACHE_KIB = 65_536  # the hot table of some tens of thousands of sessions, so that a beat reads nothing
_CHECKPOINT_COMMITS = 32_000  # a page that changed several times until then is carried over once
_LONGEST_LOG_FRAMES = 60_000
_PRIMARY = 0xFF  # of an extended error code
_KEEP_PLACE = "SELECT 1 FROM sqlite_schema, sqlite_schema"  # more rows than are ever asked for
_REMEMBERED = 65_536  # as many as learn at once on one machine
_ROWID = literal_column("rowid", Integer)


class WalWriter:
    """Writes rows into the SQLite file of a database; opens it at the first row."""

    def __init__(self, database: Database, build: Build, columns: Columns, *, key: int) -> None:
        """Prepare the statements; nothing is opened yet. The first ``key`` columns name the row."""
        sent = {
            name: literal_column(f"?{number}", type_)
            for number, (name, type_) in enumerate(columns.items(), start=1)
        }
        update, there = build(sent), literal_column(f"?{len(sent) + 1}", Integer)
        self._by_key = str(update.returning(_ROWID).compile(dialect=database.engine.dialect))
        self._by_rowid = str(update.where(there == _ROWID).compile(dialect=database.engine.dialect))
        self._last_of_key = key - 1  # enough to tell most rows apart, and a hint need not tell them all
        self._path = str(database.engine.url.database)
        self._lock = threading.Lock()
        self._open: _Open | None = None
        database.at_dispose(self.close)
        _writers.add(self)

    def keep(self, row: Row) -> bool:
        """Update with ``row`` and commit; tell whether a row matched."""
        with self._lock:
            try:
                opened = self._open
                if opened is None:
                    opened = self._open = _Open(self._path, self._lock)
                try:
                    kept = self._update(opened, row)
                except sqlite3.Error as error:
                    opened.leave_place()
                    if error.sqlite_errorcode & _PRIMARY != sqlite3.SQLITE_BUSY:
                        raise
                    # Refused at its first step, before it read anything: somebody else writes, or has written
                    # since our place was taken. Without a place the connection waits for its turn and sees
                    # what they wrote.
                    kept = self._update(opened, row, place=False)
            except (sqlite3.Error, OSError) as error:
                raise NotKept from error
        opened.commits += kept  # a hint for the thread; it may miss one
        if opened.idle:
            opened.idle = False
            opened.used.set()
        return kept

    def _update(self, opened: _Open, row: Row, *, place: bool = True) -> bool:
        if place and opened.place is None:
            opened.take_place()
        named = row[self._last_of_key]
        rowid = opened.rowids.get(named)
        if rowid is not None and opened.execute(self._by_rowid, (*row, rowid)).rowcount == 1:
            return True
        # Not seen yet, or moved (``VACUUM`` does that), or there is nothing to update.
        found = opened.execute(self._by_key, row).fetchall()
        if found:
            if len(opened.rowids) >= _REMEMBERED:
                opened.rowids.clear()
            ((opened.rowids[named],),) = found
        return bool(found)

    def leave(self) -> None:
        """Do nothing: a thread keeps nothing between two rows."""

    def close(self) -> None:
        """Sync what was kept and let go of the file."""
        with self._lock:
            opened, self._open = self._open, None
        if opened is not None:
            opened.close()

    def forked(self) -> None:
        """Begin anew in a child process, whose parent goes on with everything that was open."""
        # Closing it here could drop the parent's locks on the file, so it is left alone.
        _left_by_parents.append(self._open)
        self._open = None
        self._lock = threading.Lock()  # some other thread of the parent may have held it


class _Open:
    """The open file: the writer's connection, the log's descriptor and the thread that syncs it."""

    def __init__(self, path: str, lock: threading.Lock) -> None:
        self.commits = 0
        self.idle = True
        self.used = threading.Event()
        self._closing = threading.Event()
        self._lock = lock
        self._writing = _connect(path)
        self.execute = self._writing.cursor().execute
        self.rowids: dict[str | int, int] = {}
        """Where rows lie, by the last value of their key; perhaps they no longer do."""
        self.place: sqlite3.Cursor | None = None
        # Reading makes sure that the log's file is there; as long as a connection is open it stays the same.
        self._writing.execute("SELECT count(*) FROM sqlite_schema").fetchall()
        self._checking = _connect(path)
        # Kept open: closing a descriptor of the database file itself would drop SQLite's locks on it, and
        # opening this one anew each time would gain nothing.
        self._log = os.open(f"{path}-wal", os.O_RDONLY)
        self._thread = threading.Thread(target=self._run, name="compliance-wal", daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._closing.set()
        self.used.set()
        self._thread.join()
        os.fdatasync(self._log)
        os.close(self._log)
        self.leave_place()
        self._checking.close()
        self._writing.close()

    def take_place(self) -> None:
        """Begin the read that is never finished."""
        self.place = self._writing.execute(_KEEP_PLACE)

    def leave_place(self) -> None:
        """End it."""
        place, self.place = self.place, None
        if place is not None:
            place.close()

    def _run(self) -> None:
        # Asked for at each turn: ``close`` may come between the pause and the clearing below, which would
        # take its call away.
        while not self._closing.is_set():
            self.used.wait()
            if self._closing.wait(SYNC_SECONDS):
                return
            with self._lock:
                # What is kept from here on is synced by the next round.
                self.used.clear()
                self.idle = True
                self.leave_place()
            # A full disk is the writer's to report, when it next writes.
            with suppress(OSError, sqlite3.Error):
                os.fdatasync(self._log)
                self._checkpoint()

    def _checkpoint(self) -> None:
        if self.commits < _CHECKPOINT_COMMITS:
            return
        self.commits = 0
        if self._checkpointed() > _LONGEST_LOG_FRAMES:
            # All but the newest frames are done already; with the writer held for the rest, it then starts
            # the log from its beginning again.
            with self._lock:
                self.leave_place()
                self._checkpointed()

    def _checkpointed(self) -> int:
        _, frames, _ = self._checking.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        return int(frames)


def _connect(path: str) -> sqlite3.Connection:
    # Used by one thread at a time, which the caller's lock sees to.
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    connection.execute(f"PRAGMA busy_timeout={_BUSY_MILLISECONDS}")
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=NORMAL")
    connection.execute("PRAGMA wal_autocheckpoint=0")
    connection.execute(f"PRAGMA cache_size=-{_CACHE_KIB}")
    return connection


_left_by_parents: list[object] = []
_writers: WeakSet[WalWriter] = WeakSet()


def _forked() -> None:
    for writer in _writers:
        writer.forked()


os.register_at_fork(after_in_child=_forked)
