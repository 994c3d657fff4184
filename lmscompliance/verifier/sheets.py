"""Reads the XLSX files our writer makes, and refuses what it never writes.

Standard library only, streaming, without entity expansion. Whatever could show a reader something other
than the cells say (formulas, hidden rows, number formats of one's own, drawings, rich text) is an error,
because comparing cells would then prove nothing.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

from lmscompliance.verifier.opened import OpenWorkbook
from lmscompliance.verifier.parts import (
    NotOurWorkbook,
    ReadCell,
    SheetTail,
    XmlParser,
    column_of,
    inflate,
    unescape,
)

_MAX_RATIO = 400
_SLACK = 1 << 20
_PARTS = re.compile(
    r"\[Content_Types\]\.xml|_rels/\.rels|docProps/(app|core)\.xml|xl/(workbook|styles)\.xml"
    r"|xl/_rels/workbook\.xml\.rels|xl/theme/theme1\.xml|xl/worksheets/sheet[1-9][0-9]?\.xml"
)
_SHEET_ELEMENTS = frozenset(
    {
        "worksheet", "sheetPr", "pageSetUpPr", "dimension", "sheetViews", "sheetView", "pane", "selection",
        "sheetFormatPr", "cols", "col", "sheetData", "row", "c", "v", "is", "t", "autoFilter", "mergeCells",
        "mergeCell", "printOptions", "pageMargins", "pageSetup", "headerFooter", "oddFooter",
    }
)  # fmt: skip
_STYLE_ELEMENTS_REFUSED = frozenset({"numFmts", "dxf", "protection"})
_ALIGNMENT = frozenset({"horizontal", "vertical", "wrapText", "indent"})
_VIEW = frozenset({"showGridLines", "tabSelected", "workbookViewId"})
_NAMES = frozenset({"_xlnm.Print_Titles", "_xlnm._FilterDatabase"})
_FILLS = frozenset({"FFE7EEF5", "FFF2F2F2"})
_MIN_FONT = 9.0
_FONT_COLOURS = frozenset({"FF1F1F1F", "FF595959"})
_MIN_HEIGHT = 10.0
_MIN_WIDTH = 3.0


class WorkbookReader(OpenWorkbook):
    """An open workbook of ours; opening raises ``NotOurWorkbook`` when it is not what our writer makes."""

    def rows(self, number: int, tail: SheetTail) -> Iterator[tuple[int, dict[int, ReadCell]]]:
        """Yield the cells of sheet ``number`` (from 0) row by row, and fill ``tail``."""
        part = f"xl/worksheets/sheet{number + 1}.xml"
        parser = _SheetParser(part, self._styles, tail)
        for chunk in inflate(self._zip, part):
            parser.feed(chunk)
            yield from parser.take()
        parser.feed(b"", last=True)
        yield from parser.take()

    def _prepare(self, path: Path) -> None:
        self._check_parts()
        self.sheet_names = self._read_names()
        self._styles = self._read_styles()

    def _check_parts(self) -> None:
        infos = self._zip.infolist()
        names = [info.filename for info in infos]
        if len(set(names)) != len(names):
            msg = "a part occurs twice"
            raise NotOurWorkbook(msg)
        for info in infos:
            if not _PARTS.fullmatch(info.filename):
                msg = f"the part {info.filename} does not belong to a ledger"
                raise NotOurWorkbook(msg)
            if info.file_size > _MAX_RATIO * info.compress_size + _SLACK:
                msg = f"the part {info.filename} claims to inflate to {info.file_size} bytes"
                raise NotOurWorkbook(msg)

    def _read_names(self) -> list[str]:
        names: list[str] = []

        def start(name: str, attributes: dict[str, str]) -> None:
            if name == "definedName" and attributes.get("name") not in _NAMES:
                msg = f"it defines the name {attributes.get('name')}, which can keep cells from being printed"
                raise NotOurWorkbook(msg)
            if name == "sheet":
                if (
                    attributes.get("state", "visible") != "visible"
                    or attributes.get("r:id") != f"rId{len(names) + 1}"
                ):
                    msg = "a sheet is hidden or out of order"
                    raise NotOurWorkbook(msg)
                names.append(attributes.get("name", ""))

        _parse(self._zip, "xl/workbook.xml", start)
        targets: list[str] = []

        def relation(name: str, attributes: dict[str, str]) -> None:
            if name == "Relationship" and attributes.get("Type", "").endswith("/worksheet"):
                targets.append(f"{attributes.get('Id')} {attributes.get('Target')}")

        _parse(self._zip, "xl/_rels/workbook.xml.rels", relation)
        if targets != [f"rId{n} worksheets/sheet{n}.xml" for n in range(1, len(names) + 1)]:
            msg = "the sheets' names and parts do not belong together"
            raise NotOurWorkbook(msg)
        return names

    def _read_styles(self) -> list[int]:
        """Return the number format of each cell style."""
        formats: list[int] = []
        inside: list[str] = []

        def start(name: str, attributes: dict[str, str]) -> None:
            if name in _STYLE_ELEMENTS_REFUSED:
                msg = f"the styles hold a {name}, which can hide what a cell says"
                raise NotOurWorkbook(msg)
            if (
                name == "color"
                and "font" in inside
                and attributes.get("rgb", "FF1F1F1F") not in _FONT_COLOURS
            ):
                msg_0 = "a font has a colour that can hide text"
                raise NotOurWorkbook(msg_0)
            if name == "fgColor" and attributes.get("rgb") not in _FILLS:
                msg = "a fill has a colour that can hide text"
                raise NotOurWorkbook(msg)
            if name == "sz" and float(attributes.get("val", "0")) < _MIN_FONT:
                msg = "a font is too small to be read"
                raise NotOurWorkbook(msg)
            if name == "alignment" and (
                attributes.keys() - _ALIGNMENT or attributes.get("indent", "0") > "1"
            ):
                msg = "an alignment can move text out of sight"
                raise NotOurWorkbook(msg)
            if name == "xf" and "cellXfs" in inside:
                formats.append(int(attributes.get("numFmtId", "-1")))
            inside.append(name)

        def end(_name: str) -> None:
            inside.pop()

        _parse(self._zip, "xl/styles.xml", start, end)
        return formats


class _SheetParser:
    """Turns a sheet's XML into rows as the bytes come in."""

    def __init__(self, part: str, styles: list[int], tail: SheetTail) -> None:
        self._part = part
        self._styles = styles
        self._tail = tail
        self._done: list[tuple[int, dict[int, ReadCell]]] = []
        self._row = 0
        self._cells: dict[int, ReadCell] = {}
        self._cell: tuple[str, int, str, str] | None = None
        self._column = -1
        self._text: list[str] | None = None
        self._parser = XmlParser(part, self._start, self._end, self._data)

    def feed(self, data: bytes, *, last: bool = False) -> None:
        self._parser.feed(data, last=last)

    def take(self) -> list[tuple[int, dict[int, ReadCell]]]:
        done, self._done = self._done, []
        return done

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if name not in _SHEET_ELEMENTS:
            msg = f"{self._part} holds a <{name}>, which a ledger never has"
            raise NotOurWorkbook(msg)
        if attributes.get("hidden", "0") != "0" or attributes.get("collapsed", "0") != "0":
            msg = f"{self._part}: a <{name}> is hidden"
            raise NotOurWorkbook(msg)
        if (name == "sheetView" and attributes.keys() - _VIEW) or "zeroHeight" in attributes:
            msg = f"{self._part}: the <{name}> can keep cells out of sight"
            raise NotOurWorkbook(msg)
        if name == "row":
            number = int(attributes["r"])
            if number <= self._row or float(attributes.get("ht", "15")) < _MIN_HEIGHT:
                msg = f"{self._part}: row {number} is out of order or too low to be read"
                raise NotOurWorkbook(msg)
            self._row, self._cells, self._column = number, {}, -1
        elif name == "c":
            self._open_cell(attributes)
        elif name in {"v", "t", "oddFooter"}:
            self._text = []
        elif name == "mergeCell":
            self._tail.merges.add(attributes["ref"])
        elif name == "col" and float(attributes.get("width", "9")) < _MIN_WIDTH:
            msg = f"{self._part}: a column is too narrow to be read"
            raise NotOurWorkbook(msg)

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
        if name in {"v", "t"} and self._cell is not None:
            ref, column, kind, style = self._cell
            content = "".join(self._text or ())
            if kind == "text":
                content = unescape(content)
            if column in self._cells or (kind == "text") != (name == "t"):
                msg = f"{self._part}: the cell {ref} holds more than one value"
                raise NotOurWorkbook(msg)
            number_format = self._styles[int(style)] if int(style) < len(self._styles) else -1
            self._cells[column] = ReadCell(ref, kind, content, number_format)
            self._text = None
        elif name == "oddFooter":
            self._tail.footer = "".join(self._text or ())
            self._text = None
        elif name == "c":
            self._cell = None
        elif name == "row":
            self._done.append((self._row, self._cells))

    def _data(self, text: str) -> None:
        if self._text is not None:
            self._text.append(text)


def _parse(
    archive: zipfile.ZipFile,
    part: str,
    start: Callable[[str, dict[str, str]], None],
    end: Callable[[str], None] | None = None,
) -> None:
    parser = XmlParser(part, start, end)
    for chunk in inflate(archive, part):
        parser.feed(chunk)
    parser.feed(b"", last=True)
