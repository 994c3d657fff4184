"""Lists about people (社保、名单、类别、已享受补贴) from spreadsheets, matched by ID number.

Only what concerns trainees of the class is kept; a row about anybody else is counted and forgotten.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from sqlalchemy import delete
from sqlalchemy.orm import Session

from lmscompliance import evidence
from lmscompliance.claims.figures import yuan_of
from lmscompliance.claims.models import (
    CATEGORY,
    FACTS,
    INSURED,
    LISTED,
    SUBSIDISED,
    ClaimFact,
    ClaimList,
)
from lmscompliance.documents import tables
from lmscompliance.documents.tables import Cell
from lmscompliance.identity import headings, links, numbers
from lmscompliance.identity.models import Person
from lmscompliance.identity.people import open_person
from lmscompliance.kernel import jcs
from lmscompliance.kernel.clock import shanghai_day, to_micros
from lmscompliance.kernel.errors import InvalidInput
from lmscompliance.kernel.jcs import Json
from lmscompliance.rules.levels import level_of
from lmscompliance.services import Services
from lmscompliance.storage.transaction import transaction
from lmscompliance.training import queries

PLACE = "compliance_claim_fact.value_sealed"
COLUMNS: headings.Patterns = {
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
_DAY = re.compile(r"(20\d\d)\s*[-./年]\s*(1[0-2]|0?[1-9])\s*[-./月]\s*(3[01]|[12]\d|0?[1-9])\s*日?")
_MOST_FAULTS = 20
LABELS = {
    "id_number": "身份证号",
    "month": "月份",
    "category": "类别",
    "project": "项目",
    "day": "结束日期",
    "yuan": "金额",
}


@dataclass(frozen=True, slots=True)
class ListReport:
    """What an import came to."""

    rows: int
    matched: int


@dataclass(frozen=True, slots=True)
class _Line:
    number: str
    values: tuple[dict[str, Json], ...]


def import_list(
    services: Services, class_id: str, kind: str, path: Path, *, by: str, name: str = ""
) -> ListReport:
    """Import a list about the class's trainees; it replaces the one of the same kind and name.

    ``name`` says which exclusion list it is, as the notice calls it. Raises ``InvalidInput`` naming the
    missing column, or each row and field that cannot be used; then nothing is changed.
    """
    if kind not in FACTS:
        raise InvalidInput("claims.bad_kind", kinds=", ".join(FACTS))
    data = path.read_bytes()
    lines = _read(path, kind, shanghai_day(services.clock.now()))
    with transaction(services.database) as session:
        class_ = queries.locked_class(session, class_id)
        known = queries.notice_of(session, class_).subsidy.excludes
        if kind == LISTED and name not in known:
            raise InvalidInput("claims.unknown_list", name=name, known="、".join(known))
        name = name if kind == LISTED else ""
        by_number = _numbers(session, services, class_id)
        session.execute(
            delete(ClaimFact).where(
                ClaimFact.class_id == class_id, ClaimFact.kind == kind, ClaimFact.name == name
            )
        )
        matched = 0
        counts: dict[str, int] = {}
        for line in lines:
            for enrolment_id in by_number.get(line.number, ()):
                matched += 1
                for value in line.values:
                    n = counts.get(enrolment_id, 0)
                    counts[enrolment_id] = n + 1
                    sealed = services.vault.seal(PLACE, jcs.encode(value).decode())
                    session.add(
                        ClaimFact(
                            class_id=class_id,
                            enrolment_id=enrolment_id,
                            kind=kind,
                            name=name,
                            n=n,
                            value_sealed=sealed,
                        )
                    )
        now = services.clock.now()
        digest = hashlib.sha256(data).hexdigest()
        row = ClaimList(
            class_id=class_id,
            kind=kind,
            name=name,
            sha256=digest,
            rows=len(lines),
            matched=matched,
            by=by,
            at=now,
        )
        session.merge(row)
        evidence.record(
            session,
            services,
            class_id=class_id,
            stream=evidence.class_stream(class_id),
            type="claim.list_imported",
            at=now,
            body={
                "kind": kind,
                "sha256": digest,
                "rows": len(lines),
                "matched": matched,
                "at_us": to_micros(now),
            },
            disclose={"by": by, "name": name or kind},
        )
    return ListReport(len(lines), matched)


def _numbers(session: Session, services: Services, class_id: str) -> dict[str, list[str]]:
    """Return the enrolments of the class by every number that its people are known under."""
    found: dict[str, list[str]] = {}
    for one in queries.roster(session, class_id):
        for record in links.records_of(session, one.person_id):
            person = open_person(services.vault, session.get_one(Person, record))
            found.setdefault(person.id_number, []).append(one.id)
    return found


def _read(path: Path, kind: str, today: date) -> list[_Line]:
    wanted = ("id_number", *NEEDS[kind])
    for sheet in tables.read(path):
        heading = headings.find(sheet.rows, COLUMNS, least=len(wanted))
        if heading is None or not set(wanted) <= heading.columns.keys():
            continue
        lines: list[_Line] = []
        faults: list[str] = []
        for index in range(heading.first_data, len(sheet.rows)):
            cells = sheet.rows[index]
            row = _Row(index + 1, cells, heading.columns, faults)
            if heading.repeated_by(cells) or not row.text("id_number"):
                continue
            number = row.number(today)
            values = tuple(row.values(kind))
            if number:
                lines.append(_Line(number, values))
        if faults:
            shown = "；".join(faults[:_MOST_FAULTS])
            raise InvalidInput("claims.list_rows", file=path.name, count=len(faults), faults=shown)
        return lines
    raise InvalidInput(
        "claims.list_columns", file=path.name, columns="、".join(LABELS[one] for one in wanted)
    )


class _Row:
    """One row; what is wrong with it goes to ``faults``, with row and field and never the number."""

    def __init__(
        self, number: int, cells: Sequence[Cell], columns: Mapping[str, int], faults: list[str]
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

    def number(self, today: date) -> str:
        cell = self._cells[self._columns["id_number"]]
        if not isinstance(cell, str):
            return self._fault("id_number", "须为文本格式，数字格式会丢失末几位")
        try:
            return numbers.parse(cell, today).normal
        except InvalidInput as error:
            return self._fault("id_number", error.message())

    def values(self, kind: str) -> Iterator[dict[str, Json]]:
        if kind == INSURED:
            months = _MONTH.findall(self.text("month"))
            if not months:
                self._fault("month", "应为“2021-02”这样的月份，多个月份用顿号隔开")
            for year, month in months:
                yield {"month": f"{year}-{int(month):02}"}
        elif kind == CATEGORY:
            category = self.text("category")
            if not category:
                self._fault("category", "没有填写类别")
            yield {"category": category}
        elif kind == SUBSIDISED:
            yield self._grant()
        else:
            yield {}

    def _grant(self) -> dict[str, Json]:
        day = _DAY.search(self.text("day"))
        try:
            ended = date(*map(int, day.groups())).isoformat() if day else self._fault("day", "应为日期")
        except ValueError:
            ended = self._fault("day", "没有这一天")
        yuan = self.text("yuan") or "0"
        try:
            yuan_of(yuan)
        except InvalidInput:
            self._fault("yuan", "应为金额，如 12.50")
        return {
            "project": self.text("project"),
            "day": ended,
            "occupation": self.text("occupation"),
            "level": level_of(self.text("level")),
            "yuan": yuan,
        }

    def _fault(self, field: str, what: str) -> str:
        self._faults.append(f"第 {self._row} 行{LABELS[field]}：{what}")
        return ""
