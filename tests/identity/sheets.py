"""Builds the spreadsheets that tests hand in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import xlsxwriter

from lmscompliance.identity.numbers import check_digit

HEADING = ["序号", "姓名", "性别", "身份证号", "联系电话", "部门", "户籍所在地"]


def number(sequence: int, birth: str = "19900101", area: str = "320522") -> str:
    """Return a possible number; an odd ``sequence`` is a man's."""
    body = f"{area}{birth}{sequence:03d}"
    return body + check_digit(body)


def person(sequence: int, name: str | None = None) -> list[Any]:
    """Return a row in the order of ``HEADING``."""
    sex = "男" if sequence % 2 else "女"
    return [
        sequence,
        name or f"学员{'甲乙丙丁戊己庚辛壬癸'[sequence % 10]}",
        sex,
        number(sequence),
        f"138{sequence:08d}",
        "焊接车间",
        "江苏盐城",
    ]


def workbook(path: Path, **sheets: list[list[Any]]) -> Path:
    """Write each keyword as a sheet; text stays text, numbers are number cells."""
    book = xlsxwriter.Workbook(path, {"strings_to_formulas": False, "strings_to_urls": False})
    for name, rows in sheets.items():
        sheet = book.add_worksheet(name)
        for index, row in enumerate(rows):
            for column, value in enumerate(row):
                if value is not None:
                    sheet.write(index, column, value)
    book.close()
    return path
