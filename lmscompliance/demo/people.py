"""Invented trainees with numbers that pass every check a real one passes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import xlsxwriter

from lmscompliance.kernel.ids import Ids

_SURNAMES = "赵钱孙李周吴郑王冯陈卫蒋沈韩杨朱秦许何吕张孔曹严魏陶姜谢邹苏潘葛范彭鲁马方任袁柳"
_GIVEN = (
    "安邦博超成达德方刚桂海浩宏华辉佳建杰金俊凯康兰乐磊丽良林敏明宁鹏平强清荣瑞山思涛伟文欣秀雅洋永玉远振志"
)
_AREAS = ("320922", "341221", "342401", "360122", "411628", "421125", "450881", "513822", "522123", "620421")
_HOMES = ("江苏盐城", "安徽阜阳", "河南周口", "湖北黄冈", "四川眉山", "贵州遵义", "甘肃白银")
_DEPARTMENTS = ("焊接车间", "冲压车间", "装配一线", "装配二线", "质检", "设备维修", "仓储物流")
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_COLUMNS = ("序号", "姓名", "性别", "身份证号", "联系电话", "部门", "户籍所在地")


@dataclass(frozen=True, slots=True)
class Invented:
    """A person who does not exist."""

    name: str
    sex: str
    id_number: str
    phone: str
    department: str
    household: str


def invent(ids: Ids, count: int) -> list[Invented]:
    """Return ``count`` people with distinct numbers and phones, drawn from ``ids``."""
    people: dict[str, Invented] = {}
    while len(people) < count:
        person = _invent(ids, len(people))
        people.setdefault(person.id_number, person)
    return list(people.values())


def write_roster(path: Path, people: list[Invented]) -> None:
    """Write ``people`` as the spreadsheet an enterprise would send."""
    book = xlsxwriter.Workbook(path, {"strings_to_formulas": False})
    sheet = book.add_worksheet("花名册")
    sheet.write_row(0, 0, _COLUMNS)
    for row, person in enumerate(people, start=1):
        sheet.write_number(row, 0, row)
        fields = (person.name, person.sex, person.id_number, person.phone)
        for column, value in enumerate((*fields, person.department, person.household), start=1):
            sheet.write_string(row, column, value)
    book.close()


def _invent(ids: Ids, serial: int) -> Invented:
    female = ids.below(2) == 0
    born = date(1968, 1, 1) + timedelta(days=ids.below(33 * 365))
    sequence = ids.below(499) * 2 + (2 if female else 1)
    body = f"{_AREAS[ids.below(len(_AREAS))]}{born:%Y%m%d}{sequence:03d}"
    check = "10X98765432"[sum(int(d) * w for d, w in zip(body, _WEIGHTS, strict=True)) % 11]
    given = "".join(_GIVEN[ids.below(len(_GIVEN))] for _ in range(1 + ids.below(2)))
    return Invented(
        name=_SURNAMES[ids.below(len(_SURNAMES))] + given,
        sex="女" if female else "男",
        id_number=body + check,
        phone=f"1{('38', '59', '77', '86', '99')[ids.below(5)]}{ids.below(10000):04d}{serial:04d}",
        department=_DEPARTMENTS[ids.below(len(_DEPARTMENTS))],
        household=_HOMES[ids.below(len(_HOMES))],
    )
