"""The XML of one sheet (ECMA-376-1, 18.3): its frame, its rows as bytes, what stands behind them.

Every text is an inline text, so nothing that was typed becomes a formula, a link or a number, whatever it
begins with. Row by row, because a ledger may have more rows than memory.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from lmscompliance.documents.look import height_of, lines_of, rooms_of
from lmscompliance.rules.ledger_table import (
    Cell,
    Column,
    Row,
    Sheet,
    Style,
    column_letters,
    number_text,
)

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_MARGINS = 'left="0.4" right="0.4" top="0.35" bottom="0.55" header="0.3" footer="0.3"'
_A4 = 9
_ESCAPED = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
_LOOKS_ESCAPED = re.compile("(_x[0-9a-fA-F]{4}_)")
_FIRST_WIDTHS = 7
"""Pixels of the widest digit of the default font, by which a column's width is stored (18.3.1.13)."""
_CELL_PADDING = 5
_KEPT = 4096
"""Texts of a column that are kept ready: names, numbers and titles stand in many rows of one trainee."""

StyleOf = Callable[[Style, Cell, int, bool], int]
"""The number of the cell format for a row's style, a cell, its column and whether that is centred."""


class SheetXml:
    """One sheet while it is being filled."""

    def __init__(self, sheet: Sheet, style_of: StyleOf, *, selected: bool) -> None:
        """Begin ``sheet``; ``selected`` is the one that is shown first."""
        self.sheet = sheet
        self._style_of = style_of
        self._selected = selected
        self._letters = [column_letters(index) for index in range(len(sheet.columns))]
        self._starts = [f'<c r="{letters}' for letters in self._letters]
        self._centred = [column.centred for column in sheet.columns]
        self._rooms = rooms_of(sheet.columns)
        self._forms: dict[tuple[Style, int, type], str] = {}
        self._known: dict[Style, list[dict[str, tuple[str, int]]]] = {}
        self._merges: list[str] = []
        self._rows = self._last_data_row = 0

    @property
    def filtered(self) -> tuple[int, int] | None:
        """The first and last row (from 1) under the filter, where there is something to filter."""
        head = self.sheet.head_row
        return (head, self._last_data_row) if head is not None and self._last_data_row > head else None

    def head(self) -> bytes:
        """Return what stands before the rows."""
        sheet = self.sheet
        selected = ' tabSelected="1"' if self._selected else ""
        columns = "".join(_column(index, column) for index, column in enumerate(sheet.columns, 1))
        return (
            '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
            f'<worksheet xmlns="{_MAIN}" xmlns:r="{_RELATIONS}">'
            '<sheetPr><pageSetUpPr fitToPage="1"/></sheetPr>'
            f'<sheetViews><sheetView showGridLines="0"{selected} workbookViewId="0">{_pane(sheet)}'
            '</sheetView></sheetViews><sheetFormatPr defaultRowHeight="15"/>'
            f"<cols>{columns}</cols><sheetData>"
        ).encode()

    def row(self, row: Row) -> str:
        """Return the next row."""
        self._rows = number = self._rows + 1
        style, width = row.style, len(self._letters)
        if style is Style.DATA:
            self._last_data_row = number
        cells = row.cells[:width]
        merged = row.merges(width)
        if merged is not None:
            cells = cells[: merged[0] + 1]
        known = self._known.setdefault(style, [{} for _ in self._letters])
        parts, lines = [""], 1
        for index, (start, cell) in enumerate(zip(self._starts, cells, strict=False)):
            if cell.__class__ is str and merged is None:
                seen = known[index]
                found = seen.get(cell)
                if found is None:
                    if len(seen) >= _KEPT:
                        seen.clear()
                    found = seen[cell] = self._text(style, index, cell, self._rooms[index])
                end, needed = found
                lines = max(lines, needed)
            elif cell.__class__ is str:
                end, lines = self._text(style, index, cell, sum(self._rooms[index:]))
            else:
                end = f"{self._form(style, index, cell)}{_value(cell)}"
            parts.append(f"{start}{number}{end}")
        if merged is not None:
            parts += self._joined(merged, self._form(style, merged[0], cells[-1]))
        parts[0] = f'<row r="{number}" ht="{height_of(style, lines):g}" customHeight="1">'
        parts.append("</row>")
        return "".join(parts)

    def tail(self) -> bytes:
        """Return what stands behind the rows."""
        parts = ["</sheetData>"]
        if self.filtered is not None:
            first, last = self.filtered
            parts.append(f'<autoFilter ref="A{first}:{self._letters[-1]}{last}"/>')
        if self._merges:
            refs = "".join(f'<mergeCell ref="{ref}"/>' for ref in self._merges)
            parts.append(f'<mergeCells count="{len(self._merges)}">{refs}</mergeCells>')
        parts.append('<printOptions horizontalCentered="1"/>')
        parts.append(f"<pageMargins {_MARGINS}/>")
        parts.append(f'<pageSetup paperSize="{_A4}" fitToHeight="0" orientation="landscape"/>')
        if self.sheet.footer:
            footer = self.sheet.footer.translate(_ESCAPED)
            parts.append(f"<headerFooter><oddFooter>{footer}</oddFooter></headerFooter>")
        parts.append("</worksheet>")
        return "".join(parts).encode()

    def _form(self, style: Style, index: int, cell: Cell) -> str:
        """Return what stands behind the row's number in a cell's opening tag, kept by what decides it."""
        key = (style, index, cell.__class__)
        if key not in self._forms:
            self._forms[key] = f'" s="{self._style_of(style, cell, index, self._centred[index])}"'
        return self._forms[key]

    def _text(self, style: Style, index: int, text: str, room: float) -> tuple[str, int]:
        """Return the rest of a text's cell behind the row's number, and how many lines it needs."""
        return f"{self._form(style, index, text)}{_value(text)}", lines_of(text, room)

    def _joined(self, merged: tuple[int, int], style: str) -> list[str]:
        """Join the cells of the present row; the border is drawn by all the cells that one covers."""
        first, last = (f"{self._letters[index]}{self._rows}" for index in merged)
        self._merges.append(f"{first}:{last}")
        return [
            f'<c r="{self._letters[index]}{self._rows}{style}/>'
            for index in range(merged[0] + 1, merged[1] + 1)
        ]


def _value(cell: Cell) -> str:
    if cell is None:
        return "/>"
    if isinstance(cell, str):
        if not cell:
            return "/>"
        text = cell
        if "&" in text or "<" in text or ">" in text:
            text = text.translate(_ESCAPED)
        if "_x" in text:
            text = _LOOKS_ESCAPED.sub(r"_x005F\1", text)
        space = ' xml:space="preserve"' if text[0].isspace() or text[-1].isspace() else ""
        return f' t="inlineStr"><is><t{space}>{text}</t></is></c>'
    return f"><v>{number_text(cell)}</v></c>"


def _column(number: int, column: Column) -> str:
    width = int((column.width * _FIRST_WIDTHS + _CELL_PADDING) / _FIRST_WIDTHS * 256) / 256
    return f'<col min="{number}" max="{number}" width="{width:.16g}" customWidth="1"/>'


def _pane(sheet: Sheet) -> str:
    if sheet.head_row is None:
        return ""
    at = f"{column_letters(sheet.frozen_columns)}{sheet.head_row + 1}"
    if not sheet.frozen_columns:
        pane = "bottomLeft"
        return (
            f'<pane ySplit="{sheet.head_row}" topLeftCell="{at}" activePane="{pane}" state="frozen"/>'
            f'<selection pane="{pane}"/>'
        )
    corner = f"{column_letters(sheet.frozen_columns)}1"
    return (
        f'<pane xSplit="{sheet.frozen_columns}" ySplit="{sheet.head_row}" topLeftCell="{at}" '
        'activePane="bottomRight" state="frozen"/>'
        f'<selection pane="topRight" activeCell="{corner}" sqref="{corner}"/>'
        f'<selection pane="bottomLeft" activeCell="A{sheet.head_row + 1}" sqref="A{sheet.head_row + 1}"/>'
        '<selection pane="bottomRight"/>'
    )
