"""Reads the XLSX files our writer makes, and refuses what it never writes.

Standard library only, streaming, without entity expansion. Whatever could show a reader something other
than the cells say (formulas, hidden rows, number formats of one's own, drawings, rich text) is an error,
because comparing cells would then prove nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from lmscompliance.verifier.opened import OpenWorkbook
from lmscompliance.verifier.package import sheet_names
from lmscompliance.verifier.parts import (
    NotOurWorkbook,
    ReadCell,
    SheetTail,
    XmlParser,
    column_of,
    inflate,
    unescape,
)
from lmscompliance.verifier.shape import COUNT, LENGTH, Shape, Shaped
from lmscompliance.verifier.styles import Look, looks

_MAIN = re.escape("http://schemas.openxmlformats.org/spreadsheetml/2006/main")
_RELATIONS = re.escape("http://schemas.openxmlformats.org/officeDocument/2006/relationships")
_REF = "[A-Z]{1,3}[0-9]{1,7}"
_AREA = f"{_REF}:{_REF}"
_MARGIN = r"0\.[3-5]5?"
_PANES = "topRight|bottomLeft|bottomRight"
_SHAPE: Shape = {
    "worksheet": {"xmlns": _MAIN, "xmlns:r": _RELATIONS},
    "worksheet/sheetPr": {},
    "sheetPr/pageSetUpPr": {"fitToPage": "1"},
    "worksheet/sheetViews": {},
    "sheetViews/sheetView": {"showGridLines": "0", "tabSelected": "1", "workbookViewId": "0"},
    "sheetView/pane": {
        "xSplit": "[1-9]",
        "ySplit": "[1-9][0-9]?",
        "topLeftCell": _REF,
        "activePane": _PANES,
        "state": "frozen",
    },
    "sheetView/selection": {"pane": _PANES, "activeCell": _REF, "sqref": _REF},
    "worksheet/sheetFormatPr": {"defaultRowHeight": "15"},
    "worksheet/cols": {},
    "cols/col": {"min": COUNT, "max": COUNT, "width": LENGTH, "customWidth": "1"},
    "worksheet/sheetData": {},
    "worksheet/autoFilter": {"ref": _AREA},
    "worksheet/mergeCells": {"count": COUNT},
    "mergeCells/mergeCell": {"ref": _AREA},
    "worksheet/printOptions": {"horizontalCentered": "1"},
    "worksheet/pageMargins": dict.fromkeys(("left", "right", "top", "bottom", "header", "footer"), _MARGIN),
    "worksheet/pageSetup": {"paperSize": "9", "fitToHeight": "0", "orientation": "landscape"},
    "worksheet/headerFooter": {},
    "headerFooter/oddFooter": {},
    "worksheet/rowBreaks": {"count": COUNT, "manualBreakCount": COUNT},
    "rowBreaks/brk": {"id": COUNT, "max": "16383", "man": "1"},
}
_WITHIN = {"row": "sheetData", "c": "row", "v": "c", "is": "c", "t": "is"}
"""The elements of the rows, which are too many for ``Shaped``, and what each stands in."""
_MAY_SAY = {
    "row": frozenset({"r", "ht", "customHeight"}),
    "c": frozenset({"r", "s", "t"}),
    "v": frozenset[str](),
    "is": frozenset[str](),
    "t": frozenset({"xml:space"}),
}


class WorkbookReader(OpenWorkbook):
    """An open workbook of ours; opening raises ``NotOurWorkbook`` when it is not what our writer makes."""

    def rows(self, number: int, tail: SheetTail) -> Iterator[tuple[int, dict[int, ReadCell]]]:
        """Yield the cells of sheet ``number`` (from 0) row by row, and fill ``tail``."""
        part = f"xl/worksheets/sheet{number + 1}.xml"
        parser = _SheetParser(part, self._looks, tail)
        for chunk in inflate(self._zip, part):
            parser.feed(chunk)
            yield from parser.take()
        parser.feed(b"", last=True)
        yield from parser.take()

    def _prepare(self, path: Path) -> None:
        self.sheet_names = sheet_names(self._zip)
        self._looks = looks(self._zip)


class _SheetParser:
    """Turns a sheet's XML into rows as the bytes come in."""

    def __init__(self, part: str, looks: list[Look], tail: SheetTail) -> None:
        self._part = part
        self._looks = looks
        self._tail = tail
        self._done: list[tuple[int, dict[int, ReadCell]]] = []
        self._row = 0
        self._height = 0.0
        self._cells: dict[int, ReadCell] = {}
        self._cell: tuple[str, int, str, str] | None = None
        self._column = -1
        self._text: list[str] | None = None
        self._shaped = Shaped(part, _SHAPE)
        self._inside = ""
        """The element of the rows that is open, ``sheetData`` between them, and nothing outside."""
        self._parser = XmlParser(part, self._start, self._end, self._data)

    def feed(self, data: bytes, *, last: bool = False) -> None:
        self._parser.feed(data, last=last)

    def take(self) -> list[tuple[int, dict[int, ReadCell]]]:
        done, self._done = self._done, []
        return done

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        within = _WITHIN.get(name)
        if within is None:
            self._around(name, attributes)
            return
        if self._inside != within or (attributes and not attributes.keys() <= _MAY_SAY[name]):
            self._refuse(name, attributes)
        self._inside = name
        if name == "c":
            self._open_cell(attributes)
        elif name in {"v", "t"}:
            if self._text is not None or (self._cell is not None and self._column in self._cells):
                msg = f"{self._part}: a cell of row {self._row} holds more than one value"
                raise NotOurWorkbook(msg)
            self._text = []
        elif name == "row":
            self._open_row(attributes)

    def _refuse(self, name: str, attributes: dict[str, str]) -> None:
        if attributes.get("hidden", "0") != "0" or attributes.get("collapsed", "0") != "0":
            msg = f"{self._part}: a <{name}> is hidden"
            raise NotOurWorkbook(msg)
        odd = "、".join(sorted(attributes.keys() - _MAY_SAY[name]))
        msg = f"{self._part} holds a <{name}> {odd}, which a ledger never has"
        raise NotOurWorkbook(msg)

    def _around(self, name: str, attributes: dict[str, str]) -> None:
        """Take an element that is none of the rows'."""
        if self._inside:
            msg = f"{self._part} holds a <{name}>, which a ledger never has"
            raise NotOurWorkbook(msg)
        self._shaped.start(name, attributes)
        if name == "sheetData":
            self._inside = name
        elif name == "col":
            first, last, width = int(attributes["min"]), int(attributes["max"]), float(attributes["width"])
            for index in range(first - 1, min(last, first + 999)):
                self._tail.widths[index] = min(width, self._tail.widths.get(index, width))
        elif name == "oddFooter":
            self._text = []
        elif name == "mergeCell":
            self._tail.merges.add(attributes["ref"])

    def _open_row(self, attributes: dict[str, str]) -> None:
        number, height = int(attributes["r"]), float(attributes["ht"])
        if number <= self._row:
            msg = f"{self._part}: row {number} is out of order"
            raise NotOurWorkbook(msg)
        self._row, self._height, self._cells, self._column = number, height, {}, -1

    def _open_cell(self, attributes: dict[str, str]) -> None:
        ref = attributes["r"]
        column = column_of(ref, self._row)
        if column is None or column <= self._column:
            msg = f"{self._part}: the cell {ref} is out of order"
            raise NotOurWorkbook(msg)
        self._column = column
        kind = attributes.get("t", "n")
        if kind not in {"n", "inlineStr"}:
            msg = f"{self._part}: the cell {ref} is of type {kind}"
            raise NotOurWorkbook(msg)
        self._cell = (ref, column, "text" if kind == "inlineStr" else "number", attributes.get("s", "0"))

    def _end(self, name: str) -> None:
        within = _WITHIN.get(name)
        if within is None:
            self._shaped.end(name)
            if name == "sheetData":
                self._inside = ""
            elif name == "oddFooter":
                self._tail.footer = "".join(self._text or ())
                self._text = None
            return
        self._inside = within
        if name in {"v", "t"} and self._cell is not None:
            ref, column, kind, style = self._cell
            content = "".join(self._text or ())
            if kind == "text":
                content = unescape(content)
            if (kind == "text") != (name == "t"):
                msg = f"{self._part}: the cell {ref} holds more than one value"
                raise NotOurWorkbook(msg)
            look = self._looks[int(style)] if int(style) < len(self._looks) else Look(-1, wraps=False)
            self._cells[column] = ReadCell(ref, kind, content, *look, self._height)
            self._text = None
        elif name == "c":
            self._cell = None
        elif name == "row":
            self._done.append((self._row, self._cells))

    def _data(self, text: str) -> None:
        if self._text is not None:
            self._text.append(text)
