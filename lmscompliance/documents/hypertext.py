"""Tables of a web page as rows of cells: what a system offers as "HTML", or as an ``.xls`` that is none."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from lmscompliance.documents.spreadsheet import Cell, Sheet

_BEGINNING = re.compile(rb"(?:\xef\xbb\xbf)?\s*<(?:!doctype\s+html|html|head|table|meta)\b", re.IGNORECASE)
_CHARSET = re.compile(rb"""charset\s*=\s*["']?\s*([\w-]+)""", re.IGNORECASE)
_HEAD = 2048
_CELLS = {"td", "th"}
_UNREAD = {"script", "style"}


def looks_like(data: bytes) -> bool:
    """Tell whether ``data`` begins as a web page does."""
    return _BEGINNING.match(data) is not None


def charset(data: bytes) -> str | None:
    """Return the encoding that the page names for itself."""
    found = _CHARSET.search(data[:_HEAD])
    return None if found is None else found[1].decode("ascii")


def sheets(text: str) -> list[Sheet]:
    """Return every table of the page, the rows of a table within a cell included, in their order."""
    reader = _Tables()
    reader.feed(text)
    reader.close()
    return [Sheet(str(number), rows) for number, rows in enumerate(reader.tables, 1)]


class _Tables(HTMLParser):
    """Collects the text of cells; an end tag that is left out ends with the next cell, row or table."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tables: list[list[list[Cell]]] = []
        self._cell: list[str] | None = None
        self._silent = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del attrs
        if tag in _UNREAD:
            self._silent = True
        elif tag == "table":
            self._end()
            self.tables.append([])
        elif tag == "tr" and self.tables:
            self._end()
            self.tables[-1].append([])
        elif tag in _CELLS and self.tables:
            self._end()
            if not self.tables[-1]:
                self.tables[-1].append([])
            self._cell = []
        elif tag == "br" and self._cell is not None:
            self._cell.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in _UNREAD:
            self._silent = False
        elif tag in {*_CELLS, "tr", "table"}:
            self._end()

    def handle_data(self, data: str) -> None:
        if self._cell is not None and not self._silent:
            self._cell.append(data)

    def _end(self) -> None:
        if self._cell is not None:
            self.tables[-1][-1].append("".join(self._cell).strip())
            self._cell = None
