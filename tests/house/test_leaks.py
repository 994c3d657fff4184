"""A stolen database, dump, backup or log tells nobody's number, phone or name."""

from __future__ import annotations

import logging
import re
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from lmscompliance.identity import roster
from lmscompliance.kernel.clock import shanghai_day
from lmscompliance.services import Services
from lmscompliance.storage.transaction import reading, transaction
from lmscompliance.training import queries
from lmscompliance.training.registration import import_roster
from tests.house.world import NAMES, build, write_roster
from tests.identity.sheets import number
from tests.support import leaks, postgres
from tests.training.school import file_class

NUMBER, PHONE = number(1), "13810000000"


def _taken(services: Services, folder: Path, since: str) -> dict[str, bytes]:
    """Return what a thief may come by: a dump, a backup, the files as they lie there, the server's log."""
    engine = services.database.engine
    if services.database.is_sqlite:
        with closing(sqlite3.connect(str(engine.url.database))) as source:
            dump = "\n".join(source.iterdump()).encode()
            with closing(sqlite3.connect(folder / "backup.sqlite3")) as target:
                source.backup(target)
        files = [*folder.glob("*.sqlite3"), *folder.glob("*.sqlite3-wal")]
    else:
        binaries = postgres.binaries()
        assert binaries is not None
        url = engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
        dump = subprocess.run([binaries / "pg_dump", url], check=True, capture_output=True).stdout
        with engine.connect() as connection:
            data = Path(str(connection.exec_driver_sql("SHOW data_directory").scalar()))
        files = [one for one in (data / "pg_wal").glob("0*") if one.name >= since]
        files.append(data.parent / "log")
    # Bytes stand as hexadecimal digits in a dump.
    blobs = b"\0".join(bytes.fromhex(one.decode()) for one in re.findall(rb"(?:[0-9a-fA-F]{2}){8,}", dump))
    return {"dump": dump, "blobs": blobs} | {one.name: one.read_bytes() for one in files}


def _write_ahead_log(services: Services) -> str:
    """Begin a new file of PostgreSQL's log and return its name."""
    if services.database.is_sqlite:
        return ""
    with services.database.engine.connect() as connection:
        connection.exec_driver_sql("SELECT pg_switch_wal()")
        name = connection.exec_driver_sql("SELECT pg_walfile_name(pg_current_wal_insert_lsn())").scalar()
    return str(name)


def test_nobody_stands_in_a_stolen_database(services: Services, tmp_path: Path):
    """After registration, learning, exams, proofs and an export: neither number, phone nor name."""
    since = _write_ahead_log(services)
    world = build(services, tmp_path / "world")
    taken = _taken(services, tmp_path, since)
    assert b"compliance_person" in taken["dump"]
    assert len(taken) > 3
    assert [(name, leaked) for name, data in taken.items() if (leaked := leaks.found(data))] == []
    for name in NAMES:
        assert not any(name.encode() in taken[part] for part in ("dump", "blobs"))
    with reading(services.database) as session:
        people = queries.open_roster(session, services.vault, world.mine.objects["class_id"])
    assert [one.person.name for one in people] == list(NAMES)


def test_nobody_stands_in_the_most_talkative_log(services: Services, tmp_path: Path, caplog):
    """With every logger at DEBUG, SQL included, an import tells what was done and of nobody."""
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.DEBUG, "sqlalchemy.engine")
    file_class(services)
    import_roster(services, "K1", write_roster(tmp_path / "roster.csv", 1))
    assert "INSERT INTO compliance_person" in caplog.text
    assert leaks.found(caplog.text.encode()) == []
    assert not any(name in caplog.text for name in NAMES)


def test_nobody_stands_in_an_error_of_the_database(services: Services):
    """An error of the database names the statement, never the values."""
    with pytest.raises(DatabaseError) as failure, transaction(services.database) as session:
        session.execute(text("SELECT :number FROM nowhere"), {"number": NUMBER})
    assert "nowhere" in str(failure.value)
    assert NUMBER not in str(failure.value)


def test_nobody_stands_in_what_a_debugger_shows(services: Services, tmp_path: Path):
    """The values that carry people through the house do not print them."""
    path = write_roster(tmp_path / "roster.csv", 1)
    rows = roster.read(path, shanghai_day(services.clock.now()))
    class_id = file_class(services)
    issued = import_roster(services, "K1", path)
    with reading(services.database) as session:
        entries = queries.open_roster(session, services.vault, class_id)
    shown = repr((rows, rows.accepted[0].number, issued, entries))
    assert leaks.found(shown.encode()) == []
    assert not any(name in shown for name in NAMES)
    assert not any(code in shown for code in issued.codes.values())


def test_what_is_looked_for_is_found(tmp_path: Path):
    """The search is not blind: it finds a number and a phone wherever they stand, and lets digests pass."""
    assert leaks.found(f"x{NUMBER}9".encode()) == [NUMBER]
    assert leaks.found(f"电话 {PHONE}。".encode()) == [PHONE]
    wrong = f"{NUMBER[:-1]}{(int(NUMBER[-1]) + 1) % 10}"
    no_day = number(1, birth="19901301")
    assert leaks.found(f"a{PHONE}b 1612137600000000 {wrong} {no_day}".encode()) == []
    path = tmp_path / "a.sqlite3"
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE t (a TEXT, b TEXT, c BLOB)")
        database.execute("INSERT INTO t VALUES ('abc', ?, ?)", (PHONE, NUMBER.encode()))
        database.commit()
    assert leaks.found(leaks.cells(f"sqlite:///{path}")) == [NUMBER, PHONE]
    assert dict(leaks.in_files(tmp_path)) == {"a.sqlite3": [NUMBER]}
    path.unlink()
