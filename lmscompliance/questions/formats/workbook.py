"""Opens a spreadsheet safely and hands out its rows as text, as a person reading the sheet would see them."""

from __future__ import annotations

import re
import zipfile
import zlib
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path

from python_calamine import CalamineError, CalamineWorkbook

from lmscompliance.kernel.errors import InvalidInput
from lmscompliance.questions.formats import package
from lmscompliance.questions.formats.text import clean

SUFFIXES = frozenset({".xlsx", ".xlsm", ".xls", ".ods"})

MAX_BYTES = 200 * 1024 * 1024
"""How large a workbook may be once unpacked; a bank of 100,000 questions stays far below it."""

# NotImplementedError and other RuntimeErrors are zipfile's answer to encryption and unknown compression.
_DAMAGED = (
    CalamineError,
    zipfile.BadZipFile,
    zlib.error,
    OSError,
    EOFError,
    ValueError,
    KeyError,
    RuntimeError,
)

_ERRORS = re.compile(r"#(REF!|N/A|NAME\?|VALUE!|DIV/0!|NUM!|NULL!|GETTING_DATA|SPILL!)")
_EMBEDDED_PICTURE = re.compile(r"^=?(_xlfn\.)?DISPIMG\(", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell as text. ``oddity`` names what the text alone hides: a date, an error, a picture."""

    text: str = ""
    oddity: str = ""
    raw: str = ""


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
    merged: dict[tuple[int, int], int] = field(default_factory=dict)

    def spanning(self, row: Row, column: int | None) -> str:
        """Return the text that stands beside ``row`` in ``column``, a merged cell's included."""
        own = row.at(column).text
        if own or column is None:
            return own
        top = self.merged.get((row.number, column))
        return next((r.at(column).text for r in self.rows if r.number == top), "")


def read(path: Path) -> list[Sheet]:
    """Return all sheets of the workbook, hidden and empty ones included.

    Raises ``InvalidInput`` when the file is no workbook, is locked with a password, or would unpack to
    more than ``MAX_BYTES`` or to an absurdly wide sheet.
    """
    try:
        _refuse_huge(path)
        details = package.inspect(path) if zipfile.is_zipfile(path) else package.Details()
        workbook = CalamineWorkbook.from_path(str(path))
        return [_sheet(workbook, name, details) for name in workbook.sheet_names]
    except _DAMAGED as error:
        raise InvalidInput("questions.unreadable", file=path.name) from error
    except BaseException as error:
        # The reader's own panics over a damaged .xls derive from BaseException and cannot be imported.
        if type(error).__name__ == "PanicException":
            raise InvalidInput("questions.unreadable", file=path.name) from error
        raise


def _refuse_huge(path: Path) -> None:
    size = path.stat().st_size
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            size = sum(entry.file_size for entry in archive.infolist())
    if size > MAX_BYTES:
        raise InvalidInput("questions.too_large", file=path.name, limit=MAX_BYTES // 1024 // 1024)


def _sheet(workbook: CalamineWorkbook, name: str, details: package.Details) -> Sheet:
    found = details.sheets.get(name, package.SheetDetails())
    sheet = workbook.get_sheet_by_name(name)
    rows = []
    for number, values in enumerate(sheet.to_python(skip_empty_area=False), 1):
        cells = tuple(_cell(value, found.formats.get((number, at), "")) for at, value in enumerate(values))
        if any(cell.text for cell in cells):
            rows.append(Row(number, cells))
    merged = {}
    for (top, left), (bottom, right) in sheet.merged_cell_ranges or []:
        if left == right:
            merged.update({(row + 1, left): top + 1 for row in range(top + 1, bottom + 1)})
    return Sheet(name, tuple(rows), found.pictures, merged)


def _cell(value: object, shown_as: str) -> Cell:
    if isinstance(value, str):
        return _typed(value)
    if isinstance(value, bool):
        return Cell("TRUE" if value else "FALSE", "", str(value))
    if isinstance(value, (int, float)):
        return Cell(_number(value, shown_as), "", str(value))
    if isinstance(value, (datetime, date)):
        return Cell(_day(value, shown_as), "date", value.isoformat())
    if isinstance(value, (time, timedelta)):
        return Cell(str(value), "date", str(value))
    return Cell()


def _typed(value: str) -> Cell:
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
