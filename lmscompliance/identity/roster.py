"""Rosters (花名册): each row becomes a person or is refused with its row, its field and the reason."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TypeVar

from lmscompliance.documents import tables
from lmscompliance.documents.font import BUILT_IN, SETTING, Typeface
from lmscompliance.documents.tables import Cell, Sheet
from lmscompliance.identity import contact, headings, numbers
from lmscompliance.identity.numbers import IdNumber
from lmscompliance.identity.people import Sex
from lmscompliance.identity.roster_report import Accepted, Refusal, RosterReport
from lmscompliance.kernel.errors import InvalidInput
from lmscompliance.kernel.messages import Remark
from lmscompliance.rules.masking import mask_number

__all__ = ["COLUMNS", "REQUIRED", "NameClash", "Roster", "RosterReport", "RosterRow", "check", "read"]

T = TypeVar("T")

_OWNER = "(?:学员|员工|职工|参训人员|人员|本人|个人)?"
COLUMNS: headings.Patterns = {
    "name": re.compile(_OWNER + "(?:姓名|名字)|(?:full)?name"),
    "id_number": re.compile(
        _OWNER + "(?:公民|居民|有效|二代)?(?:身份证件?|证件|公民身份|身份)(?:号码?|编号)"
        "|(?:居民)?身份证|id[-_]?(?:card)?[-_]?(?:no\\.?|number)"
    ),
    "phone": re.compile(
        _OWNER + "(?:联系)?(?:手机|移动电话|电话)(?:号码?)?|" + _OWNER + "联系方式"
        "|(?:mobile|tele|cell)?[-_]?phone(?:[-_]?(?:no\\.?|number))?|mobile|tel"
    ),
    "sex": re.compile("性别|sex|gender"),
    "birth": re.compile("(?:出生|生日)(?:日期|年月日?)?|(?:date[-_]?of[-_]?)?birth(?:day|[-_]?date)?"),
    "department": re.compile(
        "(?:所在|所属|工作|企业/?|单位/?)?(?:部门|车间|班组|科室)(?:/?(?:车间|班组))?|department"
    ),
    "household": re.compile("(?:户籍|户口)(?:所在地|地址?)?|household"),
    "serial": re.compile("序号?|编号|no\\.?|#"),
}
REQUIRED = {key: Remark(f"identity.column_{key}") for key in ("name", "id_number", "phone")}


@dataclass(frozen=True, slots=True, repr=False)
class RosterRow:
    """A row that makes a person; ``row`` counts as the spreadsheet does. Plain text: never logged."""

    row: int
    name: str
    number: IdNumber
    sex: Sex
    phone: str
    department: str
    household: str
    warnings: tuple[Remark, ...] = ()


@dataclass(frozen=True, slots=True, repr=False)
class NameClash:
    """One number under two names: ``first`` stood in ``first_row``, ``second`` in ``second_row``."""

    number: str
    first: str
    first_row: int
    second: str
    second_row: int


@dataclass(slots=True)
class Roster:
    """What a file holds. ``rows`` = accepted + refused = its rows that hold anything, headings aside."""

    accepted: list[RosterRow] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)
    clashes: list[NameClash] = field(default_factory=list)

    def report(self) -> RosterReport:
        """Return what may be shown of it."""
        return RosterReport(
            [Accepted(one.row, mask_number(one.number.normal), one.warnings) for one in self.accepted],
            list(self.refused),
        )


def check(path: Path, today: date, typeface: Typeface = BUILT_IN) -> RosterReport:
    """Say what importing ``path`` would do, without touching anything."""
    return read(path, today, typeface=typeface).report()


def read(path: Path, today: date, limit: int | None = None, typeface: Typeface = BUILT_IN) -> Roster:
    """Read ``path`` up to its ``limit``-th acceptable row.

    ``today`` is the Shanghai day births are compared with; ``typeface`` is what documents will show names in,
    and warned of is what it lacks. Raises ``InvalidInput`` for a file that is no
    roster at all, naming the column it lacks, or that holds nobody.
    """
    sheet, heading = _sheet(path)
    roster = Roster()
    reader = _Reader(heading, today, roster, typeface)
    for index in range(heading.first_data, len(sheet.rows)):
        cells = sheet.rows[index]
        if limit is not None and len(roster.accepted) >= limit:
            break
        if not reader.blank(cells) and not heading.repeated_by(cells):
            reader.take(index + 1, cells)
    if not (roster.accepted or roster.refused):
        raise InvalidInput("documents.no_rows", file=path.name)
    return roster


def _sheet(path: Path) -> tuple[Sheet, headings.Heading]:
    found = []
    for sheet in tables.read(path):
        heading = headings.find(sheet.rows, COLUMNS)
        if heading is not None:
            found.append((sheet, heading))
    if not found:
        raise InvalidInput("identity.no_heading", file=path.name, columns=[*REQUIRED.values()])
    whole = [(sheet, heading) for sheet, heading in found if REQUIRED.keys() <= heading.columns.keys()]
    if not whole:
        heading = max((heading for _, heading in found), key=lambda one: len(one.columns))
        missing = [column for key, column in REQUIRED.items() if key not in heading.columns]
        raise InvalidInput("identity.no_column", file=path.name, column=missing)
    filled = [(sheet, heading) for sheet, heading in whole if any(_filled(sheet, heading))] or whole[:1]
    if len(filled) > 1:
        names = [sheet.name for sheet, _ in filled]
        raise InvalidInput("identity.several_sheets", file=path.name, sheets=names)
    return filled[0]


def _filled(sheet: Sheet, heading: headings.Heading) -> Sequence[bool]:
    column = heading.columns["id_number"]
    return [column < len(row) and bool(str(row[column]).strip()) for row in sheet.rows[heading.first_data :]]


class _Reader:
    """Takes rows in order, because whether one is a duplicate depends on those above it."""

    def __init__(self, heading: headings.Heading, today: date, roster: Roster, typeface: Typeface) -> None:
        self._columns = heading.columns
        self._today = today
        self._roster = roster
        self._typeface = typeface
        self._names: dict[str, tuple[str, int]] = {}
        self._accepted: dict[str, int] = {}
        self._phones: dict[str, int] = {}

    def blank(self, cells: Sequence[Cell]) -> bool:
        """Tell whether a row holds nothing but, at most, its printed serial number."""
        serial = self._columns.get("serial")
        return all(not _plain(cell) for index, cell in enumerate(cells) if index != serial) and (
            serial is None or serial >= len(cells) or not re.search(r"[^\W\d]", _plain(cells[serial]))
        )

    def take(self, row: int, cells: Sequence[Cell]) -> None:
        """Accept or refuse one row."""
        if not any(_plain(self._cell(cells, key)) for key in REQUIRED):
            self._roster.refused.append(Refusal(row, "row", (Remark("identity.row_note"),)))
            return
        faults: dict[str, Remark] = {}
        name = _attempt(faults, "name", lambda: contact.name(_name(self._cell(cells, "name"))))
        number = _attempt(faults, "id_number", lambda: self._number(self._cell(cells, "id_number")))
        sex = _attempt(faults, "sex", lambda: contact.sex(_plain(self._cell(cells, "sex"))))
        phone = _attempt(faults, "phone", lambda: contact.phone(_digits(self._cell(cells, "phone"))))
        if number is not None:
            self._compare(row, name, number, sex, faults)
        if faults or name is None or number is None or phone is None:
            first = next(key for key in ("name", "id_number", "sex", "phone") if key in faults)
            self._roster.refused.append(Refusal(row, first, tuple(faults.values())))
            return
        known_sex = sex or number.sex
        if known_sex is None:
            self._roster.refused.append(Refusal(row, "sex", (Remark("identity.sex_missing"),)))
            return
        warnings = [*_unshown(name, self._typeface), *(Remark(code) for code in number.warnings)]
        if not contact.birth_agrees(self._cell(cells, "birth"), number.birth):
            warnings.append(Remark("identity.warn_birth"))
        if phone in self._phones:
            warnings.append(Remark("identity.warn_phone_twice", {"first": self._phones[phone]}))
        self._phones.setdefault(phone, row)
        self._accepted[number.normal] = row
        self._roster.accepted.append(
            RosterRow(
                row,
                name,
                number,
                known_sex,
                phone,
                _plain(self._cell(cells, "department")),
                _plain(self._cell(cells, "household")),
                tuple(warnings),
            )
        )

    def _compare(
        self, row: int, name: str | None, number: IdNumber, sex: Sex | None, faults: dict[str, Remark]
    ) -> None:
        if sex is not None and number.sex is not None and sex != number.sex:
            faults["sex"] = Remark(
                "identity.sex_contradicts", {"given": sex.value, "number": number.sex.value}
            )
        if name is None:
            return
        first, first_row = self._names.setdefault(number.normal, (name, row))
        if not contact.same_name(first, name):
            faults["id_number"] = Remark("identity.other_name_in_file", {"first": first_row})
            self._roster.clashes.append(NameClash(number.normal, first, first_row, name, row))
        elif number.normal in self._accepted:
            faults["id_number"] = Remark("identity.twice_in_file", {"first": self._accepted[number.normal]})

    def _number(self, cell: Cell) -> IdNumber:
        plain = _plain(cell)
        if not plain:
            raise InvalidInput("identity.number_missing")
        if not isinstance(cell, str) or re.fullmatch(r"[0-9](?:\.[0-9]+)?[eE]\+?[0-9]+", plain):
            raise InvalidInput("identity.number_cell")
        return numbers.parse(_unquoted(plain), self._today)

    def _cell(self, cells: Sequence[Cell], key: str) -> Cell:
        index = self._columns.get(key)
        return "" if index is None or index >= len(cells) else cells[index]


def _unshown(name: str, typeface: Typeface) -> list[Remark]:
    # By place and code point: the report holds no name, and where a character is missing it shows nothing.
    private = "Co"
    return [
        Remark(
            "identity.warn_private" if unicodedata.category(char) == private else "identity.warn_character",
            {"place": place, "code": f"U+{ord(char):04X}", "key": SETTING},
        )
        for place, char in typeface.missing(name)
    ]


def _attempt(faults: dict[str, Remark], key: str, work: Callable[[], T]) -> T | None:
    try:
        return work()
    except InvalidInput as error:
        faults[key] = Remark(error.code, dict(error.params))
        return None


def _plain(cell: Cell) -> str:
    return str(cell).strip()


def _name(cell: Cell) -> str:
    if not isinstance(cell, str):
        raise InvalidInput("identity.name_bad")
    return cell


def _digits(cell: Cell) -> str:
    # A phone's eleven digits survive a number cell; only the ".0" has to go.
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return _unquoted(_plain(cell))


def _unquoted(plain: str) -> str:
    # Exports to csv write ="3205…" to keep a spreadsheet from turning digits into a number.
    found = re.fullmatch(r'="([^"]*)"', plain)
    return found[1] if found else plain
