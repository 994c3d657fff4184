"""The hot path's writers keep what they say they kept, whatever else comes in the same moment."""

from __future__ import annotations

import asyncio
import os
import threading
import time
import warnings
from collections.abc import Iterator

import pytest
from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Integer,
    MetaData,
    String,
    Table,
    cast,
    select,
    text,
    update,
)

from lmscompliance.storage import groupcommit, walwriter
from lmscompliance.storage.asyncwriters import AsyncGroupCommit, AsyncWriter, InThread
from lmscompliance.storage.database import Database
from lmscompliance.storage.groupcommit import GroupCommit
from lmscompliance.storage.rowwriter import NotKept, RowWriter
from lmscompliance.storage.walwriter import SYNC_SECONDS, WalWriter
from tests.support.patience import PATIENCE_SECONDS

TABLE = Table(
    "compliance_test_row",
    MetaData(),
    Column("id", String(26), primary_key=True),
    Column("n", Integer, nullable=False),
    Column("log", String, nullable=False),
)
COLUMNS = {"id": String(), "n": BigInteger()}


def _append(sent):
    return (
        update(TABLE)
        .where(TABLE.c.id == sent["id"], TABLE.c.n < sent["n"])
        .values(n=sent["n"], log=TABLE.c.log + cast(sent["n"], String))
    )


class _Waited:
    """An asynchronous writer as one that waits, on a loop in a thread of its own."""

    def __init__(self, writer: AsyncWriter) -> None:
        self._writer = writer
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, daemon=True).start()

    def keep(self, row):
        async def kept() -> bool:
            return await self._writer.keep(row)

        return asyncio.run_coroutine_threadsafe(kept(), self._loop).result(60)

    def close(self) -> None:
        self._writer.close()


def test_the_asynchronous_writers_promise_the_same(database: Database) -> None:
    """A match is kept, a miss is said, rows of one key apply in order, a lost connection is replaced."""
    blocking = _writer(database)
    writer = _Waited(
        InThread(blocking, key=1)
        if database.is_sqlite
        else AsyncGroupCommit(database, _append, COLUMNS, key=1)
    )
    assert writer.keep(("row1", 1))
    assert not writer.keep(("row1", 1))
    assert not writer.keep(("nobody", 1))
    with database.engine.begin() as connection:
        connection.execute(TABLE.insert(), {"id": 'a"b\\', "n": 0, "log": ""})

    async def all_at_once() -> list[bool]:
        rows = [('a"b\\', 1), *(("row2", n) for n in range(1, 6)), *(("row3", n) for n in range(1, 3))]
        return await asyncio.gather(*(writer._writer.keep(row) for row in rows))

    assert asyncio.run_coroutine_threadsafe(all_at_once(), writer._loop).result(60) == [True] * 8
    kept = _rows(database)
    assert (kept["row2"], kept["row3"], kept['a"b\\']) == ("12345", "12", "1")
    if not database.is_sqlite:
        with pytest.raises(NotKept):
            writer.keep(("row1", 2**40))
        assert writer.keep(("row1", 2))
        _lose_connections(database)
        with pytest.raises(NotKept):
            writer.keep(("row1", 3))
    writer.close()
    assert writer.keep(("row1", 4))


def _writer(database: Database) -> RowWriter:
    if database.is_sqlite:
        return WalWriter(database, _append, COLUMNS, key=1)
    return GroupCommit(database, _append, COLUMNS, key=1)


@pytest.fixture
def database(empty_database_url: str) -> Iterator[Database]:
    """Return a database with eight rows."""
    database = Database(empty_database_url)
    TABLE.create(database.engine)
    with database.engine.begin() as connection:
        connection.execute(TABLE.insert(), [{"id": f"row{n}", "n": 0, "log": ""} for n in range(8)])
    yield database
    database.dispose()


def _rows(database: Database) -> dict[str, str]:
    with database.engine.connect() as connection:
        return {row.id: row.log for row in connection.execute(select(TABLE.c.id, TABLE.c.log))}


def test_a_match_is_kept_and_a_miss_is_said(database: Database) -> None:
    """What matched is in the database, what did not is answered with no."""
    writer = _writer(database)
    assert writer.keep(("row1", 1))
    assert not writer.keep(("row1", 1))
    assert not writer.keep(("nobody", 1))
    assert _rows(database)["row1"] == "1"


@pytest.mark.parametrize("name", ['a"b', "a\\", "NULL", "a,b", "{}", "", "'", "宁波"])
def test_any_text_arrives_as_it_is(database: Database, name: str) -> None:
    """No text is taken for the syntax that carries it."""
    with database.engine.begin() as connection:
        connection.execute(TABLE.insert(), {"id": name, "n": 0, "log": ""})
    assert _writer(database).keep((name, 7))
    assert _rows(database)[name] == "7"
    assert _rows(database)["row1"] == ""


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let batches wait for a locked row as long as a test may take."""
    patience = (*groupcommit._SETTINGS, "SET lock_timeout = '60s'")
    monkeypatch.setattr(groupcommit, "_SETTINGS", patience)


def _lock(connection: Connection, *names: str) -> None:
    for name in names:
        connection.execute(text("SELECT * FROM compliance_test_row WHERE id = :id FOR UPDATE"), {"id": name})


def _start_in_order(writer: GroupCommit, threads: list[threading.Thread]) -> None:
    for started, thread in enumerate(threads, 1):
        thread.start()
        until = time.monotonic() + PATIENCE_SECONDS
        while _waiting(writer) < started:
            assert time.monotonic() < until
            time.sleep(0.002)


def _waiting(writer: GroupCommit) -> int:
    """Count the rows that are queued or under way, also when one has waited long enough to lead others."""
    with writer._mutex:
        return len(writer._queue) + len(writer._under_way)


@pytest.mark.parametrize("locked", [["row1"], ["row0", "row7"]])
@pytest.mark.parametrize("empty_database_url", ["postgresql"], indirect=True)
@pytest.mark.usefixtures("patient")
def test_rows_of_one_key_apply_in_their_order(database: Database, locked: list[str]) -> None:
    """Several updates of one row in one moment are none of them lost, whatever they wait behind."""
    writer = _writer(database)
    assert isinstance(writer, GroupCommit)
    first = [name for name in locked if name != "row1"]
    with database.engine.begin() as locking:
        _lock(locking, *locked)
        kept: list[bool] = []

        def write(name: str, n: int) -> None:
            kept.append(writer.keep((name, n)))

        threads = [threading.Thread(target=write, args=(name, 1)) for name in first]
        threads += [threading.Thread(target=write, args=("row1", n)) for n in range(2, 7)]
        _start_in_order(writer, threads)
    for thread in threads:
        thread.join()
    assert kept == [True] * len(threads)
    assert _rows(database)["row1"] == "23456"


@pytest.mark.parametrize("empty_database_url", ["postgresql"], indirect=True)
@pytest.mark.usefixtures("patient")
def test_a_row_never_leads_past_an_earlier_one_of_its_key(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Though a second batch would now be large enough, the later row waits for its turn."""
    monkeypatch.setattr(groupcommit, "WORTH_A_COMMIT", 2)
    monkeypatch.setattr(groupcommit, "PATIENCE_SECONDS", 60)
    writer = _writer(database)
    assert isinstance(writer, GroupCommit)
    rows = (("row0", 1), ("row1", 1), ("row1", 2))
    threads = [threading.Thread(target=writer.keep, args=(row,)) for row in rows]
    with database.engine.begin() as locking:
        _lock(locking, "row0")
        _start_in_order(writer, threads)
        assert (writer._leaders, [one.row for one in writer._queue]) == (1, [*rows[1:]])
    for thread in threads:
        thread.join()
    assert _rows(database)["row1"] == "12"


def _lose_connections(database: Database) -> None:
    with database.engine.connect() as admin:
        mine = admin.execute(text("SELECT pg_backend_pid()")).scalar_one()
        admin.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> :mine AND "
                "datname = current_database()"
            ),
            {"mine": mine},
        )


def test_a_lost_connection_is_replaced(database: Database) -> None:
    """Whoever comes after the database was away is served again."""
    writer = _writer(database)
    assert writer.keep(("row0", 1))
    if isinstance(writer, GroupCommit):
        _lose_connections(database)
        with pytest.raises(NotKept):
            writer.keep(("row0", 2))
    else:
        writer.close()
    assert writer.keep(("row0", 3))


@pytest.mark.parametrize("empty_database_url", ["postgresql"], indirect=True)
@pytest.mark.usefixtures("patient")
def test_a_row_goes_past_one_that_is_held_up(database: Database) -> None:
    """While somebody else has one row locked, others are kept and answered."""
    blocking = GroupCommit(database, _append, COLUMNS, key=1)
    asynchronous = AsyncGroupCommit(database, _append, COLUMNS, key=1)
    for n, writer in enumerate((blocking, _Waited(asynchronous)), 1):
        with database.engine.begin() as locking:
            _lock(locking, "row0")
            held_up = threading.Thread(target=writer.keep, args=(("row0", n),))
            held_up.start()
            until = time.monotonic() + PATIENCE_SECONDS
            while not (blocking._under_way or asynchronous._under_way):
                assert time.monotonic() < until
                time.sleep(0.002)
            assert writer.keep(("row1", n))
            assert str(n) not in _rows(database)["row0"]
        held_up.join()
        assert _rows(database)["row0"].endswith(str(n))


@pytest.mark.parametrize("empty_database_url", ["postgresql"], indirect=True)
@pytest.mark.usefixtures("patient")
def test_few_rows_wait_for_the_batch_under_way(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second batch begins beside the first one as soon as it is large enough, and then takes all."""
    monkeypatch.setattr(groupcommit, "WORTH_A_COMMIT", 3)
    monkeypatch.setattr(groupcommit, "PATIENCE_SECONDS", 60)
    writer = _writer(database)
    assert isinstance(writer, GroupCommit)
    threads = [threading.Thread(target=writer.keep, args=((f"row{n}", 1),)) for n in range(4)]
    with database.engine.begin() as locking:
        _lock(locking, "row0")
        _start_in_order(writer, threads[:3])
        assert (writer._leaders, len(writer._queue)) == (1, 2)
        threads[3].start()
        for thread in threads[1:]:
            thread.join()
        kept = _rows(database)
        assert [kept[f"row{n}"] for n in range(4)] == ["", "1", "1", "1"]
    threads[0].join()


@pytest.mark.parametrize("empty_database_url", ["postgresql"], indirect=True)
@pytest.mark.usefixtures("patient")
def test_a_bad_row_fails_alone(database: Database) -> None:
    """A batch that the database refuses is tried row by row; the good ones are kept."""
    writer = _writer(database)
    assert isinstance(writer, GroupCommit)
    outcomes: dict[str, object] = {}

    def write(name: str, n: int) -> None:
        try:
            outcomes[name] = writer.keep((name, n))
        except NotKept:
            outcomes[name] = NotKept

    with database.engine.begin() as locking:
        _lock(locking, "row0", "row7")
        threads = [
            threading.Thread(target=write, args=one)
            for one in (("row0", 1), ("row7", 1), ("row1", 1), ("row2", 2**40), ("row3", 1))
        ]
        _start_in_order(writer, threads)
    for thread in threads:
        thread.join()
    assert outcomes == {"row0": True, "row7": True, "row1": True, "row2": NotKept, "row3": True}


@pytest.mark.parametrize("empty_database_url", ["sqlite"], indirect=True)
def test_the_log_is_synced_soon_after_a_row_and_then_rests(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half a second after a row its log goes to the disk; without another row nothing more is done."""
    from lmscompliance.storage import walwriter

    synced = threading.Semaphore(0)
    monkeypatch.setattr(walwriter.os, "fdatasync", lambda _: synced.release())
    writer = _writer(database)
    writer.keep(("row0", 1))
    assert synced.acquire(timeout=PATIENCE_SECONDS)
    assert not synced.acquire(timeout=SYNC_SECONDS * 3)
    writer.keep(("row0", 2))
    assert synced.acquire(timeout=PATIENCE_SECONDS)


@pytest.mark.parametrize("empty_database_url", ["sqlite"], indirect=True)
def test_a_log_that_grows_is_brought_to_an_end(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Under a stream of rows the log is checkpointed and started again, and nothing is lost."""
    from lmscompliance.storage import walwriter

    monkeypatch.setattr(walwriter, "SYNC_SECONDS", 0.01)
    monkeypatch.setattr(walwriter, "_CHECKPOINT_COMMITS", 10)
    monkeypatch.setattr(walwriter, "_LONGEST_LOG_FRAMES", 20)
    writer = _writer(database)
    for n in range(1, 3001):
        assert writer.keep((f"row{n % 8}", n))
    writer.close()
    assert sum(len(log) for log in _rows(database).values()) == sum(len(str(n)) for n in range(1, 3001))


@pytest.mark.parametrize("empty_database_url", ["sqlite"], indirect=True)
def test_two_writers_see_each_others_rows(database: Database) -> None:
    """Whoever keeps a place in the log gives it up for what somebody else has written meanwhile."""
    writers = [_writer(database), _writer(database)]
    for n in range(1, 9):
        assert writers[n % 2].keep(("row1", n))
        assert not writers[(n + 1) % 2].keep(("row1", n))
    assert _rows(database)["row1"] == "12345678"


@pytest.mark.parametrize("empty_database_url", ["sqlite"], indirect=True)
def test_a_row_is_found_by_its_key_wherever_it_lies_meanwhile(database: Database) -> None:
    """Neither a row that took the place of another nor one that moved gets what is not its own."""
    writer = _writer(database)
    assert all(writer.keep((f"row{n}", 1)) for n in range(8))
    with database.engine.begin() as connection:
        connection.execute(TABLE.delete().where(TABLE.c.id == "row7"))
        connection.execute(TABLE.insert(), {"id": "new", "n": 0, "log": ""})
    assert not writer.keep(("row7", 2))
    assert writer.keep(("new", 2))
    with database.engine.begin() as connection:
        connection.execute(TABLE.delete().where(TABLE.c.id == "row0"))
    with database.each_alone.connect() as connection:
        connection.execute(text("VACUUM"))
    assert all(writer.keep((f"row{n}", 3)) for n in range(1, 7))
    assert _rows(database) == {f"row{n}": "13" for n in range(1, 7)} | {"new": "2"}


@pytest.mark.parametrize("empty_database_url", ["sqlite"], indirect=True)
def test_a_miss_holds_up_no_checkpoint(database: Database) -> None:
    """The place in the log is given up soon even when nothing matched, so the log can be carried over."""
    writer = _writer(database)
    assert not writer.keep(("nobody", 1))
    with database.engine.begin() as connection:
        connection.execute(TABLE.update().values(log="x"))
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until:
        connection = database.engine.raw_connection()
        held_up, frames, carried = connection.cursor().execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        connection.close()
        if (held_up, frames) == (0, carried):
            return
        time.sleep(0.05)
    pytest.fail("the checkpoint waits for a reader that never ends")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_child_process_writes_by_connections_of_its_own(database: Database) -> None:
    """What was open before a fork stays the parent's; both go on."""
    writer = _writer(database)
    assert writer.keep(("row1", 1))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # the other thread is what this is about
        child = os.fork()
    if child == 0:
        os._exit(0 if writer.keep(("row1", 2)) else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert writer.keep(("row1", 3))
    assert _rows(database)["row1"] == "123"


@pytest.mark.parametrize("empty_database_url", ["sqlite"], indirect=True)
def test_closing_while_the_syncing_thread_comes_round_does_not_wait_for_ever(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The thread that is just about to forget that it was called still learns that it is to end."""
    monkeypatch.setattr(walwriter, "SYNC_SECONDS", 0.01)
    writer = WalWriter(database, _append, COLUMNS, key=1)
    with writer._lock:
        opened = writer._open = walwriter._Open(str(database.engine.url.database), writer._lock)
        opened.used.set()
        time.sleep(0.3)  # the thread's pause is over: it waits for the lock, to clear the call
        closing = threading.Thread(target=opened.close, daemon=True)
        closing.start()
        while not opened._closing.is_set():
            time.sleep(0.01)
        time.sleep(0.1)
    closing.join(PATIENCE_SECONDS)
    assert not closing.is_alive()
    writer._open = None
