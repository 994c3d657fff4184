"""The hot path on PostgreSQL: whatever waits at the same time is one UPDATE and one commit.

The first thread that comes leads: it writes its own row with all that are queued. While the database syncs
that commit the next ones queue up, and the first of them leads the next batch. A row is answered after the
commit that holds it (``synchronous_commit = on``), so what was answered survives a crash of either side, a
power loss included. If the process dies before that, nobody was answered.

Two rows with one key never stand in one batch, because ``UPDATE … FROM`` would take any one of them and drop
the rest: the later one waits for the next batch, so they apply in the order in which they came.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Engine, Integer, String, bindparam, column, func
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.exc import SQLAlchemyError

from lmscompliance.storage.database import Database
from lmscompliance.storage.rowwriter import Build, Columns, NotKept, Row

LARGEST_BATCH = 256

_NUMBER = "number"
_SETTINGS = (
    "SET synchronous_commit = on",
    # A row that the ordinary way has locked for long must not hold up a whole batch.
    "SET lock_timeout = '1s'",
    # The hot table grows and shrinks faster than its statistics; by its key is always right.
    "SET enable_hashjoin = off",
    "SET enable_mergejoin = off",
    "SET enable_seqscan = off",
)
_left_by_parents: list[object] = []


class _Waiting:
    """One row, and what its thread waits for: an outcome, or to lead the next batch."""

    __slots__ = ("error", "kept", "leads", "row", "signal")

    def __init__(self, row: Row) -> None:
        self.row = row
        self.kept = False
        self.error: Exception | None = None
        self.leads = False
        self.signal = threading.Lock()
        self.signal.acquire()


class GroupCommit:
    """Writes rows in groups over one connection of its own; opens it at the first row."""

    def __init__(self, database: Database, build: Build, columns: Columns, *, key: int) -> None:
        """Prepare the statement; the first ``key`` columns name the row that is updated."""
        self._engine = database.engine
        self._names = (*columns, _NUMBER)
        self._texts = texts_of(columns)
        self._statement = str(batch_of(build, columns).compile(dialect=database.engine.dialect))
        self._key = key
        self._mutex = threading.Lock()
        self._led = False
        self._queue: deque[_Waiting] = deque()
        self._connection: Any = None
        self._process = os.getpid()
        database.at_dispose(self.close)

    def keep(self, row: Row) -> bool:
        """Update with ``row`` and wait for its commit; tell whether a row matched."""
        mine = _Waiting(row)
        with self._mutex:
            self._queue.append(mine)
            if not self._led:
                self._led = mine.leads = True
        if not mine.leads:
            mine.signal.acquire()
        if mine.leads:
            self._lead()
        if mine.error is not None:
            raise NotKept from mine.error
        return mine.kept

    def close(self) -> None:
        """Let go of the connection."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _lead(self) -> None:
        with self._mutex:
            batch = self._take()
        try:
            self._write(batch)
        finally:
            # Whatever happened: nobody may wait for a leader that will not come.
            with self._mutex:
                follower = self._queue[0] if self._queue else None
                self._led = follower is not None
                if follower is not None:
                    follower.leads = True
        if follower is not None:
            follower.signal.release()
        for one in batch:
            if not one.leads:
                one.signal.release()

    def _take(self) -> list[_Waiting]:
        """Return the queue's first rows, each key once; a leader is the first of the queue."""
        batch: dict[Row, _Waiting] = {}
        later: list[_Waiting] = []
        while self._queue and len(batch) < LARGEST_BATCH:
            one = self._queue.popleft()
            if batch.setdefault(one.row[: self._key], one) is not one:
                later.append(one)
        self._queue.extendleft(reversed(later))
        # In the order of their keys: two processes that lock the same rows then never wait for each other.
        return [batch[key] for key in sorted(batch)]

    def _write(self, batch: Sequence[_Waiting]) -> None:
        try:
            self._write_together(batch)
        except Exception as error:  # noqa: BLE001  # whatever the driver raises is told to who waits for it
            self._drop()
            if len(batch) == 1:
                batch[0].error = error
                return
            # One bad row must not take its neighbours with it. Repeating a row that had been committed after
            # all matches nothing, and the ordinary way then finds it there.
            for one in batch:
                self._write([one])

    def _write_together(self, batch: Sequence[_Waiting]) -> None:
        values = values_of([one.row for one in batch], self._texts)
        if self._process != os.getpid():
            # Inherited through a fork: the connection is the parent's, and closing it would end it there.
            _left_by_parents.append(self._connection)
            self._connection, self._process = None, os.getpid()
        if self._connection is None:
            self._connection = connect(self._engine)
        # Autocommit: the statement is its own transaction, and its result comes after the commit.
        sent = dict(zip(self._names, values, strict=True))
        for (number,) in self._connection.execute(self._statement, sent, prepare=True).fetchall():
            batch[number].kept = True

    def _drop(self) -> None:
        try:
            self.close()
        except Exception:  # noqa: BLE001  # it is broken; the next row opens a new one
            self._connection = None


def connect(engine: Engine) -> Any:
    """Return a psycopg connection that is set up for batches; each statement is its own transaction."""
    pooled = engine.raw_connection()
    connection: Any = pooled.driver_connection
    pooled.detach()
    if connection is None:  # pragma: no cover  # the pool has just handed it out
        raise SQLAlchemyError
    connection.autocommit = True
    for setting in _SETTINGS:
        connection.execute(setting)
    return connection


def batch_of(build: Build, columns: Columns) -> Any:
    """Return the UPDATE of a batch: an array a column, and one of numbers, which what matched gives back."""
    types = {**columns, _NUMBER: Integer()}
    rows = (
        func.unnest(*(bindparam(name, type_=ARRAY(type_)) for name, type_ in types.items()))
        .table_valued(*(column(name, type_) for name, type_ in types.items()), name="sent")
        .render_derived()
    )
    sent: Mapping[str, ColumnElement[Any]] = {name: rows.c[name] for name in columns}
    return build(sent).returning(rows.c[_NUMBER])


def texts_of(columns: Columns) -> tuple[bool, ...]:
    """Tell of each column whether it holds text."""
    return tuple(isinstance(type_, String) for type_ in columns.values())


def values_of(rows: Sequence[Row], texts: Sequence[bool]) -> list[str]:
    """Return the arrays that ``batch_of`` is given, as PostgreSQL writes them.

    Written here because that takes a fraction of what the driver takes for a list.
    """
    values = [
        _texts(column) if text else _numbers(column)
        for text, column in zip(texts, zip(*rows, strict=True), strict=True)
    ]
    values.append(_numbers(range(len(rows))))
    return values


def _numbers(values: Sequence[Any]) -> str:
    return "{" + ",".join(map(str, values)) + "}"


def _texts(values: Sequence[Any]) -> str:
    joined = '","'.join(values)
    # Nearly always there is nothing to escape.
    if "\\" in joined or joined.count('"') != 2 * (len(values) - 1):
        joined = '","'.join(one.replace("\\", "\\\\").replace('"', '\\"') for one in values)
    return '{"' + joined + '"}'
