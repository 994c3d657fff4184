"""Compares a workbook with the one recomputed from the evidence, cell by cell."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from lmscompliance.rules.ledger_facts import WITHHELD
from lmscompliance.rules.ledger_masked import TITLE
from lmscompliance.rules.ledger_table import (
    Cell,
    Place,
    Row,
    Sheet,
    Style,
    Workbook,
    column_letters,
    continued,
    number_format,
    number_text,
    paged,
)
from lmscompliance.verifier.contents import ContentReader
from lmscompliance.verifier.opened import OpenWorkbook
from lmscompliance.verifier.parts import NotOurWorkbook, ReadCell, SheetTail
from lmscompliance.verifier.report import Step
from lmscompliance.verifier.sheets import WorkbookReader

_ROUNDING = 1e-14
_ONE_LINE = frozenset({Style.TITLE, Style.SECTION})
"""Rows whose texts do not wrap."""
_WIDE = re.compile("[\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe4f\uff01-\uff60\uffe0-\uffe6]")
"""Characters that take the room of two, whichever edition of Unicode a program knows."""
_LINE_HEIGHT = 14
"""Points that a line of text needs at least."""
_MAX_LINES = 28
"""A row cannot be made high enough for more."""


class WorkbookCheck:
    """One comparison; every difference is named by sheet and cell with what was expected and found.

    A file that another program saved is refused, and then read once more for what its cells hold, so that
    those that differ are named all the same.
    """

    def __init__(self, step: Step, path: Path, *, public: bool = False) -> None:
        """Compare the file at ``path``; what is wrong with it goes to ``step``.

        In a ``public``, masked copy what is hidden has to be hidden as the copy itself would.
        """
        self._step = step
        self._path = path
        self._reader: OpenWorkbook | None = None
        self._strict = True
        self._found = Step(step.number, step.name)
        self._expected: tuple[Sheet, ...] = ()
        self._cursors: dict[Place, _Cursor | None] = {}
        self.public = public
        self.cells = 0
        self.undisclosed = 0
        self.again = False
        """Whether the file was refused on the way, so that it is to be compared once more from the top."""

    def begin(self, expected: Workbook) -> None:
        """Open the file; raises nothing that is wrong with it."""
        self.again = False
        self.cells = self.undisclosed = 0
        self._found = Step(self._step.number, self._step.name)
        self._expected, self._cursors = expected.sheets, {}
        if self._strict:
            try:
                self._reader = WorkbookReader(self._path)
            except NotOurWorkbook as error:
                self._step.fail("not_our_workbook", reason=str(error))
                self._strict = False
        if not self._strict:
            try:
                self._reader = ContentReader(self._path)
            except NotOurWorkbook as error:
                self._step.fail("cells_unreadable", reason=str(error))
        for number in range(len(expected.sheets)):
            self._cursor(Place(number, 0))

    def row(self, place: Place, row: Row) -> None:
        """Compare the next row of the sheet at ``place``."""
        cursor = self._cursor(place)
        if cursor is None:
            return
        try:
            self._row(cursor, row)
        except NotOurWorkbook as error:
            self._refuse(error)

    def end(self, *, whole: bool) -> None:
        """Compare what stands behind the last rows, if all of them were handed in (``whole``)."""
        try:
            if self._reader is not None and whole:
                self._names(self._reader)
                for cursor in self._cursors.values():
                    if cursor is not None:
                        self._tail(cursor)
        except NotOurWorkbook as error:
            self._refuse(error)
        if not self.again:
            self._step.absorb(self._found)
            code = "workbook_detail" if self._strict else "workbook_contents_detail"
            code = "workbook_masked_detail" if self.public and self._strict else code
            self._step.say(code, cells=self.cells, sheets=len(self._cursors))

    def close(self) -> None:
        """Close the file."""
        if self._reader is not None:
            self._reader.close()
        self._reader = None

    def _refuse(self, error: NotOurWorkbook) -> None:
        self.close()
        if self._strict:
            self._step.fail("not_our_workbook", reason=str(error))
            self._strict, self.again = False, True
        else:
            self._step.fail("cells_unreadable", reason=str(error))

    def _cursor(self, place: Place) -> _Cursor | None:
        """Return where the sheet at ``place`` is read at; ``None`` where the file has no such sheet."""
        if self._reader is None:
            return None
        if place not in self._cursors:
            sheet, found = continued(self._expected[place.sheet], place.part), self._reader.sheet_names
            known = sheet.name in found
            self._cursors[place] = _Cursor(sheet, self._reader, found.index(sheet.name)) if known else None
        return self._cursors[place]

    def _names(self, reader: OpenWorkbook) -> None:
        """Compare the tabs: how far a sheet goes on is known only once its rows have come."""
        names = [continued(self._expected[number], part).name for number, part in sorted(self._cursors)]
        if reader.sheet_names != names:
            found = reader.sheet_names
            self._found.fail("sheets_differ", expected=[*names], found=found)

    def _tail(self, cursor: _Cursor) -> None:
        for _, cells in cursor.rest():
            if cursor.untold and not self.public:
                self.undisclosed += len(cells)
                continue
            for cell in cells.values():
                self._differs(cursor.sheet, cell.ref, "", cell.content)
        if not self._strict:
            return
        name, footer = cursor.sheet.name, cursor.sheet.footer
        if cursor.tail.merges != cursor.merges:
            odd = sorted(cursor.tail.merges ^ cursor.merges)
            self._found.fail("merges_differ", sheet=name, ranges=odd[:5])
        if cursor.tail.footer != footer:
            self._found.fail("footer_differs", sheet=name, expected=footer, found=cursor.tail.footer)
        for index, column in enumerate(cursor.sheet.columns):
            if cursor.tail.widths.get(index, 0) < column.width:
                letters = column_letters(index)
                self._found.fail("shown_less", sheet=name, place=f"{letters}:{letters}")

    def _row(self, cursor: _Cursor, row: Row) -> None:
        found = cursor.next(row)
        cursor.untold = all(cell == WITHHELD for cell in row.cells)
        width = len(cursor.sheet.columns)
        if self._strict:
            self._room(cursor, row, found)
        for index in range(width):
            cell = row.cells[index] if index < len(row.cells) else None
            self._cell(cursor, index, cell, found.pop(index, None))
        for extra in found.values():
            self._differs(cursor.sheet, extra.ref, "", extra.content)

    def _room(self, cursor: _Cursor, row: Row, found: Mapping[int, ReadCell]) -> None:
        """See that there is room for every line of each text: what is cut off cannot be read."""
        columns = cursor.sheet.columns
        joined = row.merges(len(columns))
        for index, cell in found.items():
            # Another text than the expected one is named as such.
            if cell.kind != "text" or index >= len(row.cells) or cell.content != row.cells[index]:
                continue
            if not cell.wraps and row.style not in _ONE_LINE:
                self._found.fail("shown_less", sheet=cursor.sheet.name, place=cell.ref)
            room = columns[index].width
            if joined is not None and index == joined[0]:
                room = sum(column.width for column in columns[index:])
            if cell.height < _height_for(cell.content, room):
                place = f"{cursor.row}:{cursor.row}"
                self._found.fail("shown_less", sheet=cursor.sheet.name, place=place)
                return

    def _cell(self, cursor: _Cursor, index: int, expected: Cell, found: ReadCell | None) -> None:
        self.cells += 1
        if isinstance(expected, str) and WITHHELD in expected and not self.public:
            self.undisclosed += 1
            return
        blank = expected is None or expected == ""
        kind = "text" if isinstance(expected, str) else "number"
        content = "" if expected is None else expected if isinstance(expected, str) else number_text(expected)
        if blank and found is None:
            return
        if blank or found is None or found.kind != kind or not self._same(found, content):
            ref = f"{column_letters(index)}{cursor.row}"
            self._differs(cursor.sheet, ref, content, "" if found is None else found.content)
        elif self._strict and found.number_format != number_format(expected):
            self._found.fail("format_differs", sheet=cursor.sheet.name, cell=found.ref)

    def _differs(self, sheet: Sheet, ref: str, expected: str, found: str) -> None:
        self._found.fail("cell_differs", sheet=sheet.name, cell=ref, expected=expected, found=found)

    def _same(self, found: ReadCell, content: str) -> bool:
        if self._strict or found.kind != "number":
            return found.content == content
        try:
            # Programs write the same double with 15 to 17 digits.
            return math.isclose(float(found.content), float(content), rel_tol=_ROUNDING)
        except ValueError:
            return False


def _height_for(text: str, room: int) -> int:
    """Return how many points ``text`` needs at least where there is room for so many characters."""
    if 2 * len(text) <= room and "\n" not in text:
        return _LINE_HEIGHT
    lines = text.split("\n")
    count = sum(max(1, -(-(len(line) + len(_WIDE.findall(line))) // room)) for line in lines)
    return _LINE_HEIGHT * min(count, _MAX_LINES)


def is_masked(path: Path) -> bool:
    """Tell by its first cell whether the workbook says to be a masked copy; one that cannot be read does not.

    Nothing rests on that: a copy that says so wrongly differs from a masked one in other cells.
    """
    try:
        with ContentReader(path) as reader:
            _, cells = next(iter(reader.rows(0, SheetTail())), (0, {}))
    except NotOurWorkbook:
        return False
    return 0 in cells and cells[0].content == TITLE


def compare(checks: Sequence[WorkbookCheck], build: Callable[[], Workbook]) -> None:
    """Compare every file with what ``build`` recomputes, in one pass; refused files in a second one.

    Raises what ``build`` and consuming its rows raise.
    """
    waiting = list(checks)
    while waiting:
        try:
            expected = build()
            for check in waiting:
                check.begin(expected)
            whole = False
            try:
                for place, row in paged(expected):
                    for check in waiting:
                        check.row(place, row)
                whole = True
            finally:
                for check in waiting:
                    check.end(whole=whole)
        finally:
            for check in waiting:
                check.close()
        waiting = [check for check in waiting if check.again]


@dataclass(slots=True)
class _Cursor:
    """Where a sheet is read at, and what the expected rows say about its joined cells."""

    sheet: Sheet
    reader: OpenWorkbook
    number: int
    row: int = 0
    merges: set[str] = field(default_factory=set)
    tail: SheetTail = field(default_factory=SheetTail)
    untold: bool = False
    """Whether nothing of the last expected row is disclosed: then what stands below cannot be told either."""
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
