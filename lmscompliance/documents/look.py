"""How the rows of a workbook look: fonts, fills, borders and the height of joined cells."""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from math import ceil
from typing import Any

from lmscompliance.rules.ledger_table import GENERAL, TEXT, Cell, Column, Style, number_format

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
_FIXED_HEIGHT = {Style.TITLE: 30.0, Style.SECTION: 24.0, Style.STAMP: 76.0}
_LINE_HEIGHT = 14.0
_PADDING = 4.0
_HEAD_PADDING = 8.0
_FILLED = 0.92
"""Share of a column's width that text may count on: cells have margins, and lines break between words."""
_MAX_LINES = 28
"""A row cannot be higher than a page (programs allow 409 points)."""


class Look:
    """The cell formats of one workbook, each made once."""

    def __init__(self, book: Any) -> None:
        """Make formats in ``book`` (an ``xlsxwriter.Workbook``) as they are first needed."""
        self._book = book
        self._formats: dict[tuple[Style, int, bool, bool], Any] = {}

    def number_of(self, style: Style, index: int, centred: bool, cell: Cell) -> int:  # noqa: FBT001  # see StyleOf
        """Return the number of the format of ``cell`` in column ``index`` (from 0) of a row of ``style``."""
        label = style in _LABELLED and index % 2 == 0
        key = (style, number_format(cell), centred, label)
        if key not in self._formats:
            properties = {"font_color": _INK} | _PROPERTIES[style]
            if key[1] != GENERAL:
                # The library takes a 0 for the format "0"; General is what it does by itself.
                properties["num_format"] = key[1]
            if label:
                properties |= _LABEL
            elif centred and style in {Style.DATA, Style.TOTAL}:
                properties["align"] = "center"
            elif style in _LABELLED:
                properties["align"] = "left"
            elif key[1] != TEXT:
                properties |= {"align": "right", "indent": 1}
            if key[1] != TEXT:
                # A sum that outgrows its column is written smaller, not as ###.
                properties |= {"text_wrap": False, "shrink": True}
            self._formats[key] = self._book.add_format(properties)
        # What the library itself calls as it writes a cell: the number is the format's from then on.
        number: int = self._formats[key]._get_xf_index()  # noqa: SLF001  # there is no public name for it
        return number


def room_of(column: Column) -> float:
    """Return how many characters ``column`` has room for."""
    return column.width * _FILLED


def height_of(style: Style, lines: int) -> float:
    """Return the height in points of a row of ``style`` whose fullest cell has ``lines``.

    Every wrapped text has to show in every program: they differ in whether they fit rows by themselves, and
    none fits them to joined cells.
    """
    if style in _FIXED_HEIGHT:
        return _FIXED_HEIGHT[style]
    padding = _HEAD_PADDING if style is Style.HEAD else _PADDING
    return _LINE_HEIGHT * min(lines, _MAX_LINES) + padding


def lines_of(text: str, room: float) -> int:
    """Return how many lines ``text`` takes where there is room for so many characters, estimated."""
    # The common case without counting characters: a Chinese one is two wide.
    if (2 * len(text) <= room or (text.isascii() and len(text) <= room)) and "\n" not in text:
        return 1
    return sum(max(1, ceil(sum(map(_width_of, line)) / room)) for line in text.split("\n"))


@lru_cache(maxsize=8192)
def _width_of(char: str) -> int:
    return 2 if unicodedata.east_asian_width(char) in "WFA" else 1
