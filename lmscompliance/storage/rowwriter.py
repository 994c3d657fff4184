"""What the hot path writes through: one prepared UPDATE of one row, past pool and unit of work.

Two implementations keep one promise: ``keep`` returns ``True`` only when the row was changed and that change
is committed. ``storage.walwriter`` serves SQLite, ``storage.groupcommit`` PostgreSQL.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from sqlalchemy import ColumnElement, Update
from sqlalchemy.types import TypeEngine

Row = tuple[str | int, ...]
"""The values of one update, in the order of its columns."""

Columns = Mapping[str, TypeEngine[Any]]
"""The names and types of what is sent."""

Build = Callable[[Mapping[str, ColumnElement[Any]]], Update]
"""Makes the UPDATE from what is sent, so that each writer can hand over values in its own way."""


class NotKept(Exception):
    """It could not be written, or nobody knows whether it was: ask again, by the ordinary way."""


class RowWriter(Protocol):
    """Writes one row at a time; safe to call from several threads."""

    def keep(self, row: Row) -> bool:
        """Update with ``row``; tell whether a row matched. Raises ``NotKept``."""
        ...

    def leave(self) -> None:
        """Be told that the calling thread turns to something else, whatever that may be."""
        ...

    def close(self) -> None:
        """Let go of every connection; the next ``keep`` opens anew."""
        ...
