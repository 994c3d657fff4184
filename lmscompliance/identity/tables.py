"""Spreadsheets in: xlsx, xls, ods and csv as rows of cells, numbered as the spreadsheet numbers them.

Sizes are checked before a file is unpacked or laid out: a few kilobytes of ZIP can hold gigabytes, and one
stray cell in the last corner of a sheet makes a dense table of seventeen thousand million cells.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from xml.etree.ElementTree import ParseError, iterparse  # see _ods_extent

from python_calamine import CalamineError, CalamineWorkbook

from lmscompliance.kernel.errors import InvalidInput

Cell = object
"""What stands in a cell: text, a float, a bool, a date, or ``""`` for nothing."""

MAX_FILE_BYTES = 32 * 1024 * 1024
MAX_UNZIPPED_BYTES = 256 * 1024 * 1024
MAX_CELLS = 10_000_000

_ZIP = b"PK\x03\x04"
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_REFERENCE = re.compile(rb"""\br=["']([A-Z]{1,3})([0-9]{1,7})["']""")
_ODS = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_CHUNK = 1 << 20
_OVERLAP = 64


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet's name and its rows from the first; row *n* of the spreadsheet is ``rows[n - 1]``."""

    name: str
    rows: list[list[Cell]]


def read(path: Path) -> list[Sheet]:
    """Return every sheet of ``path``; a csv is one sheet.

    The kind is told by the content, not by the name. Raises ``InvalidInput`` naming the file when it is
    missing, too large, damaged, protected by a password or no spreadsheet.
    """
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise InvalidInput("identity.file_too_large", file=path.name, limit=MAX_FILE_BYTES // 1024**2)
        data = path.read_bytes()
    except OSError as error:
        raise InvalidInput("identity.file_unreadable", file=path.name) from error
    if data.startswith(_ZIP):
        _guard(path.name, data)
    elif not data.startswith(_OLE):
        return [Sheet(path.stem, _csv(path.name, data))]
    try:
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(data))
        return [_sheet(path.name, workbook, name) for name in workbook.sheet_names]
    except (CalamineError, ValueError, OSError) as error:
        raise InvalidInput("identity.file_unreadable", file=path.name) from error


def _sheet(file: str, workbook: CalamineWorkbook, name: str) -> Sheet:
    sheet = workbook.get_sheet_by_name(name)
    if sheet.end is not None and (sheet.end[0] + 1) * (sheet.end[1] + 1) > MAX_CELLS:
        raise InvalidInput("identity.file_too_large", file=file, limit=MAX_FILE_BYTES // 1024**2)
    return Sheet(name, [list(row) for row in sheet.to_python(skip_empty_area=False)])


def _guard(file: str, data: bytes) -> None:
    too_large = InvalidInput("identity.file_too_large", file=file, limit=MAX_FILE_BYTES // 1024**2)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = archive.infolist()
            if sum(member.file_size for member in members) > MAX_UNZIPPED_BYTES:
                raise too_large
            # zipfile stops at the declared size, so what was summed up is also what can come out here.
            for member in members:
                cells = 0
                if member.filename.startswith("xl/worksheets/"):
                    cells = _xlsx_extent(archive, member)
                elif member.filename == "content.xml":
                    cells = _ods_extent(archive, member)
                if cells > MAX_CELLS:
                    raise too_large
    except (zipfile.BadZipFile, zlib.error, RuntimeError, NotImplementedError, OSError, ParseError) as error:
        raise InvalidInput("identity.file_unreadable", file=file) from error


def _xlsx_extent(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> int:
    last_row = last_column = 0
    tail = b""
    with archive.open(member) as stream:
        while chunk := stream.read(_CHUNK):
            window = tail + chunk
            for column, row in _REFERENCE.findall(window):
                last_column = max(last_column, _column(column))
                last_row = max(last_row, int(row))
            tail = window[-_OVERLAP:]
    return last_row * last_column


def _ods_extent(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> int:
    # A repeated row or cell is laid out only if it holds something; templates end in a million empty ones.
    cells = row_width = 0
    with archive.open(member) as stream:
        for _, element in iterparse(stream):  # noqa: S314  # expat refuses entity bombs; nothing is fetched
            if element.tag == _ODS + "table-cell" and len(element):
                row_width += int(element.get(_ODS + "number-columns-repeated", "1"))
            elif element.tag == _ODS + "table-row":
                cells += row_width * int(element.get(_ODS + "number-rows-repeated", "1"))
                row_width = 0
                element.clear()
    return cells


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def _csv(file: str, data: bytes) -> list[list[Cell]]:
    if b"\x00" in data[:4096] and not data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise InvalidInput("identity.file_unreadable", file=file)
    encodings = ("utf-16",) if data.startswith((b"\xff\xfe", b"\xfe\xff")) else ("utf-8-sig", "gb18030")
    for encoding in encodings:
        try:
            text = data.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    else:
        raise InvalidInput("identity.file_unreadable", file=file)
    head = text[:4096]
    delimiter = max(",;\t", key=head.count)
    try:
        return [list(row) for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)]
    except csv.Error as error:
        raise InvalidInput("identity.file_unreadable", file=file) from error
