"""Sheets and rows as plain values: what a workbook says, with nothing about how a file holds it.

The writer in ``documents`` and the reader in ``verifier`` agree through these types alone. Rows come as a
stream of ``(sheet number, row)`` so that several sheets can be filled, or checked, in one pass over a class
of any size.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from typing import NamedTuple

Cell = str | int | Decimal | Fraction | None
"""Text, a whole number, an exact decimal shown as it is, a quotient shown with two decimals, or nothing."""

MAX_ROWS = 1_048_576
"""What one sheet of a spreadsheet can hold."""
MAX_TEXT = 32_767
"""What one cell can hold."""

GENERAL, WHOLE, HUNDREDTHS, TEXT = 0, 1, 2, 49

_EXACT = 10**15
"""Whole numbers nearer to 0 are the same as a double."""
_ILLEGAL = re.compile("[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Style(Enum):
    """What a row is; the writer decides how that looks."""

    TITLE = "title"
    """The sheet's title over its whole width."""
    NOTE = "note"
    """A sentence over the whole width."""
    SECTION = "section"
    """The heading of a part, over the whole width."""
    HEAD = "head"
    """Column headings."""
    DATA = "data"
    """Values under the headings."""
    TOTAL = "total"
    """Sums of the values above."""
    FIELDS = "fields"
    """Label and value, label and value."""
    FIELD = "field"
    """One label and one value over the rest of the width."""
    STAMP = "stamp"
    """Labels with room for a stamp or a signature beside each."""


SPANNING = frozenset({Style.TITLE, Style.NOTE, Style.SECTION})
"""Styles whose first cell covers the whole width."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its width in characters and whether its values are centred."""

    width: int
    centred: bool = False


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet's frame. ``head_row`` (from 1) is repeated on each printed page and carries the filter.

    ``frozen_columns`` stay in view on the left. A sheet without ``head_row`` is a form.
    """

    name: str
    footer: str
    columns: tuple[Column, ...]
    head_row: int | None = None
    frozen_columns: int = 0


@dataclass(frozen=True, slots=True)
class Row:
    """One row; cells beyond the last are empty."""

    style: Style
    cells: tuple[Cell, ...]

    def merges(self, width: int) -> tuple[int, int] | None:
        """Return the first and last column (from 0) this row joins into one cell, if any."""
        first = 0 if self.style in SPANNING else 1 if self.style is Style.FIELD else None
        return None if first is None or first >= width - 1 else (first, width - 1)


@dataclass(frozen=True, slots=True)
class Workbook:
    """A workbook: its sheets in order, and its rows as ``(sheet number from 0, row)``.

    ``rows`` can be consumed once. Rows of one sheet come in order; sheets may alternate.
    """

    title: str
    sheets: tuple[Sheet, ...]
    rows: Iterator[tuple[int, Row]]


class Place(NamedTuple):
    """Which sheet of a workbook (from 0), and which of its parts: 0 unless it is longer than one can be."""

    sheet: int
    part: int


def paged(workbook: Workbook) -> Iterator[tuple[Place, Row]]:
    """Yield the rows with their places: what does not fit on one sheet goes on in the next, and says so.

    A continuation repeats everything up to the headings.
    """
    used = [0] * len(workbook.sheets)
    places = [Place(number, 0) for number in range(len(workbook.sheets))]
    heads = [sheet.head_row or 0 for sheet in workbook.sheets]
    opening: list[list[Row]] = [[] for _ in workbook.sheets]
    for number, one in workbook.rows:
        place, above = places[number], used[number]
        if above < heads[number] and not place.part:
            opening[number].append(one)
        if above == MAX_ROWS - 1:
            following = Place(number, place.part + 1)
            name = continued(workbook.sheets[number], following.part).name
            yield place, row(Style.NOTE, f"本表行数已满，续见工作表“{name}”。")
            for again in opening[number]:
                yield following, again
            places[number], above = following, len(opening[number])
        used[number] = above + 1
        yield places[number], one


def continued(sheet: Sheet, part: int) -> Sheet:
    """Return the frame of a sheet's continuation; part 0 is the sheet itself."""
    if not part:
        return sheet
    name = f"{sheet.name}（续{part}）"
    return replace(sheet, name=name, footer=sheet.footer.replace(sheet.name, name))


def row(style: Style, *cells: Cell) -> Row:
    """Return a row whose texts a spreadsheet can hold unchanged (see ``printable``)."""
    return Row(style, tuple(printable(cell) if isinstance(cell, str) else cell for cell in cells))


def printable(text: str) -> str:
    """Return ``text`` as every spreadsheet will read it back.

    Characters XML cannot carry become U+FFFD, line ends become LF, and what is too long for a cell is cut
    with an ellipsis. A text that begins like rich-text markup gets a space before it, because the writing
    library would otherwise pass it through as markup.
    """
    # The common case at a glance: what is printable holds no control character and no surrogate.
    if text.isprintable() and len(text) <= MAX_TEXT and not text.startswith("<r>"):
        return text
    cleaned = _ILLEGAL.sub("\ufffd", text.replace("\r\n", "\n").replace("\r", "\n"))
    if cleaned.startswith("<r>"):
        cleaned = " " + cleaned
    return cleaned if len(cleaned) <= MAX_TEXT else cleaned[: MAX_TEXT - 1] + "…"


def number_format(cell: Cell) -> int:
    """Return which of the number formats every program has built in shows ``cell`` (ECMA-376-1, 18.8.30).

    A decimal is shown with all its digits: 59.99 may not look like 60.
    """
    if isinstance(cell, Fraction):
        return HUNDREDTHS
    if isinstance(cell, Decimal):
        return GENERAL
    return WHOLE if isinstance(cell, int) else TEXT


def number_text(cell: int | Decimal | Fraction) -> str:
    """Return the digits a file holds for ``cell``: the nearest double, with 16 significant digits."""
    if isinstance(cell, int) and -_EXACT < cell < _EXACT:
        return str(cell)
    # What float() makes of a quotient, without the calls it takes there.
    value = cell.numerator / cell.denominator if isinstance(cell, Fraction) else float(cell)
    return f"{value:.16G}"


def column_letters(index: int) -> str:
    """Return the letters of the column ``index`` (from 0): 0 is A, 26 is AA."""
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(65 + rest) + letters
    return letters
