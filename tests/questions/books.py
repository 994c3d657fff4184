"""Builds the spreadsheets and GIFT files that tests hand in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import xlsxwriter

from lmscompliance.questions.draft import Draft, FileReading
from lmscompliance.questions.formats import gift, xlsx

REAL = Path(__file__).parent.parent / "data" / "real" / "questions"


def workbook(path: Path, sheets: dict[str, list[list[Any]]], merge: dict[str, str] | None = None) -> Path:
    """Write each entry as a sheet; text stays text, other values become cells of their kind."""
    book = xlsxwriter.Workbook(path, {"strings_to_formulas": False, "default_date_format": "yyyy-mm-dd"})
    for name, rows in sheets.items():
        sheet = book.add_worksheet(name)
        for index, row in enumerate(rows):
            for column, value in enumerate(row):
                if value is not None:
                    sheet.write(index, column, value)
        if merge and name in merge:
            sheet.merge_range(merge[name], rows[1][0])
    book.close()
    return path


def read(tmp_path: Path, *rows: list[Any], **sheets: list[list[Any]]) -> FileReading:
    """Read a workbook whose first sheet holds ``rows`` and whose further sheets are the keywords."""
    path = workbook(tmp_path / "题库.xlsx", {"Sheet1": list(rows), **sheets})
    return xlsx.read(path, "题库")


def read_gift(tmp_path: Path, text: str) -> FileReading:
    """Read ``text`` as a GIFT file."""
    path = tmp_path / "bank.gift.txt"
    path.write_text(text, encoding="utf-8")
    return gift.read(path, "bank")


def one(reading: FileReading) -> Draft:
    """Return the only question of ``reading``, which must hold nothing else."""
    assert [refusal.reason.code for refusal in reading.refusals] == []
    (draft,) = reading.drafts
    return draft


def codes(draft: Draft) -> list[str]:
    """Return why ``draft`` is flagged."""
    return [reason.code for reason in draft.flags]


def refused(reading: FileReading) -> dict[int, str]:
    """Return why each refused row was refused."""
    return {refusal.source.row: refusal.reason.code for refusal in reading.refusals}
