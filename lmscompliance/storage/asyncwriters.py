"""The hot path for a server with an event loop: as many beats wait as like to, and no thread for any of them.

The promise is ``rowwriter``'s: a row is answered with ``True`` only after the commit that holds it. On
PostgreSQL all rows that came while the last batch was under way are one UPDATE and one commit
(``synchronous_commit = on``), so what was answered survives a crash of either side, a power loss included.
On SQLite a thread hands the rows to ``walwriter`` one by one, and what that says of power loss holds. If the
process dies before the answer, restart sees the row kept or not, and the page sends it again.

Everything here runs in the loop's own thread, save where something says otherwise.
"""

from __future__ import annotations

import asyncio
import threading
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Container, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

from lmscompliance.storage import groupcommit
from lmscompliance.storage.database import Database
from lmscompliance.storage.rowwriter import Build, Columns, NotKept, Row, RowWriter

_PATIENCE_SECONDS = 5.0

_Batch = dict[Row, tuple[Row, "asyncio.Future[bool]"]]
"""Rows by what they update, each with what waits for it."""


class AsyncWriter(ABC):
    """Collects rows into batches, of which ``at_once`` are under way at a time."""

    def __init__(self, key: int, at_once: int = 1) -> None:
        """Open nothing; the first ``key`` values of a row name what is updated."""
        self._key = key
        self._free = at_once
        self._waiting: deque[_Batch] = deque()
        self._under_way: set[Row] = set()
        self._called = False
        self._timer: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    def keep(self, row: Row) -> asyncio.Future[bool]:
        """Update with ``row``; tell whether one matched, once that is committed, or raise ``NotKept``."""
        loop = asyncio.get_running_loop()
        outcome: asyncio.Future[bool] = loop.create_future()
        named = row[: self._key]
        # No batch has one name twice, because its statement would take any one of the two. The later one
        # stands in a later batch, so they apply in the order in which they came.
        if (
            not self._waiting
            or named in self._waiting[-1]
            or len(self._waiting[-1]) == groupcommit.LARGEST_BATCH
        ):
            self._waiting.append({})
        self._waiting[-1][named] = row, outcome
        if self._free and not self._called:
            self._called = True
            # Not at once: whatever else has arrived by now comes along.
            loop.call_soon(self._begin)
        return outcome

    @abstractmethod
    def close(self) -> None:
        """Let go of every connection, from any thread; the next row opens anew."""

    @abstractmethod
    async def _write(self, rows: Sequence[Row]) -> Container[int]:
        """Write ``rows`` and return the places of those that matched; whatever it raises fails them all."""

    def _begin(self, *, overdue: bool = False) -> None:
        """Begin the first batch, unless a name in it is under way: its turn then comes after that one.

        Nor does a small one begin beside another, unless it is ``overdue``.
        """
        self._called = False
        if not (self._free and self._waiting and self._under_way.isdisjoint(self._waiting[0])):
            return
        small = len(self._waiting[0]) < groupcommit.WORTH_A_COMMIT
        if small and self._under_way and not overdue:
            if self._timer is None:
                loop = asyncio.get_running_loop()
                self._timer = loop.call_later(groupcommit.PATIENCE_SECONDS, self._begin_overdue)
            return
        self._free -= 1
        batch = self._waiting.popleft()
        self._under_way.update(batch)
        task = asyncio.ensure_future(self._write_batch(batch))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _begin_overdue(self) -> None:
        self._timer = None
        self._begin(overdue=True)

    async def _write_batch(self, batch: _Batch) -> None:
        # In the order of their names: two processes that lock the same rows never wait for each other.
        waiting = [batch[name] for name in sorted(batch)]
        try:
            kept = await self._write([row for row, _ in waiting])
        except Exception as error:  # noqa: BLE001  # whatever the driver raises is told to who waits for it
            for _, outcome in waiting:
                if not outcome.done():
                    failed = NotKept()
                    failed.__cause__ = error
                    outcome.set_exception(failed)
        else:
            for place, (_, outcome) in enumerate(waiting):
                # Who has gone away meanwhile is not told.
                if not outcome.done():
                    outcome.set_result(place in kept)
        self._free += 1
        self._under_way.difference_update(batch)
        self._begin()


class AsyncGroupCommit(AsyncWriter):
    """Group commit on PostgreSQL, on connections of its own that are driven by the loop."""

    def __init__(self, database: Database, build: Build, columns: Columns, *, key: int) -> None:
        """Prepare the statement; nothing is opened before the first row."""
        super().__init__(key, groupcommit.AT_ONCE)
        self._engine = database.engine
        self._texts = groupcommit.texts_of(columns)
        self._statement = groupcommit.statement_of(build, columns)
        self._open: set[_Wire] = set()
        self._idle: list[_Wire] = []
        database.at_dispose(self.close)

    def close(self) -> None:
        """Let go of the connections; rows under way fail."""
        wires, self._open, self._idle = self._open, set(), []
        for wire in wires:
            wire.close()

    async def _write(self, rows: Sequence[Row]) -> Container[int]:
        if self._idle:
            wire = self._idle.pop()
        else:
            loop = asyncio.get_running_loop()
            wire = _Wire(loop, await loop.run_in_executor(None, self._connect))
            self._open.add(wire)
        try:
            kept = await wire.ask(groupcommit.values_of(rows, self._texts), len(rows))
        except Exception:
            # Whatever has happened to this one may have happened to those that rest.
            for one in (wire, *self._idle):
                self._open.discard(one)
                one.close()
            self._idle.clear()
            raise
        if wire in self._open:
            self._idle.append(wire)
        return kept

    def _connect(self) -> Any:
        """Return a connection that knows the statement. Runs in a thread."""
        connection = groupcommit.connect(self._engine, self._statement)
        connection.pgconn.nonblocking = 1
        return connection


class _Wire:
    """A libpq connection whose socket the loop watches; one question at a time."""

    def __init__(self, loop: asyncio.AbstractEventLoop, connection: Any) -> None:
        self._loop = loop
        self._connection = connection
        self._pgconn = connection.pgconn
        self._socket: int = self._pgconn.socket
        self._result: Any = None
        self._answer: asyncio.Future[Container[int]] | None = None
        self._asked = 0
        loop.add_reader(self._socket, self._readable)

    async def ask(self, values: Sequence[bytes], rows: int) -> Container[int]:
        """Run the prepared statement, its own transaction, and return which of ``rows`` it gives back."""
        answer: asyncio.Future[Container[int]] = self._loop.create_future()
        self._answer, self._asked = answer, rows
        self._pgconn.send_query_prepared(groupcommit.BATCH, values)
        self._flush()
        return await answer

    def close(self) -> None:
        """Let go of it, from any thread; it is gone when this returns."""
        try:
            elsewhere = asyncio.get_running_loop() is not self._loop
        except RuntimeError:
            elsewhere = True
        if elsewhere and self._loop.is_running():
            closed = threading.Event()
            self._loop.call_soon_threadsafe(self._close)
            self._loop.call_soon_threadsafe(closed.set)
            closed.wait(_PATIENCE_SECONDS)
        else:
            self._close()

    def _close(self) -> None:
        with suppress(Exception):
            self._loop.remove_reader(self._socket)
            self._loop.remove_writer(self._socket)
        with suppress(Exception):
            self._connection.close()
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(ConnectionError("the connection was closed"))

    def _flush(self) -> None:
        if self._pgconn.flush():
            self._loop.add_writer(self._socket, self._flush)
        else:
            self._loop.remove_writer(self._socket)

    def _readable(self) -> None:
        try:
            self._pgconn.consume_input()
            while not self._pgconn.is_busy():
                result = self._pgconn.get_result()
                if result is None:
                    self._answered()
                    return
                self._result = result
        except Exception as error:  # noqa: BLE001  # the connection is gone, or says nonsense
            self._loop.remove_reader(self._socket)
            if self._answer is not None and not self._answer.done():
                self._answer.set_exception(error)

    def _answered(self) -> None:
        result, self._result = self._result, None
        if self._answer is None or self._answer.done() or result is None:
            return
        try:
            matched = groupcommit.matched_of(result, self._asked)
        except RuntimeError as error:
            self._answer.set_exception(error)
        else:
            self._answer.set_result(matched)


class InThread(AsyncWriter):
    """Hands rows to a writer of the blocking kind, in one thread that it keeps for that."""

    def __init__(self, writer: RowWriter, *, key: int) -> None:
        """Start nothing yet."""
        super().__init__(key)
        self._writer = writer
        self._thread = ThreadPoolExecutor(1, "compliance-rows")

    def close(self) -> None:
        """Close the writer."""
        self._writer.close()

    async def _write(self, rows: Sequence[Row]) -> Container[int]:
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._write_all, rows)

    def _write_all(self, rows: Sequence[Row]) -> set[int]:
        return {place for place, row in enumerate(rows) if self._writer.keep(row)}
