"""Statements on whole tables, where the unit of work would only cost time or does not know how."""

from __future__ import annotations

from typing import cast

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from lmscompliance.storage.base import Base


def table(model: type[Base]) -> Table:
    """Return the table of ``model``."""
    return cast("Table", model.__table__)


def upsert(bind: Connection | Session, model: type[Base]) -> sqlite.Insert | postgresql.Insert:
    """Return an INSERT into ``model``'s table that may say what happens ``on_conflict``."""
    dialect = bind.get_bind().dialect if isinstance(bind, Session) else bind.dialect
    insert = sqlite.insert if dialect.name == "sqlite" else postgresql.insert
    return insert(table(model))
