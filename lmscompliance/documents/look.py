"""How the rows of a workbook look: fonts, fills, borders and the height of joined cells."""

from __future__ import annotations

import unicodedata
from decimal import Decimal
from fractions import Fraction
from typing import Any

from lmscompliance.rules.ledger_table import Cell, Column, Row, Style

_INK = "#1F1F1F"
_QUIET = "#595959"
_LINE = "#A6A6A6"
_HEAD_FILL = "#E7EEF5"
_LABEL_FILL = "#F2F2F2"

_BOXED = {"border": 1, "border_color": _LINE, "valign": "vcenter", "text_wrap": True}
_PROPERTIES: dict[Style, dict[str, object]] = {
    Style.TITLE: {"font_name": "黑体", "font_size": 16, "bold": True, "align": "center", "valign": "vcenter"},
    Style.NOTE: {"font_color": _QUIET, "font_size": 9, "valign": "vcenter", "text_wrap": True},
    Style.SECTION: {"font_name": "黑体", "font_size": 11, "bold": True, "valign": "bottom"},
    Style.HEAD: _BOXED | {"font_name": "黑体", "bold": True, "align": "center", "bg_color": _HEAD_FILL},
    Style.DATA: _BOXED,
    Style.TOTAL: _BOXED | {"bold": True, "bg_color": _LABEL_FILL},
    Style.FIELDS: _BOXED,
    Style.FIELD: _BOXED,
    Style.STAMP: _BOXED | {"valign": "top"},
}
_LABEL = {"font_name": "黑体", "align": "center", "valign": "vcenter", "bg_color": _LABEL_FILL}
_LABELLED = frozenset({Style.FIELDS, Style.FIELD, Style.STAMP})
_FIXED_HEIGHT = {Style.TITLE: 30.0, Style.SECTION: 24.0, Style.HEAD: 30.0, Style.STAMP: 78.0}
_LINE_HEIGHT = 13.5
_GENERAL, _WHOLE, _HUNDREDTHS, _TEXT = 0, 1, 2, 49
"""Number formats every spreadsheet program has built in (ECMA-376, part 1, 18.8.30)."""


class Look:
    """The cell formats of one workbook, each made once."""

    def __init__(self, book: Any) -> None:
        """Make formats in ``book`` (an ``xlsxwriter.Workbook``) as they are first needed."""
        self._book = book
        self._formats: dict[tuple[Style, int, bool, bool], Any] = {}

    def of(self, style: Style, cell: Cell, index: int, *, centred: bool) -> Any:
        """Return the format of ``cell`` in column ``index`` (from 0) of a row of ``style``."""
        label = style in _LABELLED and index % 2 == 0
        key = (style, _number_format(cell), centred, label)
        if key not in self._formats:
            properties = {"font_color": _INK, "num_format": key[1]} | _PROPERTIES[style]
            if label:
                properties |= _LABEL
            elif centred and style in {Style.DATA, Style.TOTAL}:
                properties["align"] = "center"
            elif style in _LABELLED:
                properties["align"] = "left"
            self._formats[key] = self._book.add_format(properties)
        return self._formats[key]


def height_of(row: Row, columns: tuple[Column, ...]) -> float | None:
    """Return the height of ``row`` in points, or ``None`` where the reader's program fits it by itself.

    Programs do not fit rows to joined cells, so those are estimated here: a Chinese character is two wide.
    """
    if row.style in _FIXED_HEIGHT:
        return _FIXED_HEIGHT[row.style]
    merged = row.merges(len(columns))
    if merged is None:
        return None
    text = row.cells[merged[0]] if merged[0] < len(row.cells) else None
    if not isinstance(text, str):
        return _LINE_HEIGHT + 4
    room = sum(column.width for column in columns[merged[0] : merged[1] + 1]) * 0.95
    lines = sum(1 + int(_width(line) // room) for line in text.split("\n"))
    return _LINE_HEIGHT * lines + 4


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(char) in "WFA" else 1 for char in text)


def _number_format(cell: Cell) -> int:
    if isinstance(cell, Fraction):
        return _HUNDREDTHS
    if isinstance(cell, Decimal):
        return _GENERAL
    if isinstance(cell, int):
        return _WHOLE
    return _TEXT
