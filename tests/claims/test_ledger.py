"""The claim in the ledger: ⑦–⑩ and the plan, judged again from the bundle by whoever holds it."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import openpyxl
import pytest

from lmscompliance.claims import lines, lists, money, service
from lmscompliance.completion import closing
from lmscompliance.evidence.signer import LocalSigner
from lmscompliance.ledgers.service import export
from lmscompliance.persons import own_data
from lmscompliance.rules.blended import Share
from lmscompliance.rules.claim_record import Basis
from lmscompliance.storage.transaction import reading, transaction
from lmscompliance.training import queries
from lmscompliance.verifier import Verdict, bundle, verify
from tests.claims.office import APRIL, PAYEE, claim, paying, table
from tests.completion.classroom import open_classroom
from tests.support.app import trainee
from tests.support.erasure import erase
from tests.verifier.tamper import check, edit_cell, said, take_apart

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
ASKED = {
    "subsidy__requires": ["training", "social_insurance"],
    "subsidy__insured_months": ["2021-02", "2021-03"],
    "filing__documents": ["application", "plan", "commitment"],
}


@pytest.fixture
def room(services, tmp_path):
    """Return a closed class of three: one completed the training and is insured, two are not."""
    room = open_classroom(paying(services, **ASKED), tmp_path, people=3)
    room.learn_all("trainee-1")
    services.clock.set(APRIL)
    closing.close_class(room.services, room.class_id, by="clerk-1")
    with reading(services.database) as session:
        first = queries.open_roster(session, services.vault, room.class_id)[0].person.id_number
    paid = table(tmp_path / "paid.csv", "身份证号,月份", f"{first},2021-02、2021-03")
    lists.import_list(room.services, room.class_id, "insured", paid, by="clerk-1")
    return room


def _exported(room, folder, name="out"):
    signer = LocalSigner.load_or_create(folder / "signer", "example.com/log")
    done = export(room.services, signer, room.class_id, folder / name)
    return done, done.trust.read_bytes()


def _cells(book, sheet):
    return [[cell for cell in row if cell is not None] for row in book[sheet].iter_rows(values_only=True)]


def test_T28_W14_the_ledger_holds_plan_and_claim_and_names_an_edited_yuan(room, tmp_path):
    """⑦⑧⑨⑩ and the plan are there with visible sums; the verifier judges again and names an edited cell."""
    claim_id = claim(room.services, room.class_id)
    service.decide(room.services, room.class_id, claim_id, by="inspector-1", reference="审-7")
    money.pay(room.services, room.class_id, claim_id, Decimal(300), by="inspector-1", reference="V-1")
    first = room.school.trainees["trainee-1"]
    back = {"by": "inspector-1", "reason": "代学"}
    money.claw_back(room.services, room.class_id, claim_id, first, Decimal(100), **back)
    done, trust = _exported(room, tmp_path)
    report = verify(done.bundle, trust)
    assert report.verdict is Verdict.VALID, "\n".join(report.lines("en"))
    book = openpyxl.load_workbook(done.workbook)
    assert book.sheetnames[6:] == [
        "⑦补贴汇总表", "⑧补贴人员花名册", "⑨申请表", "⑩承诺书", "教学计划", "补贴核算明细",
    ]  # fmt: skip
    summary = _cells(book, "⑦补贴汇总表")
    assert summary[3][2:8] == [PAYEE.bank, PAYEE.holder, PAYEE.account, 1, "300 元/人", 300]
    assert summary[3][8:] == ["张经办", "李负责", "已审定"]
    assert summary[4] == ["合计", 1, 300]
    assert [row[-1] for row in summary[7:11]] == [300, 100, 300, 100]
    roster = _cells(book, "⑧补贴人员花名册")
    assert (roster[3][1], *roster[3][4:]) == ("张三", "2021-02、2021-03", 4, 300, "是")
    assert roster[4] == ["合计", "1 人", 300]
    steps = _cells(book, "补贴核算明细")
    assert {row[2] for row in steps[3:-1]} == {"享受", "不享受"}
    assert steps[-1] == ["合计", "1 人", 300]
    plan = _cells(book, "教学计划")
    assert (len(plan), plan[-2]) == (3 + 4 + 4 + 1 + 1, ["合计", "4 课", 4, 6])
    assert [row[-1] for row in plan[3:7]] == [1, 1, 1, 1]
    assert any("未提交" in row for row in _cells(book, "⑨申请表"))
    assert any("真实" in str(row[0]) for row in _cells(book, "⑩承诺书") if row)
    files = take_apart(done.bundle)
    edited = files | {bundle.LEDGER: edit_cell(files[bundle.LEDGER], 8, "D4", "11010519491231002X")}
    (named, *_) = said(check(edited, trust, tmp_path), "cell_differs")
    assert (named["sheet"], named["cell"]) == ("⑧补贴人员花名册", "D4")
    (own,) = own_data.collect(room.services, trainee("trainee-1"), "zh_CN")["classes"]
    held = own["subsidy"]
    assert [one["value"] for one in held["imported"]] == [{"month": "2021-02"}, {"month": "2021-03"}]
    assert [(one["status"], one["yuan"]) for one in held["claims"]] == [("decided", "300")]
    assert [(one["yuan"], one["reason"]) for one in held["asked_back"]] == [("100", "代学")]
    with transaction(room.services.database) as session:
        erase(session, room.services, room.class_id, ["p0001", "p0002", "p0003"])
    done, trust = _exported(room, tmp_path, "erased")
    report = verify(done.bundle, trust)
    assert report.verdict is Verdict.VALID_WITH_FINDINGS, "\n".join(report.lines("en"))
    assert {"claim_unchecked": 3}.items() <= {
        one.code: one.params.get("count") for one in report.findings
    }.items()


def _more(line, change):
    return replace(line, line=replace(line.line, **change))


def _born_later(one):
    return replace(one, basis=Basis(replace(one.basis.person, birth=one.basis.person.birth.replace(day=2))))


def test_a_forged_line_is_named(room, tmp_path, monkeypatch):
    """A platform that writes another line than the entries give is caught, whatever it signs."""
    honest = lines.facts
    for place, (change, code) in enumerate(
        (
            (lambda one: _more(one, {"yuan": Decimal(500), "granted": True}), "claim_line_differs"),
            (lambda one: _more(one, {"share": Share(Decimal(40), Decimal(0))}), "claim_facts_differ"),
            (_born_later, "claim_person_differs"),
        )
    ):
        monkeypatch.setattr(
            lines, "facts", lambda of, judged, change=change: honest(of, [change(one) for one in judged])
        )
        claim_id = service.submit(room.services, room.class_id, PAYEE, by="clerk-1")
        done, trust = _exported(room, tmp_path, str(place))
        report = verify(done.bundle, trust)
        assert report.verdict is Verdict.INVALID
        assert said(report, code), "\n".join(report.lines("en"))
        service.give_back(room.services, room.class_id, claim_id, by="inspector-1", reason="重报")
