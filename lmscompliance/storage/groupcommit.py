"""The hot path on PostgreSQL: whatever waits at the same time is one UPDATE and one commit.

The first thread that comes leads: it writes its own row with all that are queued. While the database syncs
that commit the next ones queue up, and the first of them leads the next batch. ``AT_ONCE`` batches are under
way at a time, each over a connection of its own, so that one is computed while another is synced; a further
one begins only when it is large, or after a while. A row is answered after the commit that holds it
(``synchronous_commit = on``), so what was answered survives a crash of either side, a power loss included. If
the process dies before that, nobody was answered.

Two rows with one key are never under way together, because ``UPDATE … FROM`` would take any one of them and
drop the rest: the later one waits for a later batch, so they apply in the order in which they came.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from itertools import takewhile
from typing import Any
from weakref import WeakSet

from sqlalchemy import ColumnElement, Engine, Integer, String, bindparam, column, func
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.exc import SQLAlchemyError

from lmscompliance.storage.affinity import SharedProcessor
from lmscompliance.storage.database import Database
from lmscompliance.storage.rowwriter import Build, Columns, NotKept, Row

LARGEST_BATCH = 256
AT_ONCE = 3
"""Batches under way together, each on its connection."""
WORTH_A_COMMIT = 16
"""Rows for which another batch begins while one is under way; fewer wait for its end, because a batch costs
more than its rows do."""
PATIENCE_SECONDS = 0.05
"""How long they wait. What is under way may be held up by a row that somebody else has locked."""

CROWD = 4
"""So many rows wait when a thread that brings another is kept on one processor with the others."""

_NUMBER = "number"
BATCH = b"compliance_batch"
"""What a connection knows the statement by."""
_SETTINGS = (
    "SET synchronous_commit = on",
    # A row that the ordinary way has locked for long must not hold up a whole batch.
    "SET lock_timeout = '1s'",
    # The hot table grows and shrinks faster than its statistics; by its key is always right.
    "SET enable_hashjoin = off",
    "SET enable_mergejoin = off",
    "SET enable_seqscan = off",
    # Planning anew takes longer than a small batch itself, and there is but one way left to do it.
    "SET plan_cache_mode = force_generic_plan",
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
    """Writes rows in groups over connections of its own; opens one when a batch finds none."""

    def __init__(
        self, database: Database, build: Build, columns: Columns, *, key: int, affinity: bool = True
    ) -> None:
        """Prepare the statement; the first ``key`` columns name the row that is updated.

        With ``affinity``, threads that wait in a crowd are brought together on one processor.
        """
        self._engine = database.engine
        self._texts = texts_of(columns)
        self._statement = statement_of(build, columns)
        self._key = key
        self._processor = SharedProcessor() if affinity else None
        self._mutex = threading.Lock()
        self._leaders = 0
        self._under_way: set[Row] = set()
        self._queue: deque[_Waiting] = deque()
        self._open: set[Any] = set()
        self._idle: list[Any] = []
        database.at_dispose(self.close)
        _writers.add(self)

    def keep(self, row: Row) -> bool:
        """Update with ``row`` and wait for its commit; tell whether a row matched."""
        mine = _Waiting(row)
        if self._processor is not None and len(self._queue) >= CROWD:
            self._processor.join()
        with self._mutex:
            if self._may_lead(1) and self._is_first(mine):
                self._lead_next(mine)
            else:
                self._queue.append(mine)
        if not mine.leads:
            while not mine.signal.acquire(timeout=PATIENCE_SECONDS):
                if self._leads_overdue(mine):
                    break
        if mine.leads:
            self._lead(mine)
        if mine.error is not None:
            raise NotKept from mine.error
        return mine.kept

    def leave(self) -> None:
        """Let the calling thread run on every processor that it was allowed before its rows."""
        if self._processor is not None:
            self._processor.leave()

    def close(self) -> None:
        """Let go of the connections; one that is in use just now is closed after it."""
        with self._mutex:
            idle, self._idle = self._idle, []
            self._open.clear()
        for connection in idle:
            _end(connection)

    def forked(self) -> None:
        """Begin anew in a child process, whose parent goes on with everything that was open or waits."""
        # Closing them here would end them there, so they are left alone.
        _left_by_parents.append(self._open)
        self._open, self._idle = set(), []
        self._queue, self._under_way, self._leaders = deque(), set(), 0
        self._mutex = threading.Lock()  # some other thread of the parent may have held it

    def _may_lead(self, more: int) -> bool:
        """Tell whether a batch of all that are queued, and so many ``more``, may begin."""
        enough = len(self._queue) + more >= WORTH_A_COMMIT
        return not self._leaders or (self._leaders < AT_ONCE and enough)

    def _is_first(self, mine: _Waiting) -> bool:
        """Tell whether no row with the key of ``mine`` is under way, or queued before it."""
        key = mine.row[: self._key]
        before = takewhile(lambda one: one is not mine, self._queue)
        return key not in self._under_way and all(one.row[: self._key] != key for one in before)

    def _leads_overdue(self, mine: _Waiting) -> bool:
        """Tell whether ``mine``, which has waited too long, leads a batch now however small it is."""
        with self._mutex:
            if self._leaders < AT_ONCE and mine in self._queue and self._is_first(mine):
                self._queue.remove(mine)
                self._lead_next(mine)
            return mine.leads

    def _lead_next(self, one: _Waiting) -> None:
        # From here on its key counts as under way, though the thread may yet have to wake.
        one.leads = True
        self._leaders += 1
        self._under_way.add(one.row[: self._key])

    def _lead(self, mine: _Waiting) -> None:
        with self._mutex:
            batch = [mine, *self._take(LARGEST_BATCH - 1)]
        # In the order of their keys: two processes that lock the same rows then never wait for each other.
        batch.sort(key=_row_of)
        try:
            self._write(batch)
        finally:
            # Whatever happened: nobody may wait for a leader that will not come.
            with self._mutex:
                self._leaders -= 1
                self._under_way.difference_update(one.row[: self._key] for one in batch)
                followers = self._take(1) if self._may_lead(0) else []
                for follower in followers:
                    self._lead_next(follower)
            for one in [*followers, *batch]:
                if one is not mine:
                    one.signal.release()

    def _take(self, most: int) -> list[_Waiting]:
        """Take rows from the queue, the first ones whose keys are not under way; now they are."""
        taken: list[_Waiting] = []
        later: list[_Waiting] = []
        while self._queue and len(taken) < most:
            one = self._queue.popleft()
            key = one.row[: self._key]
            if key in self._under_way:
                later.append(one)
            else:
                self._under_way.add(key)
                taken.append(one)
        self._queue.extendleft(reversed(later))
        return taken

    def _write(self, batch: Sequence[_Waiting]) -> None:
        try:
            self._write_together(batch)
        except Exception as error:  # noqa: BLE001  # whatever the driver raises is told to who waits for it
            self.close()
            if len(batch) == 1:
                batch[0].error = error
                return
            # One bad row must not take its neighbours with it. Repeating a row that had been committed after
            # all matches nothing, and the ordinary way then finds it there.
            for one in batch:
                self._write([one])

    def _write_together(self, batch: Sequence[_Waiting]) -> None:
        values = values_of([one.row for one in batch], self._texts)
        connection = self._connection()
        try:
            # Autocommit: the statement is its own transaction, and its result comes after the commit. Not by
            # the driver's cursor, which works longer on a batch than all else does here.
            matched = matched_of(connection.pgconn.exec_prepared(BATCH, values), len(batch))
        except Exception:
            _end(connection)
            raise
        for number in matched:
            batch[number].kept = True
        with self._mutex:
            still_open = connection in self._open
            if still_open:
                self._idle.append(connection)
        if not still_open:
            _end(connection)

    def _connection(self) -> Any:
        with self._mutex:
            if self._idle:
                return self._idle.pop()
        connection = connect(self._engine, self._statement)
        with self._mutex:
            self._open.add(connection)
        return connection


def _end(connection: Any) -> None:
    # It may be broken, which is why it is closed.
    with suppress(Exception):
        connection.close()


def _row_of(one: _Waiting) -> Row:
    return one.row


def connect(engine: Engine, statement: bytes) -> Any:
    """Return a psycopg connection that knows ``statement``; each run of it is its own transaction."""
    pooled = engine.raw_connection()
    connection: Any = pooled.driver_connection
    pooled.detach()
    if connection is None:  # pragma: no cover  # the pool has just handed it out
        raise SQLAlchemyError
    connection.autocommit = True
    for setting in _SETTINGS:
        connection.execute(setting)
    _checked(connection.pgconn.prepare(BATCH, statement))
    return connection


def matched_of(result: Any, asked: int) -> Collection[int]:
    """Return which of so many rows the statement gives back; raises what the database said instead."""
    _checked(result)
    if result.ntuples == asked:  # nearly always
        return range(asked)
    return {int(result.get_value(row, 0)) for row in range(result.ntuples)}


def _checked(result: Any) -> None:
    if result.error_message:
        raise RuntimeError(result.error_message.decode(errors="replace"))


def statement_of(build: Build, columns: Columns) -> bytes:
    """Return the UPDATE of a batch: an array a column, and one of numbers, which what matched gives back."""
    types = {**columns, _NUMBER: Integer()}
    rows = (
        func.unnest(*(bindparam(name, type_=ARRAY(type_)) for name, type_ in types.items()))
        .table_valued(*(column(name, type_) for name, type_ in types.items()), name="sent")
        .render_derived()
    )
    sent: Mapping[str, ColumnElement[Any]] = {name: rows.c[name] for name in columns}
    # libpq's own way to write a parameter is that of this dialect; the driver of that name is not used.
    dialect: Any = postgresql.asyncpg.dialect
    return str(build(sent).returning(rows.c[_NUMBER]).compile(dialect=dialect())).encode()


def texts_of(columns: Columns) -> tuple[bool, ...]:
    """Tell of each column whether it holds text."""
    return tuple(isinstance(type_, String) for type_ in columns.values())


def values_of(rows: Sequence[Row], texts: Sequence[bool]) -> list[bytes]:
    """Return the arrays that ``statement_of`` is given, as PostgreSQL writes them.

    Written here because that takes a fraction of what the driver takes for a list.
    """
    values = [
        _texts(column) if text else _numbers(column)
        for text, column in zip(texts, zip(*rows, strict=True), strict=True)
    ]
    values.append(_numbers(range(len(rows))))
    return [value.encode() for value in values]


def _numbers(values: Sequence[Any]) -> str:
    return "{" + ",".join(map(str, values)) + "}"


def _texts(values: Sequence[Any]) -> str:
    joined = '","'.join(values)
    # Nearly always there is nothing to escape.
    if "\\" in joined or joined.count('"') != 2 * (len(values) - 1):
        joined = '","'.join(one.replace("\\", "\\\\").replace('"', '\\"') for one in values)
    return '{"' + joined + '"}'


_writers: WeakSet[GroupCommit] = WeakSet()


def _forked() -> None:
    for writer in _writers:
        writer.forked()


os.register_at_fork(after_in_child=_forked)
