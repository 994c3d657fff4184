"""Reads a bank kept in a CSV file, by the same columns and rules as a sheet of a spreadsheet."""

from __future__ import annotations

import csv
import io
from typing import Any

from lmscompliance.documents.spreadsheet import MAX_COLUMNS, MAX_ROWS
from lmscompliance.kernel.errors import InvalidInput
from lmscompliance.questions.draft import FileReading
from lmscompliance.questions.formats import columns, workbook, xlsx
from lmscompliance.questions.formats.workbook import Row, Sheet

_DELIMITERS = ",;\t|，"
_SAMPLE = 50
_LONGEST_CELL = 1_000_000


def read(file: str, bank: str, text: str) -> FileReading:
    """Return everything ``text``, the content of ``file``, holds; ``Source.row`` is the row a sheet shows.

    Raises ``InvalidInput`` when a quotation mark is not closed, because all rows behind it would be taken
    for one cell, and when the table is absurdly wide or long.
    """
    sheet = Sheet("", tuple(_rows(file, text, _delimiter(text))))
    return xlsx.read_sheets(file, bank, [sheet])


def _rows(file: str, text: str, delimiter: str) -> list[Row]:
    rows = []
    reader = _reader(text, delimiter)
    try:
        for number, record in enumerate(reader, 1):
            if len(record) > MAX_COLUMNS or number > MAX_ROWS:
                raise InvalidInput("questions.csv_too_wide", file=file, line=reader.line_num)
            cells = tuple(workbook.typed(value) for value in record)
            if any(cell.text for cell in cells):
                rows.append(Row(number, cells))
    except csv.Error as error:
        raise InvalidInput("questions.csv_quotes", file=file, line=reader.line_num) from error
    return rows


def _delimiter(text: str) -> str:
    """Return the sign that makes a header of one of the top rows, else the one that cuts most of them."""
    best, most = _DELIMITERS[0], 0
    for delimiter in _DELIMITERS:
        rows = []
        try:
            for number, record in zip(range(_SAMPLE), _reader(text, delimiter), strict=False):
                rows.append(Row(number + 1, tuple(workbook.typed(value) for value in record[:MAX_COLUMNS])))
        except csv.Error:
            continue
        found = columns.find(rows)
        if found is not None:
            return delimiter
        cut = sum(len(row.cells) > 1 for row in rows)
        if cut > most:
            best, most = delimiter, cut
    return best


def _reader(text: str, delimiter: str) -> Any:
    csv.field_size_limit(_LONGEST_CELL)
    return csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
