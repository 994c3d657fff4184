"""Writes a migration from what the models have and the newest migration has not. Read it before use.

Usage: .venv/bin/python tools/new_migration.py 'What changes'
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from alembic import command
from alembic.script import ScriptDirectory

from lmscompliance.storage import migrate
from lmscompliance.storage.database import Database


def main(message: str) -> None:
    """Autogenerate against a scratch database at the present head; revisions are numbered."""
    with tempfile.TemporaryDirectory() as scratch:
        database = Database(f"sqlite:///{Path(scratch) / 'scratch.sqlite3'}")
        migrate.upgrade(database)
        config = migrate.config()
        number = 1 + len(list(ScriptDirectory.from_config(config).walk_revisions()))
        with database.engine.connect() as connection:
            config.attributes["connection"] = connection
            command.revision(config, message=message, autogenerate=True, rev_id=f"{number:04d}")
        database.dispose()


if __name__ == "__main__":
    main(sys.argv[1])
