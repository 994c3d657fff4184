"""Writes a workbook as XLSX: the same rows give the same bytes, whatever the machine and the day.

Every text is a text cell: nothing a trainee typed becomes a formula, a link or a number, and an ID keeps
its 18 digits. The sheets' XML is our own (``sheetxml``, ``rowxml``), because a ledger's rows are what a
library takes longest for; a long sheet is compressed beside the making of it. Styles, names and the package's
other parts are the library's. Memory stays flat: what is compressed waits in files beside the target until
``write`` ends.
"""

from __future__ import annotations

import io
import tempfile
import zipfile
from collections.abc import Callable, Mapping
from contextlib import ExitStack, closing
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


def write(path: Path, workbook: Workbook, created: datetime) -> None:
    """Write ``workbook`` to ``path``; ``created`` is the only time in the file.

    A sheet with more rows than one can hold goes on in further ones (``ledger_table.paged``). The file is
    complete only when this returns: a caller who needs all or nothing writes aside and renames. Raises
    ``ArchiveTooLarge`` where it would reach 4 GiB.
    """
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".xlsx-") as scratch:
        book = _Book(workbook, created)
        sheets = _fill(book, workbook, Path(scratch))
        members = _members(book.close(sheets), {page.name: page.part() for page in sheets})
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
    """One sheet while it is being filled: what is long goes to the compressor piece by piece."""

    def __init__(
        self, sheet: Sheet, look: Look, opened: Callable[[], DeflatedFile], *, selected: bool
    ) -> None:
        self.xml = SheetXml(sheet, look.number_of, selected=selected)
        self.name = ""
        self._opened = opened
        self._file: DeflatedFile | None = None
        self._waiting = bytearray(self.xml.head())

    def add(self, row: Row) -> None:
        """Append ``row``."""
        self._waiting += self.xml.row(row)
        if len(self._waiting) >= _CHUNK:
            if self._file is None:
                self._file = self._opened()
            self._file.write(bytes(self._waiting))
            self._waiting.clear()

    def end(self) -> None:
        """Write what stands behind the rows."""
        self._waiting += self.xml.tail()
        if self._file is not None:
            self._file.write(bytes(self._waiting))
            self._file.end()

    def part(self) -> bytes | Deflated:
        """Return the sheet's part; right once the compressor has finished."""
        return bytes(self._waiting) if self._file is None else self._file.deflated()


def _fill(book: _Book, workbook: Workbook, scratch: Path) -> list[_Page]:
    """Write all rows into compressed files and return the sheets in the workbook's order."""
    pages: dict[Place, _Page] = {}
    with ExitStack() as files, Compressor() as compressor:

        def page(place: Place) -> _Page:
            def opened() -> DeflatedFile:
                return files.enter_context(
                    closing(DeflatedFile(compressor, scratch / "-".join(map(str, place))))
                )

            sheet = continued(workbook.sheets[place.sheet], place.part)
            return pages.setdefault(place, _Page(sheet, book.look, opened, selected=place == (0, 0)))

        for number in range(len(workbook.sheets)):
            page(Place(number, 0))
        for place, row in paged(workbook):
            (pages.get(place) or page(place)).add(row)
        for one in pages.values():
            one.end()
        compressor.finish()
    return [one for _, one in sorted(pages.items())]


def _members(
    package: bytes, sheets: Mapping[str, bytes | Deflated]
) -> list[tuple[str, Path | bytes | Deflated]]:
    """Return the package's parts in their order, its empty sheets replaced by the filled ones."""
    with zipfile.ZipFile(io.BytesIO(package)) as archive:
        return [(name, sheets[name] if name in sheets else archive.read(name)) for name in archive.namelist()]
