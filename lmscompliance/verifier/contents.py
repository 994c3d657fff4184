"""Reads what the cells of an XLSX file say, whoever saved it.

Only for files that ``sheets`` has refused, so that the report can still name the cells that differ: another
program keeps texts in another place and formats in its own way. Formats are not looked at here.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
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

_MAX_PARTS = 4096
_MAX_RATIO = 400
_SLACK = 1 << 20
_MAX_SHARED = 1 << 28
"""Bytes of shared texts, which have to stand in memory."""
_WORKBOOK = "xl/workbook.xml"
_KINDS = {"n": "number", "s": "text", "str": "text", "inlineStr": "text", "b": "boolean", "e": "error"}
_BOOLEANS = {"0": "FALSE", "1": "TRUE"}
_DIGITS = re.compile(r"[0-9]+\Z")


class ContentReader(OpenWorkbook):
    """An open workbook of any program; opening raises ``NotOurWorkbook`` when its cells cannot be found."""

    def rows(self, number: int, tail: SheetTail) -> Iterator[tuple[int, dict[int, ReadCell]]]:
        """Yield the cells of sheet ``number`` (from 0) row by row; the tail is not looked at."""
        part = self._parts[number]
        reading = _Rows(part, self._shared)
        for chunk in inflate(self._zip, part):
            reading.xml.feed(chunk)
            yield from reading.take()
        reading.xml.feed(b"", last=True)
        yield from reading.take()

    def _prepare(self, path: Path) -> None:
        self._check_sizes(path.stat().st_size)
        sheets = self._read_sheets()
        self.sheet_names = [name for name, _ in sheets]
        self._parts = [part for _, part in sheets]
        self._shared = self._read_shared()

    def _check_sizes(self, total: int) -> None:
        infos = self._zip.infolist()
        names = {info.filename for info in infos}
        if len(names) != len(infos) or len(infos) > _MAX_PARTS:
            msg = "a part occurs twice, or there are too many"
            raise NotOurWorkbook(msg)
        if sum(info.file_size for info in infos) > _MAX_RATIO * total + _SLACK:
            msg = "the parts claim to inflate to more than a workbook does"
            raise NotOurWorkbook(msg)

    def _read_sheets(self) -> list[tuple[str, str]]:
        """Return each sheet's name and part, in the order of the tabs."""
        named: list[tuple[str, str]] = []
        targets: dict[str, str] = {}

        def sheet(name: str, attributes: dict[str, str]) -> None:
            if name == "sheet":
                named.append((attributes.get("name", ""), attributes.get("id", "")))

        def relation(name: str, attributes: dict[str, str]) -> None:
            if name == "Relationship":
                target = posixpath.join("/xl", attributes.get("Target", ""))
                targets[attributes.get("Id", "")] = posixpath.normpath(target).lstrip("/")

        self._parse(_WORKBOOK, XmlParser(_WORKBOOK, sheet, local_names=True))
        relations = "xl/_rels/workbook.xml.rels"
        self._parse(relations, XmlParser(relations, relation, local_names=True))
        return [(name, targets.get(key, "")) for name, key in named]

    def _read_shared(self) -> list[str]:
        part = "xl/sharedStrings.xml"
        if part not in self._zip.namelist():
            return []
        if self._zip.getinfo(part).file_size > _MAX_SHARED:
            msg = f"{part} is too long"
            raise NotOurWorkbook(msg)
        texts: list[str] = []
        pieces = _Pieces()

        def start(name: str, _attributes: dict[str, str]) -> None:
            if name == "si":
                pieces.clear()
            pieces.start(name)

        def end(name: str) -> None:
            pieces.end(name)
            if name == "si":
                texts.append(pieces.text())

        self._parse(part, XmlParser(part, start, end, pieces.data, local_names=True))
        return texts

    def _parse(self, part: str, xml: XmlParser) -> None:
        for chunk in inflate(self._zip, part):
            xml.feed(chunk)
        xml.feed(b"", last=True)


class _Pieces:
    """The text of a cell, put together from its runs; what is only there for pronunciation is left out."""

    def __init__(self) -> None:
        self._found: list[str] = []
        self._open = False
        self._phonetic = False

    def clear(self) -> None:
        self._found = []

    def start(self, name: str) -> None:
        if name == "rPh":
            self._phonetic = True
        self._open = name == "t" and not self._phonetic

    def end(self, name: str) -> None:
        if name == "rPh":
            self._phonetic = False
        self._open = False

    def data(self, text: str) -> None:
        if self._open:
            self._found.append(text)

    def text(self) -> str:
        return unescape("".join(self._found))


class _Rows:
    """Turns a sheet's XML into rows as the bytes come in."""

    def __init__(self, part: str, shared: list[str]) -> None:
        self.xml = XmlParser(part, self._start, self._end, self._data, local_names=True)
        self._part = part
        self._shared = shared
        self._done: list[tuple[int, dict[int, ReadCell]]] = []
        self._row = 0
        self._column = -1
        self._cells: dict[int, ReadCell] = {}
        self._kind = ""
        self._ref = ""
        self._value: list[str] = []
        self._inline = _Pieces()
        self._inside = ""
        self._formula = False

    def take(self) -> list[tuple[int, dict[int, ReadCell]]]:
        done, self._done = self._done, []
        return done

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._inside = name
        self._inline.start(name)
        if name == "row":
            number = int(attributes.get("r", self._row + 1))
            if number <= self._row:
                msg = f"{self._part}: row {number} is out of order"
                raise NotOurWorkbook(msg)
            self._row, self._column, self._cells = number, -1, {}
        elif name == "c":
            self._open_cell(attributes)
        elif name == "f":
            self._formula = True

    def _open_cell(self, attributes: dict[str, str]) -> None:
        self._column += 1
        if "r" in attributes:
            column = column_of(attributes["r"], self._row)
            if column is None or column < self._column:
                msg = f"{self._part}: the cell {attributes['r']} is out of order"
                raise NotOurWorkbook(msg)
            self._column = column
        self._ref = attributes.get("r", "")
        self._kind = attributes.get("t", "n")
        self._value, self._formula = [], False
        self._inline.clear()

    def _end(self, name: str) -> None:
        self._inside = ""
        self._inline.end(name)
        if name == "c":
            content = self._content()
            if content or self._formula:
                # A formula shows whatever it is made to show; it is never what the ledger holds.
                kind = "formula" if self._formula else _KINDS.get(self._kind, self._kind)
                self._cells[self._column] = ReadCell(self._ref, kind, content, -1)
        elif name == "row":
            self._done.append((self._row, self._cells))

    def _content(self) -> str:
        value = "".join(self._value)
        if self._kind == "inlineStr":
            return self._inline.text()
        if self._kind == "s":
            number = int(value) if _DIGITS.match(value) else len(self._shared)
            return self._shared[number] if number < len(self._shared) else f"?{value}"
        if self._kind == "b":
            return _BOOLEANS.get(value, value)
        return unescape(value) if self._kind == "str" else value.strip()

    def _data(self, text: str) -> None:
        self._inline.data(text)
        if self._inside == "v":
            self._value.append(text)
