"""Writes a workbook as XLSX: the same rows give the same bytes, whatever the machine and the day.

Every text is a text cell: nothing a trainee typed becomes a formula, a link or a number, and an ID keeps
its 18 digits. The sheets' XML is our own (``sheetxml``), because a ledger's rows are what a library takes
longest for; it is compressed beside the making of it. Styles, names and the package's other parts are the
library's. Memory stays flat: what is compressed waits in files beside the target until ``write`` ends.
"""

from __future__ import annotations

import io
import tempfile
import zipfile
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import xlsxwriter

from lmscompliance.documents.archive import Compressor, Deflated, DeflatedFile, pack
from lmscompliance.documents.look import Look
from lmscompliance.documents.sheetxml import SheetXml
from lmscompliance.rules.ledger_table import Place, Row, Sheet, Workbook, continued, paged

_CHUNK = 1 << 18
_SHEET = "xl/worksheets/sheet{}.xml"
# Of no scheme: else a program shows the theme's font.
_FONT = {"font_name": "宋体", "font_size": 10, "font_scheme": "none"}


def write(
    path: Path, workbook: Workbook, created: datetime, progress: Callable[[int], None] | None = None
) -> None:
    """Write ``workbook`` to ``path``; ``created`` is the only time in the file.

    A sheet with more rows than one can hold goes on in further ones (``ledger_table.paged``). ``progress``
    is called with the number of rows written so far. The file is complete only when this returns: a caller
    who needs all or nothing writes aside and renames. Raises ``ArchiveTooLarge`` where it would reach 4 GiB.
    """
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".xlsx-") as scratch:
        book = _Book(workbook, created)
        sheets = _fill(book, workbook, Path(scratch), progress)
        members = _members(book.close(sheets), {page.name: page.deflated() for page in sheets})
        try:
            with path.open("wb") as target:
                pack(target, members)
        except BaseException:
            path.unlink(missing_ok=True)
            raise


class _Book:
    """The parts that are the library's: styles, names, properties."""

    def __init__(self, workbook: Workbook, created: datetime) -> None:
        self._file = io.BytesIO()
        # A dictionary of its own: the library writes into it.
        options = {"in_memory": True, "default_format_properties": dict(_FONT)}
        self._book = xlsxwriter.Workbook(self._file, options)
        made = created.astimezone(UTC).replace(tzinfo=None)
        self._book.set_properties({"title": workbook.title, "created": made})
        self.look = Look(self._book)

    def close(self, pages: list[_Page]) -> bytes:
        """Return the package with a sheet for each of ``pages``, named and numbered as they are."""
        for number, page in enumerate(pages, 1):
            page.name = _SHEET.format(number)
            made = self._book.add_worksheet(page.xml.sheet.name)
            if page.xml.sheet.head_row is not None:
                made.repeat_rows(page.xml.sheet.head_row - 1)
            if page.xml.filtered is not None:
                first, last = page.xml.filtered
                made.autofilter(first - 1, 0, last - 1, len(page.xml.sheet.columns) - 1)
        self._book.close()
        return self._file.getvalue()


class _Page:
    """One sheet while it is being filled and compressed."""

    def __init__(self, sheet: Sheet, look: Look, file: DeflatedFile, *, selected: bool) -> None:
        self.xml = SheetXml(sheet, look.number_of, selected=selected)
        self.name = ""
        self._file = file
        self._rows: list[str] = []
        self._length = 0
        file.write(self.xml.head())

    def add(self, row: Row) -> None:
        """Append ``row``; what has come together goes to the compressor."""
        text = self.xml.row(row)
        self._rows.append(text)
        self._length += len(text)
        if self._length >= _CHUNK:
            self._flush()

    def end(self) -> None:
        """Write what stands behind the rows."""
        self._flush()
        self._file.write(self.xml.tail())
        self._file.end()

    def deflated(self) -> Deflated:
        """Return the sheet's part, compressed; right once the compressor has finished."""
        return self._file.deflated()

    def _flush(self) -> None:
        self._file.write("".join(self._rows).encode())
        self._rows.clear()
        self._length = 0


def _fill(
    book: _Book, workbook: Workbook, scratch: Path, progress: Callable[[int], None] | None
) -> list[_Page]:
    """Write all rows into compressed files and return the sheets in the workbook's order."""
    pages: dict[Place, _Page] = {}
    sheets = workbook.sheets
    with ExitStack() as files, Compressor() as compressor:

        def opened(place: Place) -> _Page:
            file = DeflatedFile(compressor, scratch / "-".join(map(str, place)))
            files.callback(file.close)
            sheet = continued(sheets[place.sheet], place.part)
            return _Page(sheet, book.look, file, selected=place == (0, 0))

        for number in range(len(sheets)):
            pages[Place(number, 0)] = opened(Place(number, 0))
        for count, (place, row) in enumerate(paged(workbook), start=1):
            if place not in pages:
                pages[place] = opened(place)
            pages[place].add(row)
            if progress is not None:
                progress(count)
        for page in pages.values():
            page.end()
        compressor.finish()
    return [page for _, page in sorted(pages.items())]


def _members(package: bytes, sheets: Mapping[str, Deflated]) -> list[tuple[str, Path | bytes | Deflated]]:
    """Return the package's parts in their order, its empty sheets replaced by the filled ones."""
    with zipfile.ZipFile(io.BytesIO(package)) as archive:
        return [(name, sheets[name] if name in sheets else archive.read(name)) for name in archive.namelist()]
