"""Tables in: a spreadsheet or a csv as rows of cells, numbered as the spreadsheet numbers them."""

from __future__ import annotations

import codecs
import csv
import io
import re
import unicodedata
from pathlib import Path

from lmscompliance.documents import hypertext, spreadsheet
from lmscompliance.documents.spreadsheet import Cell, Sheet
from lmscompliance.kernel.errors import InvalidInput

__all__ = ["Cell", "Sheet", "parse", "read"]


def read(path: Path) -> list[Sheet]:
    """Return every sheet of ``path``; a csv is one sheet, and so is each table of a web page.

    The kind is told by the content, not by the name. Raises ``InvalidInput`` as ``spreadsheet.read`` does.
    """
    return parse(path.name, spreadsheet.load(path))


def parse(file: str, data: bytes, *, factor: int = 1) -> list[Sheet]:
    """Return what ``read`` does of a file that was loaded; a csv may be ``factor`` times as long."""
    if data.startswith((spreadsheet.ZIP, spreadsheet.OLE)):
        return spreadsheet.parse(file, data)
    if hypertext.looks_like(data):
        return hypertext.sheets(_decoded(file, data, hypertext.charset(data)))
    return [Sheet(Path(file).stem, _csv(file, data, factor))]


_HEAD = 4096
_SAMPLE = 1 << 20
_DELIMITERS = ",;\t"
_UNMARKED = ("utf-16-le", "utf-16-be")
_NO_TEXT = {"Cc", "Cn", "Co", "Cs"}
_PAIRED = re.compile(rb"[\x80-\xff]{2}")
_DOUBLE = re.compile(rb"[\x81-\xfe][\x40-\x7e\x80-\xfe]")
_FEWEST = 16
_ALONE = re.compile(rb"(?<![\x80-\xff])[\x80-\xff](?![\x80-\xff])")


def _is_big5(sample: bytes) -> bool:
    """Tell whether these are Big5's two bytes a character: in some four of ten the second is an ASCII one.

    Of simplified characters in GBK hardly any is, of Western accents before letters nearly all; traditional
    ones in GBK mostly begin with bytes that Big5 has not.
    """
    doubles = _DOUBLE.findall(sample)
    ascii_second = sum(one[1] < 0x80 for one in doubles)  # noqa: PLR2004  # where ASCII ends
    likely = len(doubles) >= _FEWEST and 3 * len(doubles) < 20 * ascii_second < 15 * len(doubles)
    return likely and _begins(sample, "cp950")


def _begins(head: bytes, encoding: str) -> bool:
    """Tell whether ``head`` begins a text in ``encoding``; its last character may be cut off."""
    try:
        codecs.getincrementaldecoder(encoding)().decode(head)
    except UnicodeDecodeError:
        return False
    return True


def _legacy(data: bytes) -> str:
    # Chinese text is made of pairs of such bytes; an accent or a dash of a Western one stands alone.
    sample = data[:_SAMPLE]
    if _is_big5(sample):
        return "cp950"
    return "cp1252" if len(_ALONE.findall(sample)) > len(_PAIRED.findall(sample)) else "gb18030"


def _is_table(head: bytes, encoding: str) -> bool:
    """Tell whether ``head`` begins a table in ``encoding``: separated, and of characters that there are.

    In the wrong order of bytes a comma is a letter of a dead script and an end of line no character at all.
    """
    if not _begins(head, encoding):
        return False
    text = head.decode(encoding, "ignore")
    return any(one in text for one in _DELIMITERS) and not any(
        unicodedata.category(one) in _NO_TEXT for one in text if one not in "\t\r\n"
    )


def _decoded(file: str, data: bytes, named: str | None) -> str:
    for encoding in ("utf-8-sig", named or "utf-8", _legacy(data)):
        try:
            return data.decode(encoding)
        except (UnicodeDecodeError, LookupError):
            continue
    raise InvalidInput("documents.file_unreadable", file=file)


def _csv(file: str, data: bytes, factor: int) -> list[list[Cell]]:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings = ["utf-16"]
    elif b"\x00" in data[:_HEAD]:
        encodings = [one for one in _UNMARKED if _is_table(data[:_HEAD], one)]
    else:
        encodings = ["utf-8-sig", _legacy(data)]
    for encoding in encodings:
        try:
            return _rows(file, data, encoding, factor)
        except UnicodeDecodeError:
            continue
        except csv.Error as error:
            raise InvalidInput("documents.file_unreadable", file=file) from error
    raise InvalidInput("documents.file_unreadable", file=file)


def _rows(file: str, data: bytes, encoding: str, factor: int) -> list[list[Cell]]:
    head = data[:_HEAD].decode(encoding, "ignore")
    delimiter = max(_DELIMITERS, key=head.count)
    # Decoded as it is read, so that what is refused for its length has not cost several times its size.
    text = io.TextIOWrapper(io.BytesIO(data), encoding, newline="")
    rows: list[list[Cell]] = []
    # The same few texts stand in most cells of a long list: each is kept once.
    known: dict[str, str] = {}
    cells = 0
    for row in csv.reader(text, delimiter=delimiter):
        cells += len(row)
        if (
            len(rows) >= spreadsheet.MAX_ROWS * factor
            or len(row) > spreadsheet.MAX_COLUMNS
            or cells > spreadsheet.MAX_CELLS * factor
        ):
            raise spreadsheet.too_large(file, factor)
        rows.append([known.setdefault(cell, cell) for cell in row])
    return rows
