"""Every column that holds what the vault made, found in the models themselves.

There is no list to keep: a room that adds a sealed column is found by its name or by what its ``info`` says
(``storage.personal``).
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Column, ColumnElement, LargeBinary, Table, func

from lmscompliance.kernel.errors import ComplianceError
from lmscompliance.storage import personal
from lmscompliance.storage.models import load_all
from lmscompliance.vault import Vault
from lmscompliance.vault.keys import Kind
from lmscompliance.vault.vault import blind_prefix, header_of

Value = Any
_HEADER_BYTES = 3
_PREFIX_DIGITS = 2
_QUOTED = re.compile(r'"(AQ[A-Za-z0-9+/]+={0,2})"')
"""A JSON string that may be a sealed value in base64: all of them begin with the format's version."""


@dataclass(frozen=True, slots=True)
class Held:
    """A column that holds what the vault made, how to tell by which key, and how to make it anew."""

    table: Table
    column: Column[Value]
    kind: Kind
    made_with: Callable[[int], ColumnElement[bool]]
    """The condition that a row's value was made with a key. May be true of somebody's text that looks so."""
    is_made_with: Callable[[int, Value], bool]
    """The same of a value that was read."""
    anew: Callable[[Vault, Mapping[str, Value], datetime], Value]
    """From a row's columns by name, and now: the value under the current key, or the same if it must stay."""
    needs: tuple[Column[Value], ...] = ()
    """Further columns that ``anew`` looks at."""
    exact: bool = True
    """Whether ``made_with`` is never mistaken; otherwise ``anew`` tells by changing nothing."""

    @property
    def name(self) -> str:
        """``table.column``."""
        return f"{self.table.name}.{self.column.name}"


def all_held() -> list[Held]:
    """Return every such column, in a fixed order."""
    found = [
        held
        for table in load_all().metadata.sorted_tables
        for column in table.columns
        if (held := _held(table, column)) is not None
    ]
    return sorted(found, key=lambda held: held.name)


def by_table(kind: Kind) -> Iterator[tuple[Table, list[Held]]]:
    """Yield each table that has columns of ``kind``, with them."""
    columns: dict[str, list[Held]] = {}
    for held in all_held():
        if held.kind is kind:
            columns.setdefault(held.table.name, []).append(held)
    for several in columns.values():
        yield several[0].table, several


def _held(table: Table, column: Column[Value]) -> Held | None:
    info = cast("dict[str, Any]", column.info)
    place = personal.place_of(table.name, column.name, info)
    if place is not None:
        return _sealed(table, column, place)
    if personal.WITHIN in info:
        return _sealed_within(table, column, info[personal.WITHIN])
    if personal.BLIND in info:
        return _blind(table, column, info)
    return None


def _sealed(table: Table, column: Column[Value], place: str) -> Held:
    def made_with(number: int) -> ColumnElement[bool]:
        # The type keeps the comparison one of bytes on both databases.
        return func.substr(column, 1, _HEADER_BYTES, type_=LargeBinary) == header_of(number)

    return Held(
        table,
        column,
        Kind.ENCRYPTION,
        made_with,
        lambda number, value: value is not None and value.startswith(header_of(number)),
        lambda vault, row, _now: vault.seal(place, vault.open(place, row[column.name])),
    )


def _sealed_within(table: Table, column: Column[Value], place: str) -> Held:
    def start(number: int) -> str:
        # Three bytes are four digits of base64, so the key shows in the text.
        return '"' + base64.b64encode(header_of(number)).decode()

    def anew(vault: Vault, row: Mapping[str, Value], _now: datetime) -> str:
        def again(found: re.Match[str]) -> str:
            try:
                sealed = base64.b64decode(found[1], validate=True)
                if sealed.startswith(header_of(vault.ring.current)):
                    return found[0]
                return f'"{base64.b64encode(vault.seal(place, vault.open(place, sealed))).decode()}"'
            except (ComplianceError, ValueError):
                return found[0]  # somebody's text that only looks like one

        return _QUOTED.sub(again, row[column.name])

    return Held(
        table,
        column,
        Kind.ENCRYPTION,
        lambda number: column.contains(start(number), autoescape=True),
        lambda number, value: start(number) in value,
        anew,
        exact=False,
    )


def _blind(table: Table, column: Column[Value], info: dict[str, Any]) -> Held:
    domain, of, expires = info[personal.BLIND], info[personal.OF], info[personal.EXPIRES]
    place = (
        None if of is None else personal.place_of(table.name, of, cast("dict[str, Any]", table.c[of].info))
    )

    def anew(vault: Vault, row: Mapping[str, Value], now: datetime) -> Value:
        if place is not None:
            return row[column.name] if row[of] is None else vault.blind(domain, vault.open(place, row[of]))
        if info[personal.LASTING]:
            return row[column.name]
        if expires is None:
            return ""
        # Nobody looks for an expired row by its value, and its key must not be kept for it.
        still = row[expires] is not None and row[expires] + info[personal.AFTER] > now
        return row[column.name] if still else vault.blind(domain, row[column.name])

    return Held(
        table,
        column,
        Kind.INDEX,
        lambda number: func.substr(column, 1, _PREFIX_DIGITS) == blind_prefix(number),
        lambda number, value: value is not None and value.startswith(blind_prefix(number)),
        anew,
        needs=tuple(table.c[name] for name in (of, expires) if name is not None),
    )
