"""Ways things go wrong below us: backups, disks, commits that lie. For the fault matrix."""

import os
import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from dataclasses import replace
from itertools import count
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import OperationalError

from lmscompliance.storage.database import Database
from tests.support import postgres

_names = count()


def _administered(url):
    return create_engine(urlsplit(url)._replace(path="/postgres").geturl(), isolation_level="AUTOCOMMIT")


def _url(services):
    return services.database.engine.url.render_as_string(hide_password=False)


def backed_up(services, tmp_path):
    """Return services over a copy of the database as it stands: the backup, restored elsewhere."""
    url = _url(services)
    services.database.dispose()
    if services.database.is_sqlite:
        source = tmp_path / "test.sqlite3"
        copy = tmp_path / f"backup{next(_names)}.sqlite3"
        shutil.copy(source, copy)
        return replace(services, database=Database(f"sqlite:///{copy}"))
    name = f"backup_{os.getpid()}_{next(_names)}"
    engine = _administered(url)
    with engine.connect() as connection:
        postgres.copy_database(connection, name, urlsplit(url).path[1:])
    engine.dispose()
    return replace(services, database=Database(urlsplit(url)._replace(path=f"/{name}").geturl()))


@contextmanager
def lying_commit(services, number):
    """Let the ``number``-th commit from here on persist and then be reported as failed; yield the counter."""
    dialect = services.database.engine.dialect
    honest = dialect.do_commit
    made = [0]

    def lie(connection):
        honest(connection)
        made[0] += 1
        if made[0] == number:
            raise OperationalError("COMMIT", {}, Exception("the connection broke after the commit"))

    dialect.do_commit = lie
    try:
        yield made
    finally:
        dialect.do_commit = honest


class SmallDisk:
    """A tmpfs that can be made larger, as an administrator makes room."""

    def __init__(self, path):
        """Stand at ``path``."""
        self.path = path

    def make_room(self):
        """Give it plenty."""
        subprocess.run(["mount", "-o", "remount,size=256m", "tmpfs", self.path], check=True)


@contextmanager
def small_disk(size):
    """Yield a disk of ``size``; skip where only an administrator could mount one."""
    if os.geteuid() != 0:
        pytest.skip("a small disk takes a mount, and that takes root")
    # Not below the test's own directory: the database's user must reach it.
    path = Path(tempfile.mkdtemp(prefix="lmscompliance-disk-"))
    path.chmod(0o755)
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size},mode=777", "tmpfs", path],
        capture_output=True,
        check=False,
    )
    if mounted.returncode:
        path.rmdir()
        pytest.skip(f"a small disk cannot be mounted here: {mounted.stderr.decode().strip()}")
    try:
        yield SmallDisk(path)
    finally:
        subprocess.run(["umount", "-l", path], check=True)
        path.rmdir()


@contextmanager
def database_on(services, disk):
    """Yield services whose tables lie on the small ``disk``; their database goes with it."""
    url = _url(services)
    services.database.dispose()
    if services.database.is_sqlite:
        shutil.copy(urlsplit(url).path, disk.path / "test.sqlite3")
        moved = replace(services, database=Database(f"sqlite:///{disk.path / 'test.sqlite3'}"))
        try:
            yield moved
        finally:
            moved.database.dispose()
        return
    name, space = urlsplit(url).path[1:], f"small_{os.getpid()}_{next(_names)}"
    place = disk.path / "pg"
    place.mkdir()
    if os.geteuid() == 0:
        shutil.chown(place, "postgres", "postgres")
    admin = _administered(url)
    with admin.connect() as connection:
        connection.execute(text(f"CREATE TABLESPACE {space} LOCATION '{place}'"))
        connection.execute(text(f"ALTER DATABASE {name} SET TABLESPACE {space}"))
    try:
        yield services
    finally:
        services.database.dispose()
        with admin.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
            connection.execute(text(f"DROP TABLESPACE {space}"))
        admin.dispose()
