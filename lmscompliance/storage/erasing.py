"""Takes away what a term has run out for: rooms name rows and values, one place counts and removes them.

A room that keeps anything of a class has a module ``forgetting`` with a function ``forget(erasing)``; it says
what goes with which category and removes nothing itself. ``run`` then empties values and deletes rows in the
order that foreign keys demand (whoever refers to a row goes before it), all in the caller's transaction: if
the process dies before its commit, restart sees everything as it was.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import json
import pkgutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

from sqlalchemy import Column, ColumnElement, Table, and_, delete, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from lmscompliance.storage import personal
from lmscompliance.storage.base import Base
from lmscompliance.storage.statements import table
from lmscompliance.vault import Vault

_ROOMS = Path(__file__).resolve().parent.parent
_AT_ONCE = 500
"""Ids in one statement: both databases bound how many a statement may have."""

Attribute = InstrumentedAttribute[Any]


@dataclass(slots=True)
class Tally:
    """What went of one category: rows deleted and values emptied, by table or ``table.column``."""

    counts: dict[str, int] = field(default_factory=dict)
    digest: Any = field(default_factory=hashlib.sha256)
    """Over every row and value as it stood, so that a copy that survives elsewhere can be recognised."""

    @property
    def total(self) -> int:
        """How many rows and values these are."""
        return sum(self.counts.values())


@dataclass(frozen=True, slots=True)
class _Step:
    category: str
    table: Table
    condition: ColumnElement[bool]
    values: Mapping[str, object] | None
    """What columns become; ``None`` deletes the row."""


@dataclass(slots=True)
class Erasing:
    """What is to go: of one class, its enrolments, and the persons that nothing else is kept of."""

    session: Session
    vault: Vault
    class_id: str
    enrolments: Sequence[str]
    persons: Sequence[str]
    categories: frozenset[str]
    files: dict[str, set[str]] = field(default_factory=dict)
    """Digests of uploaded files that nobody may refer to any more, by category."""
    _steps: list[_Step] = field(default_factory=list)

    def rows(
        self, category: str, column: Attribute, ids: Iterable[str], also: ColumnElement[bool] | None = None
    ) -> None:
        """Delete the rows whose ``column`` is one of ``ids`` (and of which ``also`` is true)."""
        self._plan(category, column, ids, None, also)

    def of_class(self, category: str, *models: type[Base]) -> None:
        """Delete the class's rows of tables with a ``class_id``."""
        for model in models:
            self.rows(category, _attribute(model, "class_id"), [self.class_id])

    def of_enrolments(self, category: str, *models: type[Base]) -> None:
        """Delete its enrolments' rows of tables with an ``enrolment_id`` and no class."""
        for model in models:
            self.rows(category, _attribute(model, "enrolment_id"), self.enrolments)

    def values(
        self, category: str, column: Attribute, ids: Iterable[str], becoming: Mapping[Attribute, object]
    ) -> None:
        """Let columns of the rows whose ``column`` is one of ``ids`` become what ``becoming`` says."""
        self._plan(category, column, ids, {str(one.key): value for one, value in becoming.items()})

    def empty(self, category: str, column: Attribute, ids: Iterable[str], *sealed: Attribute) -> None:
        """Empty sealed values and blind indexes; where none may be missing, an empty text stands sealed."""
        becoming: dict[Attribute, object] = {}
        for one in sealed:
            own = cast("Column[Any]", one.property.columns[0])
            place = personal.place_of(own.table.name, own.name, cast("dict[str, Any]", own.info))
            nothing: object = "" if place is None else self.vault.seal(place, "")
            becoming[one] = None if own.nullable else nothing
        self.values(category, column, ids, becoming)

    def file(self, category: str, digests: Iterable[str | None]) -> None:
        """Let uploaded files go, unless a row that stays refers to them as well."""
        if category in self.categories:
            self.files.setdefault(category, set()).update(one for one in digests if one)

    @property
    def tables(self) -> set[str]:
        """The names of the tables that something goes from."""
        return {step.table.name for step in self._steps}

    def run(self) -> dict[str, Tally]:
        """Empty and delete all that was named, and return what went, by category."""
        order = {one.name: number for number, one in enumerate(reversed(Base.metadata.sorted_tables))}
        # Values first: an emptied column may be what refers to a row that goes.
        steps = sorted(self._steps, key=lambda step: (step.values is None, order[step.table.name]))
        tallies = {category: Tally() for category in sorted(self.categories)}
        for step in steps:
            _take(self.session, step, tallies[step.category])
        return tallies

    def _plan(
        self,
        category: str,
        column: Attribute,
        ids: Iterable[str],
        values: Mapping[str, object] | None,
        also: ColumnElement[bool] | None = None,
    ) -> None:
        if category not in self.categories:
            return
        for chunk in chunks(ids):
            condition = column.in_(chunk) if also is None else and_(column.in_(chunk), also)
            self._steps.append(_Step(category, table(cast("type[Base]", column.class_)), condition, values))


def rooms() -> list[Callable[[Erasing], None]]:
    """Return every room's ``forget``, without naming the rooms above this one."""
    found: list[Callable[[Erasing], None]] = []
    for room in sorted(pkgutil.iter_modules([str(_ROOMS)]), key=lambda one: one.name):
        name = f"lmscompliance.{room.name}.forgetting"
        if room.ispkg and importlib.util.find_spec(name) is not None:
            found.append(importlib.import_module(name).forget)
    return found


def chunks(ids: Iterable[str]) -> Iterator[list[str]]:
    """Yield the distinct ``ids`` in order, a statement's worth at a time."""
    ordered = sorted(set(ids))
    for start in range(0, len(ordered), _AT_ONCE):
        yield ordered[start : start + _AT_ONCE]


def still_referred_to(session: Session, target: Column[Any], digests: Iterable[str]) -> set[str]:
    """Return those of ``digests`` that some row refers to, by a foreign key to ``target`` or a marked one."""
    found: set[str] = set()
    for column in _referring(target):
        for chunk in chunks(digests):
            found.update(session.scalars(select(column).where(column.in_(chunk))))
    return found


def _referring(target: Column[Any]) -> Iterator[Column[Any]]:
    for one in Base.metadata.sorted_tables:
        for column in one.columns:
            marked = column.info.get(personal.FILE, False)
            if marked or any(key.column is target for key in column.foreign_keys):
                yield column


def _take(session: Session, step: _Step, tally: Tally) -> None:
    keys = list(step.table.primary_key)
    if step.values is None:
        columns, name = list(step.table.columns), step.table.name
    else:
        columns = keys + [step.table.c[column] for column in step.values]
        name = f"{step.table.name}.{','.join(step.values)}"
    count = 0
    rows = session.execute(
        select(*columns).where(step.condition).order_by(*keys), execution_options={"yield_per": 1000}
    )
    for row in rows:
        tally.digest.update(json.dumps([step.table.name, *map(_plain, row)]).encode() + b"\n")
        count += 1
    if not count:
        return
    tally.counts[name] = tally.counts.get(name, 0) + count
    if step.values is None:
        session.execute(delete(step.table).where(step.condition))
    else:
        session.execute(update(step.table).where(step.condition).values(dict(step.values)))


def _plain(value: object) -> str | int | None:
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, date | Decimal):  # a datetime is a date as well
        return str(value)
    return cast("str | int | None", value)


def _attribute(model: type[Base], name: str) -> Attribute:
    return cast("Attribute", getattr(model, name))
