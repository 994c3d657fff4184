"""The rows of ⑦ 补贴汇总表, ⑧ 补贴人员花名册 and 补贴核算明细, for ledger and claim pack alike."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from lmscompliance.policy.notice import Notice
from lmscompliance.rules import ledger_words as words
from lmscompliance.rules.claim_record import DECIDED, RETURNED, SUBMITTED
from lmscompliance.rules.ledger_table import Column, Row, Style, row
from lmscompliance.rules.marking import plain

SUMMARY, ROSTER, STEPS = "⑦补贴汇总表", "⑧补贴人员花名册", "补贴核算明细"
_SUMMARY = {
    "企业": Column(20),
    "统一社会信用代码": Column(20),
    "开户行": Column(14),
    "户名": Column(16),
    "账号": Column(20),
    "人数": Column(6, centred=True),
    "标准": Column(11, centred=True),
    "金额（元）": Column(11, centred=True),
    "经办人": Column(8),
    "负责人": Column(8),
    "状态": Column(8, centred=True),
}
_PEOPLE = {
    "序号": Column(6, centred=True),
    "姓名": Column(9),
    "身份证号": Column(20),
    "联系电话": Column(13),
    "社保月份": Column(18),
    "课时": Column(7, centred=True),
    "成绩": Column(7, centred=True),
    "金额（元）": Column(10, centred=True),
    "是否首次": Column(9, centred=True),
}
_STEPS = {
    "序号": Column(6, centred=True),
    "姓名": Column(9),
    "结论": Column(9, centred=True),
    "核算": Column(70),
    "依据": Column(30),
    "金额（元）": Column(10, centred=True),
}
STATES = {SUBMITTED: "待审核", RETURNED: "已退回", DECIDED: "已审定"}


@dataclass(frozen=True, slots=True)
class Granted:
    """A trainee as ⑧ names one; ``months`` in words."""

    name: str
    id_number: str
    phone: str
    months: str
    hours: Decimal
    score: Decimal | None
    yuan: Decimal
    first: bool


@dataclass(frozen=True, slots=True)
class Said:
    """One condition or one step of a sum in words, with its clause; ``yuan`` of a step."""

    text: str
    clause: str
    yuan: Decimal | None = None

    @classmethod
    def of(cls, text: str, clause: str, *, met: bool) -> Said:
        """Return a condition that is met or not."""
        return cls(f"{'符合' if met else '不符合'}：{text}", clause)


def standard(notice: Notice) -> str:
    """Return the subsidy's standard in words."""
    per_person = notice.subsidy.per_person
    return "按课时核算" if per_person is None else f"{plain(per_person)} 元/人"


def columns_of(sheet: str) -> Mapping[str, Column]:
    """Return the headings of one of these sheets with their columns."""
    return {SUMMARY: _SUMMARY, ROSTER: _PEOPLE, STEPS: _STEPS}[sheet]


def summary_of(
    enterprise: tuple[str, str],
    payee: Mapping[str, str],
    sums: tuple[int, Decimal],
    notice: Notice,
    state: str,
) -> Iterator[Row]:
    """Yield the row of ⑦ and its sum; ``enterprise`` is name and code, ``sums`` people and yuan."""
    count, yuan = sums
    account = [payee[name] for name in ("bank", "holder", "account")]
    people = [payee[name] for name in ("handler", "responsible")]
    said = words.named(STATES, state)
    yield row(Style.DATA, *enterprise, *account, count, standard(notice), yuan, *people, said)
    yield row(Style.TOTAL, "合计", *[None] * 4, count, None, yuan, *[None] * 3)


def granted_of(number: int, who: Granted) -> Row:
    """Return a row of ⑧."""
    return row(
        Style.DATA,
        number,
        who.name,
        who.id_number,
        who.phone,
        who.months,
        who.hours,
        "" if who.score is None else who.score,
        who.yuan,
        "是" if who.first else "否",
    )


def roster_total(count: int, yuan: Decimal) -> Row:
    """Return the last row of ⑧."""
    return row(Style.TOTAL, "合计", f"{count} 人", *[None] * 5, yuan, None)


def steps_of(ordinal: int, name: str, said: Iterable[Said], *, granted: bool) -> Iterator[Row]:
    """Yield the conditions of one trainee and the steps of their sum, each with its clause."""
    for one in said:
        result = "享受" if granted else "不享受"
        yield row(Style.DATA, ordinal, name, result, one.text, one.clause, one.yuan)
