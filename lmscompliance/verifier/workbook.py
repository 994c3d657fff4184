"""Compares a workbook with the one recomputed from the evidence, cell by cell."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from lmscompliance.rules.ledger_facts import WITHHELD
from lmscompliance.rules.ledger_table import (
    Cell,
    Row,
    Sheet,
    Workbook,
    column_letters,
    number_format,
    number_text,
)
from lmscompliance.verifier.report import Report, Step
from lmscompliance.verifier.sheets import NotOurWorkbook, ReadCell, SheetTail, WorkbookReader


class WorkbookCheck:
    """One comparison; every difference is named by sheet and cell with what was expected and found."""

    def __init__(self, step: Step, report: Report) -> None:
        """Report differences to ``step``, cells that cannot be compared to ``report`` as findings."""
        self._step = step
        self._report = report
        self.cells = 0
        self._undisclosed = 0

    def run(self, path: Path, expected: Workbook) -> None:
        """Compare the file at ``path`` with ``expected``.

        Raises what consuming ``expected.rows`` raises; what is wrong with the file is a problem instead.
        """
        try:
            with WorkbookReader(path) as reader:
                self._compare(reader, expected)
        except NotOurWorkbook as error:
            self._step.fail("not_our_workbook", reason=str(error))
        self._step.say("workbook_detail", cells=self.cells, sheets=len(expected.sheets))
        if self._undisclosed:
            self._report.find("cells_withheld", count=self._undisclosed)

    def _compare(self, reader: WorkbookReader, expected: Workbook) -> None:
        names = [sheet.name for sheet in expected.sheets]
        if reader.sheet_names != names:
            found = "、".join(reader.sheet_names)
            self._step.fail("sheets_differ", expected="、".join(names), found=found)
            return
        cursors = [_Cursor(sheet, reader, number) for number, sheet in enumerate(expected.sheets)]
        for number, row in expected.rows:
            self._row(cursors[number], row)
        for cursor in cursors:
            for _, cells in cursor.rest():
                for cell in cells.values():
                    self._differs(cursor.sheet, cell.ref, "", cell.content)
            if cursor.tail.merges != cursor.merges:
                odd = sorted(cursor.tail.merges ^ cursor.merges)
                self._step.fail("merges_differ", sheet=cursor.sheet.name, ranges="、".join(odd[:5]))
            if cursor.tail.footer != cursor.sheet.footer:
                self._step.fail(
                    "footer_differs",
                    sheet=cursor.sheet.name,
                    expected=cursor.sheet.footer,
                    found=cursor.tail.footer,
                )

    def _row(self, cursor: _Cursor, row: Row) -> None:
        found = cursor.next(row)
        width = len(cursor.sheet.columns)
        for index in range(width):
            cell = row.cells[index] if index < len(row.cells) else None
            self._cell(cursor, index, cell, found.pop(index, None))
        for extra in found.values():
            self._differs(cursor.sheet, extra.ref, "", extra.content)

    def _cell(self, cursor: _Cursor, index: int, expected: Cell, found: ReadCell | None) -> None:
        self.cells += 1
        if isinstance(expected, str) and WITHHELD in expected:
            self._undisclosed += 1
            return
        blank = expected is None or expected == ""
        kind = "text" if isinstance(expected, str) else "number"
        content = "" if expected is None else expected if isinstance(expected, str) else number_text(expected)
        if blank and found is None:
            return
        if blank or found is None or found.kind != kind or found.content != content:
            ref = f"{column_letters(index)}{cursor.row}"
            self._differs(cursor.sheet, ref, content, "" if found is None else found.content)
        elif found.number_format != number_format(expected):
            self._step.fail("format_differs", sheet=cursor.sheet.name, cell=found.ref)

    def _differs(self, sheet: Sheet, ref: str, expected: str, found: str) -> None:
        self._step.fail("cell_differs", sheet=sheet.name, cell=ref, expected=expected, found=found)


@dataclass(slots=True)
class _Cursor:
    """Where a sheet is read at, and what the expected rows say about its joined cells."""

    sheet: Sheet
    reader: WorkbookReader
    number: int
    row: int = 0
    merges: set[str] = field(default_factory=set)
    tail: SheetTail = field(default_factory=SheetTail)
    _rows: Iterator[tuple[int, dict[int, ReadCell]]] = field(init=False)
    _waiting: tuple[int, dict[int, ReadCell]] | None = None

    def __post_init__(self) -> None:
        self._rows = self.reader.rows(self.number, self.tail)

    def next(self, row: Row) -> dict[int, ReadCell]:
        """Return the cells found in the next row, which should be ``row``."""
        self.row += 1
        if joined := row.merges(len(self.sheet.columns)):
            first, last = joined
            self.merges.add(f"{column_letters(first)}{self.row}:{column_letters(last)}{self.row}")
        if self._waiting is None:
            self._waiting = next(self._rows, None)
        if self._waiting is not None and self._waiting[0] == self.row:
            cells, self._waiting = self._waiting[1], None
            return dict(cells)
        return {}

    def rest(self) -> Iterator[tuple[int, dict[int, ReadCell]]]:
        """Yield the rows beyond the last expected one."""
        if self._waiting is not None:
            yield self._waiting
        yield from self._rows
