"""Tables in: a spreadsheet or a csv as rows of cells, numbered as the spreadsheet numbers them."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

from lmscompliance.documents import spreadsheet
from lmscompliance.documents.spreadsheet import Cell, Sheet
from lmscompliance.kernel.errors import InvalidInput

__all__ = ["Cell", "Sheet", "read"]


def read(path: Path) -> list[Sheet]:
    """Return every sheet of ``path``; a csv is one sheet.

    The kind is told by the content, not by the name. Raises ``InvalidInput`` as ``spreadsheet.read`` does.
    """
    data = spreadsheet.load(path)
    if data.startswith((spreadsheet.ZIP, spreadsheet.OLE)):
        return spreadsheet.parse(path.name, data)
    return [Sheet(path.stem, _csv(path.name, data))]


_HEAD = 4096
_SAMPLE = 1 << 20
_PAIRED = re.compile(rb"[\x80-\xff]{2}")
_ALONE = re.compile(rb"(?<![\x80-\xff])[\x80-\xff](?![\x80-\xff])")


def _legacy(data: bytes) -> str:
    # Chinese text is made of pairs of such bytes; an accent or a dash of a Western one stands alone.
    sample = data[:_SAMPLE]
    return "cp1252" if len(_ALONE.findall(sample)) > len(_PAIRED.findall(sample)) else "gb18030"


def _csv(file: str, data: bytes) -> list[list[Cell]]:
    marked = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    if b"\x00" in data[:_HEAD] and not marked:
        raise InvalidInput("documents.file_unreadable", file=file)
    for encoding in ("utf-16",) if marked else ("utf-8-sig", _legacy(data)):
        try:
            return _rows(file, data, encoding)
        except UnicodeDecodeError:
            continue
        except csv.Error as error:
            raise InvalidInput("documents.file_unreadable", file=file) from error
    raise InvalidInput("documents.file_unreadable", file=file)


def _rows(file: str, data: bytes, encoding: str) -> list[list[Cell]]:
    head = data[:_HEAD].decode(encoding, "ignore")
    delimiter = max(",;\t", key=head.count)
    # Decoded as it is read, so that what is refused for its length has not cost several times its size.
    text = io.TextIOWrapper(io.BytesIO(data), encoding, newline="")
    rows: list[list[Cell]] = []
    cells = 0
    for row in csv.reader(text, delimiter=delimiter):
        cells += len(row)
        if (
            len(rows) >= spreadsheet.MAX_ROWS
            or len(row) > spreadsheet.MAX_COLUMNS
            or cells > spreadsheet.MAX_CELLS
        ):
            raise spreadsheet.too_large(file)
        rows.append(list(row))
    return rows
