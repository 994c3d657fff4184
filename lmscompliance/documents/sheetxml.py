"""The XML of one sheet (ECMA-376-1, 18.3): its frame, its rows as bytes, what stands behind them.

Every text is an inline text, so nothing that was typed becomes a formula, a link or a number, whatever it
begins with. Row by row, because a ledger may have more rows than memory.
"""

from __future__ import annotations

from lmscompliance.documents.rowxml import ESCAPED, RowForm, StyleOf
from lmscompliance.rules.ledger_table import Column, Row, Sheet, Style, column_letters

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_MARGINS = 'left="0.4" right="0.4" top="0.35" bottom="0.55" header="0.3" footer="0.3"'
_A4 = 9
_FIRST_WIDTHS = 7
"""Pixels of the widest digit of the default font, by which a column's width is stored (18.3.1.13)."""
_CELL_PADDING = 5


class SheetXml:
    """One sheet while it is being filled."""

    def __init__(self, sheet: Sheet, style_of: StyleOf, *, selected: bool) -> None:
        """Begin ``sheet``; ``selected`` is the one that is shown first."""
        self.sheet = sheet
        self._style_of = style_of
        self._selected = selected
        self._letters = [column_letters(index) for index in range(len(sheet.columns))]
        self._forms: dict[tuple[Style, int], RowForm] = {}
        self._merges: list[str] = []
        self._rows = self._last_data_row = 0
        self._stamped = False
        self._breaks: list[int] = []

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

    def row(self, row: Row) -> bytes:
        """Return the next row."""
        self._rows = number = self._rows + 1
        key = row.style, len(row.cells)
        form = self._forms.get(key)
        if form is None:
            form = self._forms[key] = RowForm(row, self.sheet.columns, self._style_of)
        if row.style is Style.DATA:
            self._last_data_row = number
        elif row.style is Style.STAMP:
            self._stamped = True
        elif row.style is Style.SECTION and self._stamped:
            # What is stamped is a page by itself; what follows begins on the next.
            self._breaks.append(number - 1)
            self._stamped = False
        if form.merged is not None:
            self._merges.append(":".join(f"{self._letters[index]}{number}" for index in form.merged))
        return form.xml(number, row.cells)

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
            footer = self.sheet.footer.translate(ESCAPED)
            parts.append(f"<headerFooter><oddFooter>{footer}</oddFooter></headerFooter>")
        if self._breaks:
            breaks = "".join(f'<brk id="{row}" max="16383" man="1"/>' for row in self._breaks)
            count = len(self._breaks)
            parts.append(f'<rowBreaks count="{count}" manualBreakCount="{count}">{breaks}</rowBreaks>')
        parts.append("</worksheet>")
        return "".join(parts).encode()


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
