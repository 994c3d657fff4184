"""Opens spreadsheets of strangers (xlsx, xls, ods), told by their content and not by their name.

Sizes are checked before a file is unpacked or laid out: a few kilobytes of ZIP can hold gigabytes, and one
stray cell in the last corner of a sheet makes a dense table of seventeen thousand million cells.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from xml.etree.ElementTree import ParseError, iterparse  # see _ods_cells

from python_calamine import CalamineError, CalamineWorkbook, PasswordError

from lmscompliance.kernel.errors import InvalidInput

Cell = object
"""What stands in a cell: text, a float, a bool, a date, a time, or ``""`` for nothing."""

MAX_FILE_BYTES = 64 * 1024 * 1024
MAX_UNPACKED_BYTES = 256 * 1024 * 1024
MAX_COLUMNS = 512
MAX_ROWS = 200_000
MAX_CELLS = 5_000_000
"""Rows times columns of one sheet, empty ones included."""

ZIP = b"PK\x03\x04"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"

# A cell that only has a look (``<c r="XFD1" s="3"/>``) is laid out by nobody; some programs write thousands.
_XLSX_CELL = re.compile(rb"""<(?:\w+:)?c\b[^>]*?\br=["']([A-Z]{1,3})([0-9]{1,7})["'][^>]*?(/?)>""")
_ODS = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_ODS_MANIFEST = "META-INF/manifest.xml"
_CHUNK = 1 << 20
_NOTHING = b"\xef\xbb\xbf\xff\xfe\x00 \t\r\n"
"""What a file without anything in it may be made of: marks of encodings and blanks."""

# NotImplementedError and other RuntimeErrors are zipfile's answer to encryption and unknown compression.
_DAMAGED = (
    CalamineError,
    zipfile.BadZipFile,
    zlib.error,
    ParseError,
    OSError,
    EOFError,
    ValueError,
    KeyError,
    RuntimeError,
)


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet's name and its rows from the first; row *n* of the spreadsheet is ``rows[n - 1]``.

    ``merged`` are the joined areas as (top, left) and (bottom, right), counted from 0.
    """

    name: str
    rows: list[list[Cell]]
    merged: tuple[tuple[tuple[int, int], tuple[int, int]], ...] = ()


def read(path: Path) -> list[Sheet]:
    """Return every sheet of the workbook, hidden and empty ones included.

    Raises ``InvalidInput`` naming the file when it is missing, empty, too large, damaged, protected by a
    password or no workbook, or when a sheet reaches beyond ``MAX_COLUMNS``, ``MAX_ROWS`` or ``MAX_CELLS``.
    """
    return parse(path.name, load(path))


def load(path: Path, *, factor: int = 1) -> bytes:
    """Return the bytes of ``path``; raises ``InvalidInput`` for a missing, an empty or a too large file.

    ``factor`` is how many times as long as others it may be.
    """
    with readable(path.name):
        if path.stat().st_size > MAX_FILE_BYTES * factor:
            raise too_large(path.name, factor)
        data = path.read_bytes()
    if not data.strip(_NOTHING):
        raise InvalidInput("documents.no_rows", file=path.name)
    return data


def parse(file: str, data: bytes) -> list[Sheet]:
    """Return every sheet of the workbook ``data``; raises as ``read`` does, naming ``file``."""
    with readable(file):
        # The reader below finds an archive behind anything; what was not looked into must not come that far.
        if not data.startswith((ZIP, OLE)):
            raise InvalidInput("documents.file_unreadable", file=file)
        if _locked(data):
            raise InvalidInput("documents.file_locked", file=file)
        if data.startswith(ZIP):
            _guard(file, data)
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(data))
        return [_sheet(file, workbook, name) for name in workbook.sheet_names]


@contextmanager
def readable(file: str) -> Iterator[None]:
    """Turn whatever a damaged file makes the libraries raise into one ``InvalidInput`` naming ``file``."""
    try:
        yield
    except PasswordError as error:
        raise InvalidInput("documents.file_locked", file=file) from error
    except _DAMAGED as error:
        raise InvalidInput("documents.file_unreadable", file=file) from error
    except BaseException as error:
        # The reader's own panics over a damaged .xls derive from BaseException and cannot be imported.
        if type(error).__name__ == "PanicException":
            raise InvalidInput("documents.file_unreadable", file=file) from error
        raise


def column_index(letters: str) -> int:
    """Return the column (from 0) that ``letters`` name: A is 0, AA is 26."""
    index = 0
    for letter in letters:
        index = index * 26 + ord(letter) - ord("A") + 1
    return index - 1


def too_large(file: str, factor: int = 1) -> InvalidInput:
    """Return the error for a file that is larger, or would become larger, than is read."""
    limit, unpacked = MAX_FILE_BYTES * factor // 1024**2, MAX_UNPACKED_BYTES // 1024**2
    return InvalidInput(
        "documents.file_too_large", file=file, limit=limit, unpacked=unpacked, rows=MAX_ROWS * factor
    )


def _locked(data: bytes) -> bool:
    """Tell whether a password protects the file: the whole of a workbook, or members of an archive."""
    if data.startswith(OLE):
        # Streams' names stand in the directory: an encrypted xlsx is one inside such a file.
        return "EncryptedPackage".encode("utf-16-le") in data
    if not data.startswith(ZIP):
        return False
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        if any(member.flag_bits & 1 for member in archive.infolist()):
            return True
        if _ODS_MANIFEST not in archive.namelist():
            return False
        with archive.open(_ODS_MANIFEST) as manifest:
            return b"encryption-data" in manifest.read(_CHUNK)


def _sheet(file: str, workbook: CalamineWorkbook, name: str) -> Sheet:
    sheet = workbook.get_sheet_by_name(name)
    if sheet.end is not None and (sheet.end[0] + 1) * (sheet.end[1] + 1) > MAX_CELLS:
        raise too_large(file)
    rows: list[list[Cell]] = [list(row) for row in sheet.to_python(skip_empty_area=False)]
    return Sheet(name, rows, tuple(sheet.merged_cell_ranges or ()))


def _guard(file: str, data: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = archive.infolist()
        if sum(member.file_size for member in members) > MAX_UNPACKED_BYTES:
            raise too_large(file)
        # zipfile stops at the declared size, so what was summed up is also what can come out here.
        for member in members:
            if member.filename.startswith("xl/worksheets/"):
                _guard_xlsx(file, archive, member)
            elif member.filename == "content.xml" and _ods_cells(archive, member) > MAX_CELLS:
                raise too_large(file)


def _guard_xlsx(file: str, archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> None:
    last_row = last_column = 0
    with archive.open(member) as stream:
        for tags in _whole_tags(stream):
            for letters, digits, empty in _XLSX_CELL.findall(tags):
                if empty:
                    continue
                column, row = column_index(letters.decode()) + 1, int(digits)
                last_column, last_row = max(last_column, column), max(last_row, row)
                if column > MAX_COLUMNS or row > MAX_ROWS or last_row * last_column > MAX_CELLS:
                    raise InvalidInput("documents.stray_cell", file=file, cell=f"{letters.decode()}{row}")


def _whole_tags(stream: IO[bytes]) -> Iterator[bytes]:
    """Yield the content piece by piece, cut before a tag, so that none is torn apart."""
    tail = b""
    while chunk := stream.read(_CHUNK):
        window = tail + chunk
        cut = window.rfind(b"<")
        # Without any tag there is nothing to find, and nothing to keep.
        tail = window[cut:] if cut >= 0 else b""
        yield window[: max(cut, 0)]
    yield tail


def _ods_cells(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> int:
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
