"""Migrations on both databases: one line, no drift, all or nothing, blind to the host's tables."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text

from lmscompliance.kernel import resources
from lmscompliance.kernel.errors import Misconfigured
from lmscompliance.storage import migrate
from lmscompliance.storage.database import Database
from lmscompliance.storage.models import load_all


@pytest.fixture
def database(empty_database_url: str):
    """Yield an empty database, once on each kind."""
    database = Database(empty_database_url)
    yield database
    database.dispose()


def _ours(name: str | None, kind: str, _parents: object) -> bool:
    return kind != "table" or (name or "").startswith("compliance_")


def test_the_history_is_one_line() -> None:
    """There is one base, one head, and no branch between them."""
    scripts = ScriptDirectory(str(resources.directory("migrations")))
    revisions = list(scripts.walk_revisions())
    assert len(scripts.get_heads()) == 1
    assert len(scripts.get_bases()) == 1
    assert all(not script.is_branch_point and not script.is_merge_point for script in revisions)


def test_migrating_an_empty_database_gives_exactly_the_models(database: Database) -> None:
    """Autogenerate finds nothing left to do after an upgrade."""
    schema = migrate.upgrade(database)
    assert schema.up_to_date
    with database.engine.connect() as connection:
        context = MigrationContext.configure(
            connection,
            opts={
                "version_table": migrate.VERSION_TABLE,
                "compare_type": True,
                "compare_server_default": True,
                "include_name": _ours,
            },
        )
        assert compare_metadata(context, load_all().metadata) == []


def test_migrating_gives_the_same_triggers_and_indexes_as_the_models(
    database: Database, database_url: str
) -> None:
    """What autogenerate cannot see (triggers, partial indexes) stands in the migrations too."""
    if database.engine.dialect.name != ("sqlite" if database_url.startswith("sqlite") else "postgresql"):
        pytest.skip("compares like with like")
    migrate.upgrade(database)
    made = Database(database_url)
    try:
        assert _hidden(database) == _hidden(made)
    finally:
        made.dispose()


def _hidden(database: Database) -> list[tuple[str, str]]:
    query = (
        "SELECT name, sql FROM sqlite_master WHERE type IN ('trigger', 'index') AND sql IS NOT NULL"
        if database.is_sqlite
        else "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' "
        "UNION ALL SELECT tgname, pg_get_triggerdef(oid) || ' enabled ' || tgenabled::text FROM pg_trigger "
        "WHERE NOT tgisinternal "
        "UNION ALL SELECT proname, pg_get_functiondef(oid) FROM pg_proc WHERE proname LIKE 'compliance_%'"
    )
    with database.engine.connect() as connection:
        rows = connection.execute(text(query)).all()
    return sorted((name, " ".join(sql.split())) for name, sql in rows if "alembic_version" not in name)


def test_going_back_and_forth_ends_where_it_began(database: Database) -> None:
    """A downgrade takes away what its upgrade made, so both can be run again."""
    migrate.upgrade(database)
    before = _hidden(database)
    alembic = migrate.config()
    with database.engine.connect() as connection:
        alembic.attributes["connection"] = connection
        command.downgrade(alembic, "0001")
        connection.commit()
    assert _hidden(database) != before
    migrate.upgrade(database)
    assert _hidden(database) == before


def test_upgrading_again_changes_nothing(database: Database) -> None:
    """The command may be run at each deployment."""
    first = migrate.upgrade(database)
    assert migrate.upgrade(database) == first


def test_a_hosts_tables_are_neither_seen_nor_changed(database: Database) -> None:
    """A host may keep its own tables, and its own Alembic, in the same database."""
    with database.engine.begin() as connection:
        connection.execute(text("CREATE TABLE host_users (id INTEGER PRIMARY KEY)"))
        connection.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32))"))
        connection.execute(text("INSERT INTO alembic_version VALUES ('host')"))
    migrate.upgrade(database)
    names = inspect(database.engine).get_table_names()
    assert {"host_users", "alembic_version"} < set(names)
    assert all(name.startswith("compliance_") for name in set(names) - {"host_users", "alembic_version"})
    with database.engine.connect() as connection:
        assert connection.execute(text("SELECT version_num FROM alembic_version")).scalar() == "host"


def test_a_failing_upgrade_leaves_nothing_behind(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """DDL rolls back on both databases: an upgrade that dies half-way can simply be run again."""
    from alembic.runtime.migration import HeadMaintainer

    def die(*_: object) -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as patch:
        patch.setattr(HeadMaintainer, "update_to_step", die)
        with pytest.raises(ZeroDivisionError):
            migrate.upgrade(database)
    assert inspect(database.engine).get_table_names() == []
    assert migrate.upgrade(database).up_to_date


def test_an_old_schema_is_named_with_the_remedy(database: Database) -> None:
    """An empty database is refused by name of the command."""
    with pytest.raises(Misconfigured, match="lmscompliance db upgrade"):
        migrate.require_current(database)


def test_foreign_keys_are_enforced_after_an_upgrade(empty_database_url: str) -> None:
    """An upgrade on SQLite switches enforcement off only for itself."""
    database = Database(empty_database_url)
    migrate.upgrade(database)
    if database.is_sqlite:
        with database.engine.connect() as connection:
            assert connection.execute(text("PRAGMA foreign_keys")).scalar() == 1
    database.dispose()


def test_an_unreachable_database_is_named(tmp_path: Path) -> None:
    """A wrong address is an error of the settings, not a traceback."""
    database = Database(f"sqlite:///{tmp_path / 'nowhere' / 'x.sqlite3'}")
    with pytest.raises(Misconfigured, match="cannot be reached"):
        migrate.check(database)
    database.dispose()
