"""Runs our migrations on the connection that ``lmscompliance.storage.migrate`` hands over.

Only ``compliance_*`` tables exist for autogenerate: a host may keep its own tables in the same database.
"""

from __future__ import annotations

from typing import Any

from alembic import context
from sqlalchemy import TypeDecorator, text

from lmscompliance.storage.base import TABLE_PREFIX
from lmscompliance.storage.migrate import VERSION_TABLE
from lmscompliance.storage.models import load_all

_ADVISORY_LOCK = 0x6C6D7363  # "lmsc": two operators upgrading at once take turns


def include_object(_object: Any, name: str | None, kind: str, _reflected: bool, _other: Any) -> bool:  # noqa: FBT001  # alembic's signature
    """Leave every table alone that is not ours."""
    return kind != "table" or (name or "").startswith(TABLE_PREFIX)


def include_name(name: str | None, kind: str, _parents: Any) -> bool:
    """Do not even read the host's tables."""
    return kind != "table" or (name or "").startswith(TABLE_PREFIX)


def render_item(kind: str, thing: Any, _autogen: Any) -> str | bool:
    """Write our own column types as what they are in the database: a migration outlives their classes."""
    return f"sa.{thing.impl!r}" if kind == "type" and isinstance(thing, TypeDecorator) else False


connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=load_all().metadata,
    version_table=VERSION_TABLE,
    include_object=include_object,
    include_name=include_name,
    render_item=render_item,
    render_as_batch=True,
    compare_type=True,
    compare_server_default=True,
    # Our engine begins SQLite transactions itself, so DDL rolls back there as it does on PostgreSQL:
    # an upgrade that dies leaves the schema as it was.
    transactional_ddl=True,
)
with context.begin_transaction():
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"SELECT pg_advisory_xact_lock({_ADVISORY_LOCK})"))
    context.run_migrations()
