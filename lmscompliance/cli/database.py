"""``lmscompliance db``: the schema, on command."""

from __future__ import annotations

import click

from lmscompliance.cli.environment import services
from lmscompliance.cli.showing import say
from lmscompliance.storage import migrate


@click.group("db")
def group() -> None:
    """Bring the database schema up to date, or check it."""


@group.command("upgrade", short_help="Bring the schema to the newest version.")
def upgrade() -> None:
    """Bring the schema to the newest version; a crash leaves it as it was."""
    with services(migrated=False) as given:
        before = migrate.check(given.database)
        after = migrate.upgrade(given.database)
        if before == after:
            say("cli.schema_current", revision=after.current)
        else:
            say("cli.schema_upgraded", before=before.current or "-", after=after.current)


@group.command("check", short_help="Say whether the schema is up to date.")
def check() -> None:
    """Say whether the schema is up to date; exit code 2 with the remedy if it is not."""
    with services(migrated=True) as given:
        say("cli.schema_current", revision=migrate.check(given.database).current)
