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


_PAIRED = re.compile(rb"[\x80-\xff]{2}")
_ALONE = re.compile(rb"(?<![\x80-\xff])[\x80-\xff](?![\x80-\xff])")


def _legacy(data: bytes) -> str:
    # Chinese text is made of pairs of such bytes; an accent or a dash of a Western one stands alone.
    return "cp1252" if len(_ALONE.findall(data)) > len(_PAIRED.findall(data)) else "gb18030"


def _csv(file: str, data: bytes) -> list[list[Cell]]:
    marked = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    if b"\x00" in data[:4096] and not marked:
        raise InvalidInput("documents.file_unreadable", file=file)
    for encoding in ("utf-16",) if marked else ("utf-8-sig", _legacy(data)):
        try:
            text = data.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    else:
        raise InvalidInput("documents.file_unreadable", file=file)
    head = text[:4096]
    delimiter = max(",;\t", key=head.count)
    try:
        return [list(row) for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)]
    except csv.Error as error:
        raise InvalidInput("documents.file_unreadable", file=file) from error
