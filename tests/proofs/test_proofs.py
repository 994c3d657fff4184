"""Proofs: handed in from a phone, reviewed by people, listed in the ledger, checked by the verifier."""

from __future__ import annotations

import io
from dataclasses import dataclass, replace
from datetime import date, timedelta

import openpyxl
import pytest
from sqlalchemy import select

from lmscompliance.evidence.signer import LocalSigner
from lmscompliance.kernel.actor import Actor, Role
from lmscompliance.kernel.clock import ManualClock
from lmscompliance.kernel.errors import Conflict, InvalidInput
from lmscompliance.ledgers.service import export
from lmscompliance.proofs import service
from lmscompliance.proofs.models import ProofView
from lmscompliance.proofs.service import Handed
from lmscompliance.rules.itinerary import Days
from lmscompliance.services import Services
from lmscompliance.storage.transaction import reading
from lmscompliance.training import activation
from lmscompliance.training.registration import import_roster
from lmscompliance.training.service import approve_class, publish_plan
from lmscompliance.verifier import Verdict, verify
from tests.files import samples
from tests.identity.sheets import person
from tests.support.app import client_for, make_app
from tests.training.school import USCC, file_class, leaves, plan, roster

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
TRAINEE = Actor(account="t1", role=Role.TRAINEE)
HEIC, JPEG = b"\0\0\0\x20ftypheic" + bytes(9), samples.picture("JPEG")
CLERK = Actor(account="clerk", role=Role.ENTERPRISE, enterprise=USCC)


@dataclass(frozen=True)
class Class:
    """A class under S1 with two trainees; the first has an account."""

    services: Services
    id: str
    enrolments: list[str]

    def add(self, data: bytes, taken_on: date | None, actor: Actor = TRAINEE, **given) -> str:
        """Hand in an itinerary of the first trainee's, a second after whatever came before."""
        assert isinstance(self.services.clock, ManualClock)
        self.services.clock.advance(1)
        handed = given.pop("handed", Handed("itinerary", taken_on))
        return service.add(
            self.services,
            actor,
            self.id,
            self.enrolments[0],
            data=data,
            handed=handed,
            consent=given.pop("consent", "1"),
            ip="203.0.113.9",
        )

    def folder(self):
        """Return the first trainee's folder."""
        with reading(self.services.database) as session:
            return service.folders(session, self.services, self.id, self.enrolments)[self.enrolments[0]]


@pytest.fixture
def a_class(services, clock, tmp_path) -> Class:
    """File, approve, plan and enrol; it is the first of March."""
    class_id = file_class(services)
    approve_class(services, class_id)
    publish_plan(services, class_id, plan())
    path = roster(tmp_path / "r.xlsx", person(1), person(2))
    issued = import_roster(services, "K1", path).issued
    activation.activate(services, account="t1", code=issued[0].code, ip="203.0.113.9")
    clock.advance(timedelta(days=28).total_seconds())
    return Class(services, class_id, [one.enrolment_id for one in issued])


def test_two_screenshots_cover_february(a_class):
    """What was accepted counts, what waits or was refused does not; the file comes back without its place."""
    first = a_class.add(samples.located(), date(2021, 2, 14))
    second = a_class.add(samples.picture(), date(2021, 2, 28))
    assert [str(one) for one in a_class.folder().missing] == ["2021-02-01～2021-02-28"]
    service.review(a_class.services, CLERK, a_class.id, first, accepted=True)
    assert [str(one) for one in a_class.folder().missing] == ["2021-02-15～2021-02-28"]
    with pytest.raises(InvalidInput):
        service.review(a_class.services, CLERK, a_class.id, second, accepted=False, reason=" ")
    service.review(a_class.services, CLERK, a_class.id, second, accepted=False, reason="看不清日期")
    assert a_class.folder().lines[1].reason == "看不清日期"
    with pytest.raises(Conflict):
        service.review(a_class.services, CLERK, a_class.id, second, accepted=True)
    again = a_class.add(samples.picture(), date(2021, 2, 28))
    service.review(a_class.services, CLERK, a_class.id, again, accepted=True)
    assert a_class.folder().missing == ()
    _, content = service.look(a_class.services, CLERK, a_class.id, first)
    assert b"Phone 13" not in content.data
    with reading(a_class.services.database) as session:
        assert [one.account for one in session.scalars(select(ProofView))] == ["clerk"]


@pytest.mark.parametrize(
    ("handed", "code"),
    [
        (Handed("household"), "proofs.kind"),
        (Handed("itinerary"), "proofs.no_day"),
        (Handed("itinerary", date(2021, 3, 2)), "proofs.future"),
        (Handed("itinerary", date(2021, 2, 28), Days(date(2021, 2, 1), date(2021, 2, 28))), "proofs.days"),
        (Handed("itinerary", date(2021, 2, 20), Days(date(2021, 2, 15), date(2021, 2, 21))), "proofs.days"),
        (Handed("itinerary", date(2021, 2, 20), Days(date(2021, 2, 19), date(2021, 2, 15))), "proofs.days"),
    ],
)
def test_days_that_cannot_be(a_class, handed, code):
    """A wrong kind, a missing day, one in the future or more than a card shows: refused, nothing recorded."""
    with pytest.raises(InvalidInput) as refused:
        a_class.add(samples.picture(), None, handed=handed)
    assert refused.value.code == code
    assert a_class.folder().lines == ()


def test_the_same_file_twice_and_an_old_consent(a_class):
    """One file proves one thing once; without the present consent nothing is kept."""
    with pytest.raises(Conflict):
        a_class.add(samples.picture(), date(2021, 2, 14), consent="0")
    a_class.add(samples.picture(), date(2021, 2, 14))
    with pytest.raises(Conflict) as refused:
        a_class.add(samples.picture(), date(2021, 2, 28))
    assert refused.value.code == "proofs.twice"


def test_a_reader_fills_in_the_day(a_class):
    """Where the host plugged in OCR and nobody typed a day, its reading is taken, else it is asked for."""

    class Reader:
        def day(self, media_type: str, data: bytes) -> date | None:
            return date(2021, 2, 14) if media_type == "image/png" else None

    with_reader = replace(a_class, services=replace(a_class.services, day_reader=Reader()))
    with_reader.add(samples.picture("PNG"), None)
    with pytest.raises(InvalidInput):
        with_reader.add(samples.picture("JPEG"), None)
    [line] = with_reader.folder().lines
    assert (line.proof.covers_from, line.proof.covers_to) == (date(2021, 2, 1), date(2021, 2, 14))


def test_leaves_hold_digests_and_no_person(a_class):
    """Kind, digests and days stand in the log; who decided and why are withheld."""
    proof = a_class.add(samples.located(), date(2021, 2, 14))
    service.review(a_class.services, CLERK, a_class.id, proof, accepted=False, reason="换一张")
    found = {type_: leaf for _, type_, leaf in leaves(a_class.services, a_class.id)}
    added, reviewed = found["proof.added"], found["proof.reviewed"]
    assert (added["body"]["from"], added["body"]["to"]) == ("2021-02-01", "2021-02-14")
    assert added["body"]["sha256"] != added["body"]["original_sha256"]
    assert set(reviewed["d"]) == {"reviewer", "reason"}
    assert "换一张" not in str(reviewed)


def test_the_ledger_lists_them_and_verifies(a_class, tmp_path):
    """Sheet ⑥ names each file, its days, its review and what is missing, for everybody; `verify` agrees."""
    for day, decide in ((date(2021, 2, 14), True), (date(2021, 2, 28), None)):
        proof = a_class.add(samples.picture("PNG" if decide else "JPEG"), day)
        if decide:
            service.review(a_class.services, CLERK, a_class.id, proof, accepted=True)
    signer = LocalSigner.load_or_create(tmp_path / "signer", "example.com/log")
    made = export(a_class.services, signer, a_class.id, tmp_path / "out")
    report = verify(made.bundle, made.trust.read_text(encoding="utf-8"))
    assert report.verdict is Verdict.VALID, "\n".join(report.lines("en"))
    sheet = openpyxl.load_workbook(made.workbook)["⑥证明材料清单"]
    rows = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=4)]
    assert [(row[1], row[3], row[5], row[6], row[8], row[11]) for row in rows[:3]] == [
        ("学员乙", "行程卡", "2021-02-01", "2021-02-14", "通过", "2021-02-15～2021-02-28"),
        ("学员乙", "行程卡", "2021-02-15", "2021-02-28", "待审核", None),
        ("学员丙", "未提交", None, None, None, "2021-02-01～2021-02-28"),
    ]
    assert rows[3][:3] == ["合计", "2 份", "无缺口 0 人"]


def _form(client, a_class, *files, **fields):
    data = {"kind": "itinerary", "taken_on": "2021-02-14", "consent": "1"} | fields
    data["file"] = [(io.BytesIO(content), name) for name, content in files]
    path = f"/compliance/classes/{a_class.id}/proofs"
    return client.post(path, data=data, content_type="multipart/form-data")


def test_a_phone_hands_in_several_at_once(a_class):
    """Good files are kept and bad ones named with the reason; a page lists what is there and missing."""
    client = client_for(make_app(a_class.services), TRAINEE)
    answer = _form(client, a_class, ("一.png", samples.picture()), ("二.heic", HEIC))
    assert answer.status_code == 422
    text = answer.get_data(as_text=True)
    assert "二.heic：这是 HEIC 格式的照片" in text
    assert "已保存 1 份" in text
    assert "覆盖 2021-02-01 至 2021-02-14" in text
    assert _form(client, a_class, ("三.jpg", JPEG), taken_on="2021-02-28").status_code == 303
    assert _form(client, a_class, taken_on="2021-02-28").status_code == 422
    assert _form(client, a_class, ("三.jpg", JPEG), taken_on="四").status_code == 422
    assert len(a_class.folder().lines) == 2


def test_staff_look_and_decide(a_class):
    """The clerk opens the file as an attachment that cannot act, and decides; an inspector only looks."""
    proof = a_class.add(samples.picture(), date(2021, 2, 14))
    app = make_app(a_class.services)
    clerk = client_for(app, CLERK)
    path = f"/compliance/classes/{a_class.id}/proofs"
    assert "待审核" in clerk.get(f"{path}/review").get_data(as_text=True)
    opened = clerk.get(f"{path}/{proof}/file")
    assert (opened.status_code, opened.mimetype) == (200, "image/png")
    assert opened.headers["Content-Disposition"].startswith("attachment")
    assert opened.headers["Content-Security-Policy"].startswith("sandbox")
    inspector = client_for(app, Actor(account="i", role=Role.INSPECTOR, districts=frozenset({"城厢镇"})))
    assert inspector.get(f"{path}/{proof}/file").status_code == 200
    assert inspector.post(f"{path}/{proof}/review", data={"decision": "accept"}).status_code == 403
    assert clerk.post(f"{path}/{proof}/review", data={"decision": "accept"}).status_code == 303
    assert a_class.folder().lines[0].proof.status == "accepted"


def test_both_pages_are_found(a_class):
    """A trainee comes to them from the class, staff from its overview."""
    app = make_app(a_class.services)
    path = f"/compliance/classes/{a_class.id}"
    assert f'href="{path}/proofs"' in client_for(app, TRAINEE).get(path).get_data(as_text=True)
    overview = client_for(app, CLERK).get(f"{path}/overview").get_data(as_text=True)
    assert f'href="{path}/proofs/review"' in overview
