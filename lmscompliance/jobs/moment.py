"""The database's own clock as an SQL expression: integer microseconds since the epoch."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import GenericFunction

SECOND = 1_000_000


class database_now(GenericFunction[int]):  # noqa: N801  # an SQL function is written like one
    """Wall-clock time at the moment of execution, not at the start of the transaction."""

    type = BigInteger()
    inherit_cache = True


@compiles(database_now, "postgresql")
def _postgresql(_element: database_now, _compiler: Any, **_options: Any) -> str:
    return "CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS BIGINT)"


@compiles(database_now, "sqlite")
def _sqlite(_element: database_now, _compiler: Any, **_options: Any) -> str:
    # unixepoch('subsec') needs SQLite 3.42; Debian 12 has 3.40. Exact to the millisecond.
    seconds = "CAST(strftime('%s', 'now') AS INTEGER)"
    millis = "CAST(substr(strftime('%f', 'now'), 4) AS INTEGER)"
    return f"({seconds} * 1000000 + {millis} * 1000)"
