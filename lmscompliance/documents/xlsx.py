"""Writes a workbook as XLSX: the same rows give the same bytes, whatever the machine and the day.

Every text is a text cell: nothing a trainee typed becomes a formula, a link or a number, and an ID keeps
its 18 digits. Memory stays flat; rows wait in temporary files beside the target until ``write`` ends.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import xlsxwriter
from xlsxwriter.exceptions import XlsxWriterException

from lmscompliance.documents.look import Look, height_of
from lmscompliance.rules.ledger_table import MAX_ROWS, Cell, Row, Sheet, Style, Workbook

_A4 = 9
_MARGINS = {"left": 0.4, "right": 0.4, "top": 0.35, "bottom": 0.55}


class TooManyRows(ValueError):
    """A sheet would be longer than a spreadsheet can hold."""


def write(
    path: Path, workbook: Workbook, created: datetime, progress: Callable[[int], None] | None = None
) -> None:
    """Write ``workbook`` to ``path``; ``created`` is the only time in the file.

    ``progress`` is called with the number of rows written so far. The file is complete only when this
    returns: a caller who needs all or nothing writes aside and renames.
    """
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".xlsx-") as scratch:
        book = xlsxwriter.Workbook(
            str(path),
            {
                "constant_memory": True,
                "tmpdir": scratch,
                "strings_to_formulas": False,
                "strings_to_numbers": False,
                "strings_to_urls": False,
                "default_format_properties": {"font_name": "宋体", "font_size": 10},
            },
        )
        book.set_properties(
            {"title": workbook.title, "created": created.astimezone(UTC).replace(tzinfo=None)}
        )
        try:
            _fill(book, workbook, progress)
        except BaseException:
            # The library keeps a file open per sheet until it closes the book; what it writes then is
            # not whole, so it goes.
            with suppress(OSError, XlsxWriterException):
                book.close()
            path.unlink(missing_ok=True)
            raise
        book.close()


def _fill(book: Any, workbook: Workbook, progress: Callable[[int], None] | None) -> None:
    look = Look(book)
    pages = [_Page(book.add_worksheet(sheet.name), sheet, look) for sheet in workbook.sheets]
    for count, (number, row) in enumerate(workbook.rows, start=1):
        pages[number].add(row)
        if progress is not None:
            progress(count)
    for page in pages:
        page.finish()


@dataclass(slots=True)
class _Page:
    """One sheet while it is being filled."""

    target: Any
    sheet: Sheet
    look: Look
    next_row: int = 0
    last_data_row: int = 0

    def __post_init__(self) -> None:
        target, sheet = self.target, self.sheet
        for index, column in enumerate(sheet.columns):
            target.set_column(index, index, column.width)
        target.set_landscape()
        target.set_paper(_A4)
        target.set_margins(**_MARGINS)
        target.fit_to_pages(1, 0)
        target.center_horizontally()
        target.set_footer(sheet.footer)
        target.hide_gridlines(2)
        if sheet.head_row is not None:
            target.repeat_rows(sheet.head_row - 1)
            target.freeze_panes(sheet.head_row, sheet.frozen_columns)

    def add(self, row: Row) -> None:
        """Write the next row."""
        if self.next_row >= MAX_ROWS:
            msg = f"the sheet {self.sheet.name} would have more than {MAX_ROWS} rows"
            raise TooManyRows(msg)
        number = self.next_row
        self.next_row += 1
        width = len(self.sheet.columns)
        self.target.set_row(number, height_of(row, self.sheet.columns))
        merged = row.merges(width)
        for index, cell in enumerate(row.cells[:width]):
            style = self.look.of(row.style, cell, index, centred=self.sheet.columns[index].centred)
            if merged is not None and index == merged[0]:
                self.target.merge_range(number, merged[0], number, merged[1], "", style)
                self._put(number, index, cell, style)
                break
            self._put(number, index, cell, style)
        if row.style is Style.DATA:
            self.last_data_row = number

    def finish(self) -> None:
        """Set the filter, whose range is known only now."""
        head = self.sheet.head_row
        if head is not None and self.last_data_row >= head:
            self.target.autofilter(head - 1, 0, self.last_data_row, len(self.sheet.columns) - 1)

    def _put(self, row: int, column: int, cell: Cell, style: Any) -> None:
        if cell is None or cell == "":
            self.target.write_blank(row, column, None, style)
        elif isinstance(cell, str):
            self.target.write_string(row, column, cell, style)
        elif isinstance(cell, int | Decimal | Fraction):
            self.target.write_number(row, column, float(cell), style)
