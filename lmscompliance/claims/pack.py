"""The claim pack: sheets ⑦ and ⑧ with every yuan explained, and the list for the online application.

Numbers stand in full, as the bureau needs them, so what the pack is taken for is recorded. The
same claim gives the same bytes.
"""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from lmscompliance.claims import lines as claim_lines
from lmscompliance.claims import service
from lmscompliance.claims.models import Claim, ClaimLine
from lmscompliance.documents import xlsx
from lmscompliance.identity import looks
from lmscompliance.kernel.actor import Actor
from lmscompliance.kernel.clock import shanghai
from lmscompliance.kernel.errors import NotFound
from lmscompliance.policy import Notice
from lmscompliance.rules import subsidy_rows
from lmscompliance.rules.ledger_table import Row, Sheet, Style, Workbook, row
from lmscompliance.rules.marking import plain
from lmscompliance.rules.subsidy_rows import Granted, Said
from lmscompliance.services import Services
from lmscompliance.storage.transaction import transaction
from lmscompliance.training import queries
from lmscompliance.training.models import Enterprise, TrainingClass
from lmscompliance.training.queries import RosterEntry

FILES = {"workbook": ".xlsx", "list": ".csv"}


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
            (one, lines[one.enrolment_id], claim_lines.explained(services, lines[one.enrolment_id]))
            for one in people
            if one.enrolment_id in lines
        ],
    )


def _workbook(pack: _Pack) -> bytes:
    names = (subsidy_rows.SUMMARY, subsidy_rows.ROSTER, subsidy_rows.STEPS)
    sheets = tuple(
        Sheet(name, _footer(name), tuple(subsidy_rows.columns_of(name).values()), head_row=3)
        for name in names
    )
    filled = (_summary(pack), _roster(pack), _steps(pack))
    rows = ((number, line) for number, lines in enumerate(filled) for line in lines)
    with tempfile.TemporaryDirectory(prefix="claim-") as scratch:
        path = Path(scratch) / "claim.xlsx"
        workbook = Workbook(f"补贴申报 {pack.class_.code}", sheets, rows)
        xlsx.write(path, workbook, pack.claim.submitted_at)
        return path.read_bytes()


def _footer(name: str) -> str:
    return f"&L{name}&R第 &P 页 / 共 &N 页"


def _head(pack: _Pack, name: str, title: str, note: str) -> Iterator[Row]:
    class_, claim = pack.class_, pack.claim
    yield row(Style.TITLE, title)
    yield row(
        Style.NOTE,
        f"班级：{class_.title}（{class_.code}） 备案编号：{class_.filing_number or '（未填报）'}\n"
        f"{pack.notice.document} · {pack.notice.id} v{pack.notice.version} · 申报编号 {claim.id} · "
        f"{shanghai(claim.submitted_at):%Y-%m-%d %H:%M:%S} 提交 · 审定编号 {claim.reference or '—'}{note}",
    )
    yield row(Style.HEAD, *subsidy_rows.columns_of(name))


def _summary(pack: _Pack) -> Iterator[Row]:
    claim, enterprise = pack.claim, pack.enterprise
    yield from _head(pack, subsidy_rows.SUMMARY, "培训补贴汇总表", f" · 参训 {claim.people} 人")
    yield from subsidy_rows.summary_of(
        (enterprise.name, enterprise.uscc),
        asdict(pack.payee),
        (claim.granted, claim.yuan),
        pack.notice,
        claim.status,
    )
    yield row(Style.STAMP, "企业盖章", "", "审核部门盖章", "")


def _roster(pack: _Pack) -> Iterator[Row]:
    yield from _head(pack, subsidy_rows.ROSTER, "培训补贴人员花名册", "")
    for number, (entry, line, said) in enumerate(_granted(pack), 1):
        person = entry.person
        yield subsidy_rows.granted_of(
            number,
            Granted(
                name=person.name,
                id_number=person.id_number,
                phone=person.phone,
                months="、".join(said["months"]),
                hours=Decimal(said["hours"]),
                score=Decimal(said["score"]) if said["score"] else None,
                yuan=line.yuan,
                first=said["first"],
            ),
        )
    yield subsidy_rows.roster_total(pack.claim.granted, pack.claim.yuan)


def _steps(pack: _Pack) -> Iterator[Row]:
    told = "；参训人员全部列出，未享受的写明原因和依据。"
    yield from _head(pack, subsidy_rows.STEPS, "补贴逐人核算明细", told)
    for entry, line, said in pack.lines:
        conditions = [Said.of(one["text"], one["clause"], met=one["met"]) for one in said["verdicts"]]
        steps = [Said(one["text"], one["clause"], Decimal(one["yuan"])) for one in said["yuan"]]
        yield from subsidy_rows.steps_of(
            entry.ordinal, entry.person.name, [*conditions, *steps], granted=line.granted
        )


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
