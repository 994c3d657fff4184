"""Sheet ①, 学员签到注册记录: who registered, when, from where, and how the name was verified (notice T9)."""

from __future__ import annotations

from collections.abc import Iterator

from lmscompliance.rules import ledger_words as words
from lmscompliance.rules.ledger_context import Judged
from lmscompliance.rules.ledger_part import Part
from lmscompliance.rules.ledger_table import Column, Row, Sheet, Style, row

NAME = "①学员签到注册记录"
_HEADINGS = {
    "序号": Column(6, centred=True),
    "姓名": Column(9),
    "性别": Column(5, centred=True),
    "身份证号": Column(20),
    "联系电话": Column(13),
    "企业/部门": Column(14),
    "户籍": Column(13),
    "注册时间": Column(11, centred=True),
    "注册IP": Column(14),
    "实名核验方式": Column(18),
    "核验结果": Column(8, centred=True),
    "核验时间": Column(11, centred=True),
    "历次核验及更正": Column(18),
    "同意书版本": Column(8, centred=True),
    "首次签到": Column(11, centred=True),
    "末次签到": Column(11, centred=True),
}


class Register(Part):
    """The sheet."""

    def frame(self) -> Sheet:
        """Return the sheet's frame."""
        return Sheet(NAME, self.context.footer(NAME), tuple(_HEADINGS.values()), head_row=3, frozen_columns=2)

    def opening(self) -> Iterator[Row]:
        """Yield title and headings."""
        yield row(Style.TITLE, "学员签到注册记录")
        yield row(
            Style.NOTE,
            self.context.note(
                "注册时间、注册IP为学员本人激活账号时由服务器记录；签到为每次开始学习；时间均为北京时间。"
            ),
        )
        yield row(Style.HEAD, *_HEADINGS)

    def rows(self, judged: Judged) -> Iterator[Row]:
        """Yield the trainee's row."""
        trainee = judged.trainee
        method, result, verified_us = trainee.verification
        opened = [session.fact.opened_us for session in trainee.sessions.values()]
        yield row(
            Style.DATA,
            trainee.ordinal,
            trainee.name,
            words.named(words.SEXES, trainee.sex),
            trainee.id_number,
            trainee.phone,
            trainee.department,
            trainee.household,
            words.moment(trainee.activated_us) or "未激活",
            trainee.address,
            words.named(words.METHODS, method),
            words.named(words.RESULTS, result),
            words.moment(verified_us),
            "；".join([*(_said(*one) for one in trainee.verified), *trainee.amended]),
            trainee.consent_version,
            words.moment(min(opened, default=None)),
            words.moment(max(opened, default=None)),
        )


def _said(method: str, result: str, at_us: int) -> str:
    return f"{words.moment(at_us)} {words.named(words.METHODS, method)}{words.named(words.RESULTS, result)}"
