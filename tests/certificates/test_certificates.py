"""Certificates: to whom, frozen when issued, numbered without gaps, revoked for a reason, in the bundle."""

from __future__ import annotations

import csv
import hashlib
import signal
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, update

from lmscompliance.certificates import content, drafting, issuing, jobs, reading, revoking
from lmscompliance.certificates.models import Certificate
from lmscompliance.certificates.numbers import next_number
from lmscompliance.claims import projects
from lmscompliance.completion import service as completion
from lmscompliance.evidence.sealer import seal_all
from lmscompliance.evidence.signer import LocalSigner
from lmscompliance.extension import exporting
from lmscompliance.identity.accounts import GUESS_WINDOW, forget_counts
from lmscompliance.jobs.models import JobRow
from lmscompliance.jobs.queue import ClaimLost
from lmscompliance.kernel.errors import Conflict, Gone, InvalidInput, Misconfigured, NotFound, TooMany
from lmscompliance.ledgers.assemble import trust_text
from lmscompliance.ledgers.service import export
from lmscompliance.persons import requests
from lmscompliance.rules.subsidy import Project
from lmscompliance.services import Services
from lmscompliance.storage.transaction import reading as open_reading
from lmscompliance.storage.transaction import transaction
from lmscompliance.training.models import Lesson, TrainingClass
from lmscompliance.verifier import Verdict, verify
from lmscompliance.verifier.receipt import verify_receipt
from tests.completion.classroom import Classroom, open_classroom, publish_exam
from tests.documents.pdfa import assert_pdfa
from tests.identity.sheets import person
from tests.support.app import administrator, clerk, client_for, make_app, trainee
from tests.support.fonts import drawn_with_further, write_font
from tests.support.poppler import words_of
from tests.training.school import USCC

sqlite_only = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
ISSUER, ADMIN, TRAINEE = clerk(USCC), administrator(), trainee("trainee-1")
BASE = "https://peixun.example.com/"


@pytest.fixture
def passed(services: Services, tmp_path: Path) -> Classroom:
    """Return a class in which trainee-1 passed and trainee-2 has only learnt."""
    room = open_classroom(services, tmp_path, 4)
    publish_exam(room, tmp_path)
    for account in ("trainee-1", "trainee-2"):
        room.learn_all(account)
        completion.refresh(services, room.class_id, room.enrolment(account))
    room.hall.sit(80, "trainee-1")
    return room


@pytest.fixture
def signer(tmp_path: Path) -> LocalSigner:
    """Return a signer of its own."""
    return LocalSigner.load_or_create(tmp_path / "signer", "example.com/log")


@sqlite_only
def test_only_who_passed_gets_one_and_one_at_a_time(passed: Classroom) -> None:
    """A whole class at once is as one by one; nobody gets a second, and nothing without an address."""
    services, class_id = passed.services, passed.class_id
    with pytest.raises(Misconfigured):
        issuing.issue(services, ISSUER, class_id, passed.enrolment())
    with pytest.raises(Conflict, match="not_passed"):
        issuing.issue(services, ISSUER, class_id, passed.enrolment("trainee-2"), BASE)
    done = issuing.issue_all(services, ISSUER, class_id, BASE)
    assert (done.numbers, done.refused) == (("PX-2021-000001",), ())
    asked: list[str] = []
    event.listen(services.database.engine, "before_cursor_execute", lambda *told: asked.append(str(told[2])))
    assert issuing.issue_all(services, ISSUER, class_id, BASE).numbers == ()
    # Once, and not for each trainee.
    assert sum("FROM compliance_certificate" in one for one in asked) == 1
    asked.clear()
    assert [one.number for one in reading.of_class(services, class_id)] == ["PX-2021-000001"]
    assert "pdf_sealed" not in "".join(asked)
    with pytest.raises(Conflict, match="held_already"):
        issuing.issue(services, ISSUER, class_id, passed.enrolment(), BASE)
    passed.hall.sit(100, "trainee-2")
    assert issuing.issue_all(services, ISSUER, class_id, BASE).numbers == ("PX-2021-000002",)


def _interrupted(room: Classroom) -> list[str]:
    """Return the numbers of a class of three, in whose issuing the claim was lost after the first."""
    services, class_id = room.services, room.class_id
    calls: list[object] = []

    def holding(session: object) -> None:
        calls.append(session)
        if len(calls) > 1:
            raise ClaimLost("jobs.claim_lost", job="1")

    with pytest.raises(ClaimLost):
        issuing.issue_all(services, ISSUER, class_id, BASE, holding=holding)
    assert len(reading.of_class(services, class_id)) == 1
    issuing.issue_all(services, ISSUER, class_id, BASE)
    return [one.number for one in reading.of_class(services, class_id)]


@pytest.fixture
def all_passed(passed: Classroom) -> Classroom:
    """Return the class after all three have passed."""
    passed.learn_all("trainee-3")
    completion.refresh(passed.services, passed.class_id, passed.enrolment("trainee-3"))
    for account in ("trainee-2", "trainee-3"):
        passed.hall.sit(100, account)
    return passed


@sqlite_only
def test_issuing_that_is_interrupted_goes_on_without_gap_or_double(all_passed: Classroom) -> None:
    """Whoever lost the claim writes nothing more; the next issues to the others, number after number."""
    assert _interrupted(all_passed) == [f"PX-2021-{number:06}" for number in (1, 2, 3)]
    told = [
        leaf.body["serial"]
        for account in ("trainee-1", "trainee-2", "trainee-3")
        for leaf in all_passed.hall.told(account)
        if leaf.t == "certificate.issued"
    ]
    assert told == [1, 2, 3]


@sqlite_only
def test_a_killed_issuing_is_finished_by_the_next(all_passed: Classroom) -> None:
    """Kill -9 in the middle leaves whole certificates; the next process issues the rest and counts all."""
    services, class_id = all_passed.services, all_passed.class_id
    address = services.database.engine.url.render_as_string(hide_password=False)
    object.__setattr__(services.settings, "database_url", address)
    asked = jobs.ask(services, ISSUER, class_id, BASE)
    assert jobs.ask(services, ISSUER, class_id, BASE) == asked
    issuer = exporting.Child(exporting.CERTIFICATES, jobs.asked_for)
    child = issuer.begin(services)
    assert child is not None
    while child.poll() is None and not reading.of_class(services, class_id):
        time.sleep(0.002)
    child.send_signal(signal.SIGKILL)
    child.wait()
    with transaction(services.database) as session:
        session.execute(update(JobRow).where(JobRow.state == "running").values(claimed_until_us=1))
    child = issuer.begin(services)
    assert child is None or child.wait() == 0
    state = jobs.waiting(services, class_id)
    assert state is not None
    assert (state.state, state.outcome) == ("done", {"issued": 3, "refused": [], "refusals": 0})
    shown = reading.of_class(services, class_id)
    # The children go by the machine's clock.
    assert [one.number[8:] for one in shown] == [f"{number:06}" for number in (1, 2, 3)]
    assert len({one.enrolment_id for one in shown}) == 3


@sqlite_only
def test_what_was_drafted_is_drafted_anew_when_it_was_overtaken(
    all_passed: Classroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A number that somebody else took meanwhile, or a name that was corrected, does not get into it."""
    services, class_id = all_passed.services, all_passed.class_id
    typeset, meanwhile = drafting.typeset_certificate, iter(["name", "number"])

    def slow(*told: Any) -> bytes:
        happens = next(meanwhile, "")
        if happens == "number":
            issuing.issue(services, ISSUER, class_id, all_passed.enrolment("trainee-2"), BASE)
        elif happens == "name":
            asked = requests.ask(services, TRAINEE, class_id, field="name", wanted="张三三", reason="漏字")
            requests.decide(services, ADMIN, class_id, asked, accepted=True, reason="核对身份证")
        return typeset(*told)

    monkeypatch.setattr(drafting, "typeset_certificate", slow)
    assert issuing.issue(services, ISSUER, class_id, all_passed.enrolment(), BASE) == "PX-2021-000002"
    assert reading.own(services, TRAINEE, class_id).name == "张三三"


@sqlite_only
def test_what_was_issued_stays_as_it_was(
    passed: Classroom, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The document is PDF/A and says everything; no later name, plan, class or look changes it."""
    services, class_id = passed.services, passed.class_id
    issuing.issue_all(services, ISSUER, class_id, BASE)
    before = reading.own_document(services, TRAINEE, class_id)
    asked = requests.ask(services, TRAINEE, class_id, field="name", wanted="张三三", reason="漏字")
    requests.decide(services, ADMIN, class_id, asked, accepted=True, reason="核对身份证")
    with transaction(services.database) as session:
        session.execute(update(TrainingClass).values(title="别的班"))
        session.execute(update(Lesson).values(course="别的课程", title="别的课"))
    with monkeypatch.context() as later:
        # Another look: nothing of it is used for what was issued before.
        later.setattr(content, "typeset", lambda *_: b"another look")
        shown = reading.own(services, TRAINEE, class_id)
        assert reading.own_document(services, TRAINEE, class_id) == before
    assert shown.content is not None
    assert (shown.content.name, shown.content.title, shown.content.topics[0]) == (
        "张三",
        "演示班",
        "岗位技能",
    )
    assert hashlib.sha256(before).hexdigest() == shown.pdf_sha256
    path = tmp_path / "certificate.pdf"
    path.write_bytes(before)
    assert_pdfa(path, "2", "A")
    words = words_of(path)
    for text in (
        "培训合格证书",
        "PX-2021-000001",
        "张三",
        shown.content.id_number,
        "演示班",
        "80分",
        "示范企业",
    ):
        assert text in words
    revoking.revoke(services, ADMIN, class_id, shown.id, "姓名有误，重新颁发")
    issuing.issue(services, ISSUER, class_id, passed.enrolment(), BASE)
    again = reading.own(services, TRAINEE, class_id)
    assert again.content is not None
    assert (again.content.name, again.number, again.revoked_at) == ("张三三", "PX-2021-000002", None)


@sqlite_only
def test_revoking_needs_a_reason_and_happens_once(passed: Classroom) -> None:
    """The reason is shown to whoever checks; the certificate stays to be found."""
    services, class_id = passed.services, passed.class_id
    issuing.issue_all(services, ISSUER, class_id, BASE)
    shown = reading.own(services, TRAINEE, class_id)
    with pytest.raises(InvalidInput):
        revoking.revoke(services, ADMIN, class_id, shown.id, "  ")
    with pytest.raises(NotFound):
        revoking.revoke(services, ADMIN, class_id, "0" * 26, "代考")
    revoking.revoke(services, ADMIN, class_id, shown.id, "代考")
    with pytest.raises(Conflict, match="revoked_already"):
        revoking.revoke(services, ADMIN, class_id, shown.id, "代考")
    found = reading.public(services, shown.code, "203.0.113.9")
    assert (found.number, found.reason, found.revoked_at) == (shown.number, "代考", services.clock.now())
    with transaction(services.database) as session:
        session.execute(update(Certificate).values(revoked_at=None, reason_sealed=None))
    # Whoever edits the table un-revokes nothing: the log is what the page goes by.
    assert reading.public(services, shown.code, "203.0.113.9").revoked_at == services.clock.now()
    with transaction(services.database) as session:
        session.execute(update(Certificate).values(revoked_at=services.clock.now()))
    told = {leaf.t: leaf for leaf in passed.hall.told()}
    assert told["certificate.issued"].body["pdf_sha256"] == shown.pdf_sha256
    assert told["certificate.revoked"].body["number"] == shown.number
    assert "张三" not in str(told["certificate.issued"].body)
    revoked_at = passed.clock.now()
    passed.clock.advance(-60)  # as when the machine's clock is set right
    issuing.issue(services, ISSUER, class_id, passed.enrolment(), BASE)
    assert reading.own(services, TRAINEE, class_id).issued_at == revoked_at


@sqlite_only
def test_W17_certificates_come_as_a_table_with_occupation_level_and_score(passed: Classroom) -> None:
    """Whoever holds a valid one, as it says; what for is said, and everybody in the class finds it."""
    services, class_id = passed.services, passed.class_id
    projects.set_project(services, class_id, Project("焊接", occupation="焊工", level=4), by="clerk-1")
    passed.hall.sit(100, "trainee-2")
    issuing.issue_all(services, ISSUER, class_id, BASE)
    page = f"/compliance/classes/{class_id}/comparison"
    staff = client_for(make_app(services), ADMIN)
    assert page in staff.get(f"/compliance/classes/{class_id}/certificates").text
    asked = {"layout": "certificates", "form": "utf-8-sig"}
    assert staff.post(page, data=asked).status_code == 422

    def rows() -> list[dict[str, str]]:
        with staff.post(page, data={**asked, "purpose": "报送证书数据"}) as answer:
            return list(csv.DictReader(answer.data.decode("utf-8-sig").splitlines()))

    both = rows()
    says = reading.own(services, TRAINEE, class_id).content
    assert says is not None
    assert both[0] == {
        "序号": "1",
        "姓名": "张三",
        "证件号码": f"\t{says.id_number}",
        "职业（工种）": "焊工",
        "等级": "四级",
        "完成课时": says.hours,
        "考核成绩": "80",
        "证书编号": "PX-2021-000001",
        "颁发日期": says.issued_on.replace("-", ""),
    }
    assert [one["考核成绩"] for one in both] == ["80", "100"]
    assert "报送证书数据" in staff.get(f"/compliance/classes/{class_id}/reveals").text
    revoking.revoke(services, ADMIN, class_id, reading.own(services, TRAINEE, class_id).id, "代考")
    assert [(one["序号"], one["证书编号"]) for one in rows()] == [("1", "PX-2021-000002")]


@sqlite_only
def test_the_public_check_is_limited_and_tells_no_number(passed: Classroom, monkeypatch) -> None:
    """Whoever asks too often is asked to wait; the middle of the number is nobody's."""
    services, class_id = passed.services, passed.class_id
    issuing.issue_all(services, ISSUER, class_id, BASE)
    code = reading.own(services, TRAINEE, class_id).code
    shown = reading.public(services, code, "203.0.113.9")
    assert shown.content is not None
    assert shown.id_masked == shown.content.id_number[:6] + "********" + shown.content.id_number[-4:]
    monkeypatch.setattr(reading, "MOST_OF_ADDRESS", 3)
    for _ in range(2):
        with pytest.raises(NotFound):
            reading.public(services, "nothing", "203.0.113.9")
    with pytest.raises(TooMany):
        reading.public(services, code, "203.0.113.9")
    assert reading.public(services, code, "203.0.113.10").number == shown.number
    with pytest.raises(NotFound):
        reading.public(services, shown.number, "203.0.113.11")
    assert forget_counts(services) == 0
    passed.clock.advance(GUESS_WINDOW.total_seconds())
    assert forget_counts(services) == 3
    assert reading.public(services, code, "203.0.113.9").number == shown.number


@sqlite_only
def test_what_was_destroyed_is_gone_and_the_state_stays(passed: Classroom) -> None:
    """Without the person's data the number and whether it holds can still be told."""
    services, class_id = passed.services, passed.class_id
    issuing.issue_all(services, ISSUER, class_id, BASE)
    code = reading.own(services, TRAINEE, class_id).code
    with transaction(services.database) as session:
        session.execute(update(Certificate).values(content_sealed=None, pdf_sealed=None))
    shown = reading.public(services, code, "203.0.113.9")
    assert (shown.number, shown.content, shown.id_masked) == ("PX-2021-000001", None, "")
    with pytest.raises(Gone):
        reading.own_document(services, TRAINEE, class_id)


@sqlite_only
def test_bundle_and_receipt_tell_it_without_the_platform(
    passed: Classroom, signer: LocalSigner, tmp_path: Path
) -> None:
    """The receipt holds what the certificate says; the bundle holds that it was revoked."""
    services, class_id = passed.services, passed.class_id
    issuing.issue_all(services, ISSUER, class_id, BASE)
    assert reading.own_receipt(services, TRAINEE, class_id) is None
    seal_all(services, signer)
    text = reading.own_receipt(services, TRAINEE, class_id)
    assert text is not None
    receipt = verify_receipt(text.encode(), trust_text(signer, services))
    assert receipt.report.verdict is Verdict.VALID
    assert receipt.leaf is not None
    document = reading.own_document(services, TRAINEE, class_id)
    assert receipt.leaf.body["pdf_sha256"] == hashlib.sha256(document).hexdigest()
    for file, verdict in ((document, Verdict.VALID), (document + b" ", Verdict.INVALID)):
        checked = verify_receipt(text.encode(), trust_text(signer, services), document=file)
        assert checked.report.verdict is verdict
    assert "张三" in str(receipt.values["content"])
    shown = reading.own(services, TRAINEE, class_id)
    first = export(services, signer, class_id, tmp_path / "one")
    assert "certificate_revoked" not in _findings(first)
    revoking.revoke(services, ADMIN, class_id, shown.id, "代考")
    second = export(services, signer, class_id, tmp_path / "two")
    assert _findings(second) >= {"certificate_revoked"}
    assert first.workbook.read_bytes() != b""


def _findings(done) -> set[str]:
    report = verify(done.bundle, done.trust.read_bytes())
    assert report.verdict in {Verdict.VALID, Verdict.VALID_WITH_FINDINGS}, "\n".join(report.lines("en"))
    return {one.code for one in report.findings}


def test_numbers_have_no_gap_however_many_are_drawn_at_once(services: Services) -> None:
    """On both databases: eight at a time draw forty, and what is rolled back is given out again."""
    drawn: list[str] = []
    gate = threading.Barrier(8)

    def draw() -> None:
        gate.wait()
        for _ in range(5):
            with transaction(services.database) as session:
                number = next_number(session, "PX", 2021)
            drawn.append(number)

    threads = [threading.Thread(target=draw) for _ in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    with pytest.raises(ZeroDivisionError), transaction(services.database) as session:
        next_number(session, "PX", 2021)
        _ = 1 // 0
    with transaction(services.database) as session:
        assert next_number(session, "PX", 2021) == "PX-2021-000041"
        assert next_number(session, "WDGJ", 2021) == "WDGJ-2021-000001"
    assert sorted(drawn) == [f"PX-2021-{number:06}" for number in range(1, 41)]


@sqlite_only
def test_a_name_with_a_rare_character_is_printed_once_there_is_a_font(
    services: Services, tmp_path: Path
) -> None:
    """Until then the refusal names the setting; with the font, the name stands whole on the certificate."""
    room = open_classroom(services, tmp_path, rows=[person(1, "王𠮷")])
    publish_exam(room, tmp_path)
    room.learn_all()
    completion.refresh(services, room.class_id, room.enrolment())
    room.hall.sit(80)
    with pytest.raises(InvalidInput, match="COMPLIANCE_FONTS_DIR"):
        issuing.issue(services, ISSUER, room.class_id, room.enrolment(), BASE)
    fonts = replace(services.settings, fonts_dir=write_font(tmp_path / "fonts", "王𠮷"))
    given = replace(services, settings=fonts)
    number = issuing.issue(given, ISSUER, room.class_id, room.enrolment(), BASE)
    path = tmp_path / "certificate.pdf"
    with open_reading(services.database) as session:
        path.write_bytes(reading.documents(session, services, room.class_id, room.enrolment())[number])
    assert_pdfa(path, "2", "A")
    assert "王𠮷" in words_of(path)
    assert drawn_with_further(path) == "𠮷"
