"""Fixtures that every room's tests share: both databases, services with a hand-moved clock."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from itertools import count
from pathlib import Path

import hypothesis
import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from lmscompliance.kernel.clock import SHANGHAI, ManualClock
from lmscompliance.kernel.ids import Ids, SystemRandomness
from lmscompliance.kernel.settings import Settings
from lmscompliance.services import Services
from lmscompliance.storage.database import Database
from lmscompliance.storage.models import load_all
from lmscompliance.vault import Vault
from lmscompliance.vault.sources import FileKeys
from tests.support import postgres

# The same examples each time, so that a change is judged by what it changed; other ones are drawn with
# --hypothesis-profile=roaming. How fast one is made or runs says nothing on a machine that does other work.
_SLOW_IS_FINE = (hypothesis.HealthCheck.too_slow,)
hypothesis.settings.register_profile("roaming", deadline=None, suppress_health_check=_SLOW_IS_FINE)
hypothesis.settings.register_profile("steady", hypothesis.settings.get_profile("roaming"), derandomize=True)
hypothesis.settings.load_profile("steady")

pytest_plugins = ["tests.support.leaks"]
_names = count()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """Yield the URL prefix of a cluster with an empty, migrated template database."""
    if postgres.binaries() is None:
        if os.environ.get("CI") == "true":
            pytest.fail("PostgreSQL is missing; under CI=true that is a failure: apt-get install postgresql")
        pytest.skip("PostgreSQL is not installed: apt-get install postgresql")
    with postgres.cluster() as prefix:
        admin = create_engine(prefix + "postgres", isolation_level="AUTOCOMMIT")
        with admin.connect() as connection:
            connection.execute(text("CREATE DATABASE template_empty"))
            connection.execute(text("CREATE DATABASE template_tables"))
        admin.dispose()
        tables = create_engine(prefix + "template_tables")
        load_all().metadata.create_all(tables)
        tables.dispose()
        yield prefix


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an SQLite file with all tables; a copy of it costs nothing beside making them anew."""
    path = tmp_path_factory.mktemp("template") / "tables.sqlite3"
    database = Database(f"sqlite:///{path}")
    load_all().metadata.create_all(database.engine)
    database.dispose()
    return path


@contextmanager
def _postgres_copy(prefix: str, template: str) -> Iterator[str]:
    """Yield a database of one test's own, gone with the test.

    Removed at once, most of it is never written to disk; removed with the cluster, hundreds of them keep
    the disk busy for minutes. A test may have done away with it itself.
    """
    name = f"test_{os.getpid()}_{next(_names)}"
    admin = create_engine(prefix + "postgres", isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with admin.connect() as connection:
        postgres.copy_database(connection, name, template)
    yield prefix + name
    with admin.connect() as connection:
        connection.execute(text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Return the URL of an empty database, once on each kind."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.sqlite3'}"
        return
    with _postgres_copy(request.getfixturevalue("postgres_server"), "template_empty") as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Return the URL of a database that has all tables, once on each kind.

    ``@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)`` keeps a test to one kind.
    """
    if request.param == "sqlite":
        copy = shutil.copy(request.getfixturevalue("sqlite_template"), tmp_path / "test.sqlite3")
        yield f"sqlite:///{copy}"
        return
    with _postgres_copy(request.getfixturevalue("postgres_server"), "template_tables") as url:
        yield url


@pytest.fixture
def clock() -> ManualClock:
    """Return a clock that stands at 2021-02-01 08:00 in Shanghai."""
    return ManualClock(datetime(2021, 2, 1, 8, 0, tzinfo=SHANGHAI))


@pytest.fixture
def services(database_url: str, clock: ManualClock, tmp_path: Path) -> Iterator[Services]:
    """Return services over a database with tables, a hand-moved clock and the built-in policies."""
    from lmscompliance.policy import Catalogue

    database = Database(database_url)
    yield Services(
        clock=clock,
        ids=Ids(clock, SystemRandomness()),
        settings=Settings.from_mapping(
            {"COMPLIANCE_DATA_DIR": tmp_path / "data", "SECRET_KEY": "test-secret"}  # as the crash servers'
        ),
        database=database,
        vault=Vault(FileKeys(tmp_path / "data" / "vault.json")),
        policies=Catalogue.builtin(),
    )
    database.dispose()
