"""Reads the rows of lists about people; each that cannot be used is named, and what would mend it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from lmscompliance.claims.figures import yuan_of
from lmscompliance.claims.models import CATEGORY, INSURED, LISTED, SUBSIDISED
from lmscompliance.documents import tables
from lmscompliance.documents.tables import Cell
from lmscompliance.identity import headings, numbers
from lmscompliance.kernel.errors import Fault, FaultyRows, InvalidInput
from lmscompliance.kernel.jcs import Json
from lmscompliance.kernel.messages import Remark
from lmscompliance.rules.levels import level_of

COLUMNS: headings.Patterns = {
    "name": re.compile("(?:人员|职工|学员|参保人)?姓名|name"),
    "id_number": re.compile("(?:公民)?(?:身份证|身份|证件)(?:件)?(?:号码|号)|id_?number"),
    "month": re.compile("(?:社保)?(?:缴费|参保|缴纳|所属)?(?:月份|年月|所属期|期间)|months?"),
    "category": re.compile("(?:人员|申报|培训对象)?类别|category"),
    "project": re.compile("(?:培训)?项目(?:名称)?|project"),
    "day": re.compile("(?:培训)?(?:结束|结业|完成)?日期|day"),
    "occupation": re.compile("职业(?:编码|代码|名称)?|工种|occupation"),
    "level": re.compile("(?:职业|技能)?等级|level"),
    "yuan": re.compile("(?:补贴)?金额|yuan"),
}
NEEDS: Mapping[str, tuple[str, ...]] = {
    INSURED: ("month",),
    LISTED: (),
    CATEGORY: ("category",),
    SUBSIDISED: ("project", "day"),
}
_MONTH = re.compile(r"(20\d\d)\s*[-./年]?\s*(1[0-2]|0?[1-9])\s*月?")
_BETWEEN = re.compile(r"[\s、,，;；/和及]+")
_SUM = re.compile("(?:合|总|小)计.*|备注.*|说明.*|制表.*|审核.*|经办.*|.*[:：].*")
"""What stands under 姓名 in rows that are about nobody."""
_SCIENTIFIC = re.compile(r"[0-9](?:\.[0-9]+)?[Ee]\+?[0-9]+")
_DAY = re.compile(r"(20\d\d)\s*[-./年]\s*(1[0-2]|0?[1-9])\s*[-./月]\s*(3[01]|[12]\d|0?[1-9])\s*日?")


@dataclass(frozen=True, slots=True)
class Line:
    """What one row says of a number; ``name`` is empty where the list has no names."""

    row: int
    number: str
    name: str
    values: tuple[dict[str, Json], ...]


def read(path: Path, kind: str, today: date) -> list[Line]:
    """Return the rows of the list of ``kind`` at ``path``, once for each that says the same.

    Raises ``FaultyRows``, or ``InvalidInput`` when there is no heading with its columns or nothing below it.
    """
    wanted = ("id_number", *NEEDS[kind])
    for sheet in tables.read(path):
        heading = headings.find(sheet.rows, COLUMNS, least=len(wanted))
        if heading is None or not set(wanted) <= heading.columns.keys():
            continue
        lines: list[Line] = []
        faults: list[Fault] = []
        for index in range(heading.first_data, len(sheet.rows)):
            cells = sheet.rows[index]
            row = _Row(index + 1, cells, heading.columns, faults)
            if heading.repeated_by(cells) or row.about_nobody():
                continue
            number = row.number(today)
            values = tuple(row.values(kind))
            if number:
                lines.append(Line(index + 1, number, row.text("name"), values))
        lines = _agreeing(lines, kind, faults)
        if faults:
            raise FaultyRows("claims.list_rows", sorted(faults, key=lambda one: one.row), file=path.name)
        if not lines:
            raise InvalidInput("documents.no_rows", file=path.name)
        return lines
    columns = [Remark(f"claims.column_{one}") for one in wanted]
    raise InvalidInput("claims.list_columns", file=path.name, columns=columns)


def _agreeing(lines: Sequence[Line], kind: str, faults: list[Fault]) -> list[Line]:
    """Return each thing said of a number once; two categories of one person are a fault."""
    said: dict[str, Line] = {}
    kept: dict[tuple[str, str], Line] = {}
    for line in lines:
        kept.setdefault((line.number, str(line.values)), line)
        first = said.setdefault(line.number, line)
        if kind == CATEGORY and first.values != line.values:
            faults.append(_fault(line.row, "category", "claims.list_two_categories", first=first.row))
    return list(kept.values())


def _fault(row: int, field: str, what: str, **params: object) -> Fault:
    return Fault(row, f"claims.column_{field}", what, params)


class _Row:
    """One row; what is wrong with it goes to ``faults``, with row and field and never the number."""

    def __init__(
        self, number: int, cells: Sequence[Cell], columns: Mapping[str, int], faults: list[Fault]
    ) -> None:
        self._row = number
        self._cells = cells
        self._columns = columns
        self._faults = faults

    def text(self, field: str) -> str:
        column = self._columns.get(field)
        if column is None or column >= len(self._cells):
            return ""
        cell = self._cells[column]
        if isinstance(cell, date):
            return cell.isoformat()
        if isinstance(cell, float) and cell.is_integer() and field != "id_number":
            return str(int(cell))
        return "" if cell is None else str(cell).strip()

    def about_nobody(self) -> bool:
        """Tell whether the row is empty, a sum or a remark; a person without a number is not passed over."""
        name = self.text("name")
        return not self.text("id_number") and (not name or _SUM.fullmatch(name) is not None)

    def number(self, today: date) -> str:
        column = self._columns["id_number"]
        cell = self._cells[column] if column < len(self._cells) else ""
        if cell is None or not str(cell).strip():
            return self._fault("id_number", "claims.list_no_number")
        if not isinstance(cell, str) or _SCIENTIFIC.fullmatch(cell.strip()):
            return self._fault("id_number", "claims.list_lost_number")
        try:
            return numbers.parse(cell, today).normal
        except InvalidInput as error:
            return self._fault("id_number", error.code, **error.params)

    def values(self, kind: str) -> Iterator[dict[str, Json]]:
        if kind == INSURED:
            yield from self._months()
        elif kind == CATEGORY:
            category = self.text("category")
            if not category:
                self._fault("category", "claims.list_no_category")
            yield {"category": category}
        elif kind == SUBSIDISED:
            yield self._grant()
        else:
            yield {}

    def _months(self) -> Iterator[dict[str, Json]]:
        column = self._columns["month"]
        cell = self._cells[column] if column < len(self._cells) else ""
        text = f"{cell:%Y-%m}" if isinstance(cell, date) else self.text("month")
        months = _MONTH.findall(text)
        # What is left over would be lost: “2021-02至2021-04” is not two months but three.
        if not months or _BETWEEN.sub("", _MONTH.sub("", text)):
            self._fault("month", "claims.list_bad_month")
            return
        for month in dict.fromkeys(f"{year}-{int(month):02}" for year, month in months):
            yield {"month": month}

    def _grant(self) -> dict[str, Json]:
        days = _DAY.findall(self.text("day"))
        try:
            # Of “2021-02-03至2021-02-05” nobody guesses which one is meant.
            ended = (
                date(*map(int, days[0])).isoformat()
                if len(days) == 1
                else self._fault("day", "claims.list_bad_day")
            )
        except ValueError:
            ended = self._fault("day", "claims.list_no_such_day")
        yuan = self.text("yuan") or "0"
        try:
            yuan_of(yuan)
        except InvalidInput:
            self._fault("yuan", "claims.list_bad_yuan")
        return {
            "project": self.text("project"),
            "day": ended,
            "occupation": self.text("occupation"),
            "level": level_of(self.text("level")),
            "yuan": yuan,
        }

    def _fault(self, field: str, what: str, **params: object) -> str:
        self._faults.append(_fault(self._row, field, what, **params))
        return ""
