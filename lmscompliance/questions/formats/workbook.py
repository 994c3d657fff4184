"""Opens a spreadsheet safely and hands out its rows as text, as a person reading the sheet would see them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path

from lmscompliance.documents import spreadsheet
from lmscompliance.questions.formats import package
from lmscompliance.questions.formats.text import clean

SUFFIXES = frozenset({".xlsx", ".xlsm", ".xls", ".ods"})

_ERRORS = re.compile(r"#(REF!|N/A|NAME\?|VALUE!|DIV/0!|NUM!|NULL!|GETTING_DATA|SPILL!)")
_NAMED = re.compile(r'\(\s*"([^"]+)"')
_PLACED = "［图片］"
_EMBEDDED_PICTURE = re.compile(r"^=?(_xlfn\.)?DISPIMG\(", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell as text. ``oddity`` names what the text alone hides: a date, an error, a picture.

    ``picture`` is the picture that lies in it, empty for one that cannot be had.
    """

    text: str = ""
    oddity: str = ""
    raw: str = ""
    picture: bytes = b""


@dataclass(frozen=True, slots=True)
class Row:
    """A row that holds something; ``number`` is the one the spreadsheet shows."""

    number: int
    cells: tuple[Cell, ...]

    def at(self, column: int | None) -> Cell:
        """Return the cell in ``column`` (from 0), an empty one beyond the end or for no column."""
        if column is None or column >= len(self.cells):
            return Cell()
        return self.cells[column]

    def texts(self) -> list[str]:
        """Return the texts that are not empty."""
        return [cell.text for cell in self.cells if cell.text]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet's rows that hold anything, and the rows a picture or formula object is anchored to.

    ``merged`` tells for a cell inside a vertical merge which row holds its value.
    """

    name: str
    rows: tuple[Row, ...]
    pictures: frozenset[int] = frozenset()
    images: dict[int, tuple[tuple[int, bytes], ...]] = field(default_factory=dict)
    """Of a row all pictures that float over it, by column; a row of which one cannot be had is not here."""
    merged: dict[tuple[int, int], int] = field(default_factory=dict)

    def spanning(self, row: Row, column: int | None) -> str:
        """Return the text that stands beside ``row`` in ``column``, a merged cell's included."""
        own = row.at(column).text
        if own or column is None:
            return own
        top = self.merged.get((row.number, column))
        return next((r.at(column).text for r in self.rows if r.number == top), "")


def read(path: Path) -> list[Sheet]:
    """Return all sheets of the workbook, hidden and empty ones included; raises as ``spreadsheet.read``."""
    return parse(path.name, spreadsheet.load(path))


def parse(file: str, data: bytes) -> list[Sheet]:
    """Return all sheets of the workbook ``data``; raises as ``spreadsheet.parse``, naming ``file``."""
    sheets = spreadsheet.parse(file, data)
    with spreadsheet.readable(file):
        details = package.inspect(data) if data.startswith(spreadsheet.ZIP) else package.Details()
    nothing = package.SheetDetails()
    return [_sheet(sheet, details.sheets.get(sheet.name, nothing), details.in_cells) for sheet in sheets]


def _sheet(sheet: spreadsheet.Sheet, found: package.SheetDetails, in_cells: dict[str, bytes]) -> Sheet:
    rows = []
    for number, values in enumerate(sheet.rows, 1):
        cells = tuple(_held((number, at), value, found, in_cells) for at, value in enumerate(values))
        if any(cell.text for cell in cells):
            rows.append(Row(number, cells))
    merged = {}
    for (top, left), (bottom, right) in sheet.merged:
        if left == right:
            merged.update({(row + 1, left): top + 1 for row in range(top + 1, bottom + 1)})
    return Sheet(sheet.name, tuple(rows), found.pictures, found.images, merged)


def _held(
    place: tuple[int, int], value: object, found: package.SheetDetails, in_cells: dict[str, bytes]
) -> Cell:
    """Return a cell with what the package says of it beyond its value."""
    if place in found.placed:
        return Cell(_PLACED, "picture", _PLACED, found.placed[place] or b"")
    if place in found.errors:
        return Cell(found.errors[place], "error", found.errors[place])
    cell = _cell(value, found.formats.get(place, ""))
    named = _NAMED.search(cell.text) if cell.oddity == "picture" else None
    return replace(cell, picture=in_cells[named[1]]) if named and named[1] in in_cells else cell


def _cell(value: object, shown_as: str) -> Cell:
    if isinstance(value, str):
        return typed(value)
    if isinstance(value, bool):
        return Cell("TRUE" if value else "FALSE", "", str(value))
    if isinstance(value, (int, float)):
        return Cell(_number(value, shown_as), "", str(value))
    if isinstance(value, (datetime, date)):
        return Cell(_day(value, shown_as), "date", value.isoformat())
    if isinstance(value, (time, timedelta)):
        return Cell(str(value), "date", str(value))
    return Cell()


def typed(value: str) -> Cell:
    """Return the cell that somebody typed ``value`` into."""
    text = clean(value)
    if _EMBEDDED_PICTURE.match(text):
        return Cell(text, "picture", value)
    return Cell(text, "error" if _ERRORS.fullmatch(text) else "", value)


def _number(value: float, shown_as: str) -> str:
    """Write a number as the sheet shows it: ``1`` for 1.0, ``15%`` for 0.15 in a percent cell.

    Fifteen significant digits are what a spreadsheet shows; beyond them stand artefacts of binary floats.
    """
    exact = Decimal(format(value, ".15g"))
    if shown_as == package.PERCENT:
        return format((exact * 100).normalize(), "f") + "%"
    text = format(exact, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _day(value: date, shown_as: str) -> str:
    if shown_as == package.MONTH_DAY:
        # The sheet shows no year, so nobody typed one: a fraction such as 2/3 became a day.
        return f"{value.month}/{value.day}"
    return f"{value.year}年{value.month}月{value.day}日"
