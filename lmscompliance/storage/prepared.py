"""Statements for the hot path: compiled once, run on the driver's own cursor.

SQLAlchemy takes ten times as long to run a statement of one row as the database does. What it does for a
value (types of columns and parameters, the classes of errors) is done here too; what it does for a unit of
work is not. On whatever connection a statement runs, it is part of that connection's transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import Connection, Dialect, Select, Update
from sqlalchemy.exc import DBAPIError

Process = Callable[[Any], Any]


class Prepared:
    """A SELECT of one row at most, or an UPDATE, with named parameters."""

    def __init__(self, statement: Select[Any] | Update) -> None:
        """Keep the statement; it is compiled when a connection first brings its dialect."""
        self._statement = statement
        self._made: dict[str, _Compiled] = {}

    def one(self, connection: Connection, values: Mapping[str, Any]) -> dict[str, Any] | None:
        """Return the row's columns by name, ``None`` where there is no row."""
        made, cursor = self._run(connection, values)
        try:
            row = cursor.fetchone()
        finally:
            cursor.close()
        return None if row is None else made.read(row)

    def matched(self, connection: Connection, values: Mapping[str, Any]) -> int:
        """Return how many rows were changed."""
        _, cursor = self._run(connection, values)
        count = int(cursor.rowcount)
        cursor.close()
        return count

    def _run(self, connection: Connection, values: Mapping[str, Any]) -> tuple[_Compiled, Any]:
        dialect = connection.dialect
        made = self._made.get(dialect.name)
        if made is None:
            made = self._made[dialect.name] = _Compiled(self._statement, dialect)
        cursor = connection.connection.cursor()
        base: type[Exception] = dialect.loaded_dbapi.Error
        try:
            cursor.execute(made.sql, made.parameters(values))
        except base as error:
            cursor.close()
            raise DBAPIError.instance(
                made.sql, None, error, base, hide_parameters=True, dialect=dialect
            ) from error
        return made, cursor


class _Compiled:
    """The statement's text for one dialect, and how its values go in and come out."""

    def __init__(self, statement: Select[Any] | Update, dialect: Dialect) -> None:
        compiled = statement.compile(dialect=dialect)
        self.sql = str(compiled)
        self._order = compiled.positiontup if compiled.positional else None
        binds = compiled.binds
        self._sent = {
            name: _known(bind.type.dialect_impl(dialect).bind_processor(dialect))
            for name, bind in binds.items()
        }
        columns = list(statement.selected_columns) if isinstance(statement, Select) else []
        self._columns = [
            (column.name, _known(column.type.dialect_impl(dialect).result_processor(dialect, None)))
            for column in columns
        ]

    def parameters(self, values: Mapping[str, Any]) -> Any:
        sent = {name: process(values[name]) for name, process in self._sent.items()}
        return sent if self._order is None else [sent[name] for name in self._order]

    def read(self, row: Any) -> dict[str, Any]:
        return {name: process(value) for (name, process), value in zip(self._columns, row, strict=True)}


def _known(process: Process | None) -> Process:
    return process or _as_it_is


def _as_it_is(value: Any) -> Any:
    return value
