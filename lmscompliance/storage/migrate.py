"""Migrations on command: bring the schema up to date, or say that it is not.

Nothing migrates at start-up; an app that finds an older schema refuses to serve and names the remedy.
"""

from __future__ import annotations

from dataclasses import dataclass

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

from lmscompliance.kernel import resources
from lmscompliance.kernel.errors import Misconfigured
from lmscompliance.storage.database import Database

VERSION_TABLE = "compliance_alembic_version"


@dataclass(frozen=True, slots=True)
class Schema:
    """Where a database stands: its revision (``None``: empty) and the newest one we ship."""

    current: str | None
    newest: str | None

    @property
    def up_to_date(self) -> bool:
        """Tell whether nothing is left to do."""
        return self.current == self.newest


def check(database: Database) -> Schema:
    """Return where ``database`` stands; raises ``Misconfigured`` when it cannot be reached."""
    try:
        with database.engine.connect() as connection:
            context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
            current = context.get_current_revision()
    except OperationalError as error:
        raise Misconfigured("storage.unreachable", reason=str(error.orig)) from error
    return Schema(current, ScriptDirectory.from_config(config()).get_current_head())


def require_current(database: Database) -> None:
    """Raise ``Misconfigured``, with the remedy, unless ``database`` is at the newest revision."""
    schema = check(database)
    if not schema.up_to_date:
        raise Misconfigured("storage.schema_behind", current=schema.current or "-", newest=schema.newest)


def upgrade(database: Database) -> Schema:
    """Bring ``database`` to the newest revision, in one transaction, and return where it stands.

    A crash or an error in between leaves it as it was.
    """
    check(database)
    with database.engine.connect() as connection:
        if database.is_sqlite:
            # Rebuilding a table drops it for a moment; with enforcement on, that would delete the rows
            # that refer to it. It cannot be switched inside a transaction, hence here.
            _sqlite_foreign_keys(connection, "OFF")
        try:
            alembic = config()
            alembic.attributes["connection"] = connection
            command.upgrade(alembic, "head")
            connection.commit()
        finally:
            if database.is_sqlite:
                _sqlite_foreign_keys(connection, "ON")
    return check(database)


def _sqlite_foreign_keys(connection: Connection, state: str) -> None:
    raw = connection.connection.driver_connection
    if raw is None:  # pragma: no cover  # the pool has just handed it out
        raise RuntimeError
    raw.execute(f"PRAGMA foreign_keys={state}")


def config() -> Config:
    """Return Alembic's configuration, which needs no file; the caller adds the connection."""
    made = Config()
    made.set_main_option("script_location", str(resources.directory("migrations")).replace("%", "%%"))
    made.set_main_option("path_separator", "os")
    return made
