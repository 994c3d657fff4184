"""The claim pack: sheets ⑦ and ⑧ with every yuan explained, and the list for the online application.

Numbers stand in full, as the bureau needs them, so what the pack is taken for is recorded. The
same claim gives the same bytes.
"""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from lmscompliance.claims import service
from lmscompliance.claims.models import Claim, ClaimLine
from lmscompliance.documents import xlsx
from lmscompliance.identity import looks
from lmscompliance.kernel.actor import Actor
from lmscompliance.kernel.clock import shanghai
from lmscompliance.kernel.errors import NotFound
from lmscompliance.policy import Notice
from lmscompliance.rules.ledger_table import Cell, Column, Row, Sheet, Style, Workbook, row
from lmscompliance.rules.marking import plain
from lmscompliance.services import Services
from lmscompliance.storage.transaction import transaction
from lmscompliance.training import queries
from lmscompliance.training.models import Enterprise, TrainingClass
from lmscompliance.training.queries import RosterEntry

FILES = {"workbook": ".xlsx", "list": ".csv"}
_SUMMARY, _ROSTER, _DETAIL = "⑦补贴汇总表", "⑧补贴人员花名册", "逐人核算明细"
_PEOPLE = {
    "序号": Column(6, centred=True),
    "姓名": Column(9),
    "身份证号": Column(20),
    "联系电话": Column(13),
    "社保月份": Column(16),
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


@dataclass(frozen=True, slots=True)
class _Pack:
    claim: Claim
    class_: TrainingClass
    enterprise: Enterprise
    notice: Notice
    payee: service.Payee
    lines: Sequence[tuple[RosterEntry, ClaimLine, dict[str, Any]]]


def make(
    services: Services, actor: Actor, class_id: str, claim_id: str, *, file: str, purpose: str
) -> tuple[str, bytes]:
    """Return the name and bytes of a file of the pack, and record who took it what for.

    Raises ``NotFound`` for a file there is not, ``InvalidInput`` without a purpose.
    """
    if file not in FILES:
        raise NotFound("web.not_found")
    words = looks.checked_purpose(purpose)
    with transaction(services.database) as session:
        pack = _gather(session, services, class_id, claim_id)
        looks.record(
            session,
            services,
            actor,
            (class_id, looks.NOBODY),
            what=looks.CLAIM,
            occasion=file,
            purpose=words,
        )
    data = _workbook(pack) if file == "workbook" else _list(pack)
    return f"补贴申报-{pack.class_.code}{FILES[file]}", data


def _gather(session: Session, services: Services, class_id: str, claim_id: str) -> _Pack:
    claim = session.get(Claim, (class_id, claim_id))
    if claim is None:
        raise NotFound("web.not_found")
    class_ = queries.class_by_id(session, class_id)
    lines = {
        one.enrolment_id: one
        for one in session.scalars(
            select(ClaimLine).where(ClaimLine.class_id == class_id, ClaimLine.claim_id == claim_id)
        )
    }
    people = queries.open_roster(session, services.vault, class_id)
    return _Pack(
        claim=claim,
        class_=class_,
        enterprise=queries.enterprise_of(session, class_),
        notice=queries.notice_of(session, class_),
        payee=service.payee_of(services, claim),
        lines=[
            (one, lines[one.enrolment_id], service.explained(services, lines[one.enrolment_id]))
            for one in people
            if one.enrolment_id in lines
        ],
    )


def _workbook(pack: _Pack) -> bytes:
    sheets = (
        Sheet(_SUMMARY, _footer(_SUMMARY), (Column(16), Column(24), Column(16), Column(24))),
        Sheet(_ROSTER, _footer(_ROSTER), tuple(_PEOPLE.values()), head_row=3, frozen_columns=2),
        Sheet(_DETAIL, _footer(_DETAIL), tuple(_STEPS.values()), head_row=3, frozen_columns=2),
    )
    filled = (_summary(pack), _roster(pack), _detail(pack))
    rows = ((number, line) for number, lines in enumerate(filled) for line in lines)
    with tempfile.TemporaryDirectory(prefix="claim-") as scratch:
        path = Path(scratch) / "claim.xlsx"
        workbook = Workbook(f"补贴申报 {pack.class_.code}", sheets, rows)
        xlsx.write(path, workbook, pack.claim.submitted_at)
        return path.read_bytes()


def _footer(name: str) -> str:
    return f"&L{name}&R第 &P 页 / 共 &N 页"


def _note(pack: _Pack) -> str:
    return (
        f"{pack.notice.document} · {pack.notice.id} v{pack.notice.version} · 申报编号 {pack.claim.id} · "
        f"{shanghai(pack.claim.submitted_at):%Y-%m-%d %H:%M:%S} 提交"
    )


def _summary(pack: _Pack) -> Iterator[Row]:
    claim, payee, terms = pack.claim, pack.payee, pack.notice.subsidy
    standard = "按课时核算" if terms.per_person is None else f"{plain(terms.per_person)} 元/人"
    yield row(Style.TITLE, "培训补贴汇总表")
    yield row(Style.NOTE, _note(pack))
    yield row(Style.FIELDS, "企业", pack.enterprise.name, "统一社会信用代码", pack.enterprise.uscc)
    yield row(
        Style.FIELDS,
        "班级",
        f"{pack.class_.title}（{pack.class_.code}）",
        "备案编号",
        pack.class_.filing_number,
    )
    yield row(Style.FIELDS, "开户行", payee.bank, "户名", payee.holder)
    yield row(Style.FIELDS, "账号", payee.account, "补贴标准", standard)
    yield row(Style.FIELDS, "参训人数", claim.people, "申报人数", claim.granted)
    yield row(Style.FIELDS, "金额（元）", claim.yuan, "审定编号", claim.reference)
    yield row(Style.FIELDS, "经办人", payee.handler, "负责人", payee.responsible)
    yield row(Style.STAMP, "企业盖章", "", "审核部门盖章", "")


def _roster(pack: _Pack) -> Iterator[Row]:
    yield row(Style.TITLE, "培训补贴人员花名册")
    yield row(Style.NOTE, _note(pack))
    yield row(Style.HEAD, *_PEOPLE)
    for number, (entry, line, said) in enumerate(_granted(pack), 1):
        person = entry.person
        cells: list[Cell] = [number, person.name, person.id_number, person.phone, "、".join(said["months"])]
        yield row(
            Style.DATA, *cells, said["hours"], said["score"], line.yuan, "是" if said["first"] else "否"
        )
    yield row(Style.TOTAL, "合计", f"{pack.claim.granted} 人", *[None] * 5, pack.claim.yuan, None)


def _detail(pack: _Pack) -> Iterator[Row]:
    yield row(Style.TITLE, "逐人核算明细")
    yield row(Style.NOTE, f"{_note(pack)}；参训人员全部列出，未享受的写明原因和依据。")
    yield row(Style.HEAD, *_STEPS)
    for entry, line, said in pack.lines:
        head: list[Cell] = [entry.ordinal, entry.person.name, "享受" if line.granted else "不享受"]
        for verdict in said["verdicts"]:
            sign = "符合" if verdict["met"] else "不符合"
            yield row(Style.DATA, *head, f"{sign}：{verdict['text']}", verdict["clause"], None)
        for step in said["yuan"]:
            yield row(Style.DATA, *head, step["text"], step["clause"], step["yuan"])


def _list(pack: _Pack) -> bytes:
    """Return the roster as csv for the bureau's online application: one line a person, numbers as text."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(
        ["身份证号", "姓名", "联系电话", "统一社会信用代码", "班级代码", "备案编号", "课时", "成绩", "金额"]
    )
    for entry, line, said in _granted(pack):
        person = entry.person
        # A tab in front keeps a spreadsheet from turning the digits into a number.
        writer.writerow(
            [
                f"\t{person.id_number}",
                person.name,
                f"\t{person.phone}",
                pack.enterprise.uscc,
                pack.class_.code,
                pack.class_.filing_number,
                said["hours"],
                said["score"],
                plain(line.yuan),
            ]
        )
    return text.getvalue().encode("utf-8-sig")


def _granted(pack: _Pack) -> Iterator[tuple[RosterEntry, ClaimLine, dict[str, Any]]]:
    return (one for one in pack.lines if one[1].granted)
