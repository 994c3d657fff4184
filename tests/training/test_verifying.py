"""Verification of enrolments: asked by a job, decided once, recorded, with what follows from it."""

from __future__ import annotations

from copy import copy
from dataclasses import replace
from datetime import timedelta

import openpyxl
import pytest

from lmscompliance.completion import service as completion
from lmscompliance.evidence.signer import LocalSigner
from lmscompliance.identity import consent
from lmscompliance.kernel.actor import Actor, Role
from lmscompliance.kernel.errors import Conflict, InvalidInput
from lmscompliance.kernel.verification import FAILED, PASSED, PENDING, Answer
from lmscompliance.ledgers.service import export
from lmscompliance.policy.terms import IdentityTerms
from lmscompliance.rules.identity import CLEARED, SUSPECTED, IdentityFact, unverified
from lmscompliance.storage.transaction import reading
from lmscompliance.training import activation, queries, reviewing, verifying
from lmscompliance.training.registration import import_roster
from lmscompliance.training.service import approve_class, publish_plan
from lmscompliance.verifier import Verdict, verify
from tests.files import samples
from tests.identity.sheets import person
from tests.support.app import administrator, client_for, inspector, make_app
from tests.training.school import file_class, leaves, plan, roster

TRAINEE = Actor(account="t1", role=Role.TRAINEE)
sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


class Told:
    """A verifier that says what it is told to, and counts."""

    method = "told"

    def __init__(self) -> None:
        self.answers: list[Answer | Exception] = []
        self.keys: list[str] = []

    def verify(self, question):
        """Give the next answer, or break with it."""
        self.keys.append(question.key)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def _enrol(services, tmp_path, people=1):
    class_id = file_class(services)
    approve_class(services, class_id)
    publish_plan(services, class_id, plan())
    path = roster(tmp_path / "r.xlsx", *[person(n) for n in range(1, people + 1)])
    issued = import_roster(services, "K1", path).issued
    activation.activate(services, account="t1", code=issued[0].code, ip="203.0.113.9")
    return class_id, issued[0].enrolment_id


def _state(services, class_id, enrolment_id):
    with reading(services.database) as session:
        one = queries.enrolment(session, class_id, enrolment_id)
        return one.verification_method, one.verification_result


def test_W30_an_open_verification_is_asked_until_it_is_answered(services, clock, tmp_path):
    """Registration asks nobody; the job does, later and later while nobody answers, under one key."""
    services = replace(services, verifier=Told())
    class_id, enrolment_id = _enrol(services, tmp_path)
    assert services.verifier.keys == []
    assert _state(services, class_id, enrolment_id) == ("told", PENDING)
    services.verifier.answers = [Answer(PENDING, trouble="500"), ValueError("broken"), Answer(PASSED, "R7")]
    assert [verifying.ask_pending(services) for _ in range(2)] == [0, 0]
    assert len(services.verifier.keys) == 1
    clock.advance(30)
    assert verifying.ask_pending(services) == 0
    clock.advance(59)
    assert verifying.ask_pending(services) == 0
    assert len(services.verifier.keys) == 2
    clock.advance(1)
    assert verifying.ask_pending(services) == 1
    assert len(set(services.verifier.keys)) == 1
    assert verifying.ask_pending(services) == 0
    assert _state(services, class_id, enrolment_id) == ("told", PASSED)
    (leaf,) = [leaf for _, type_, leaf in leaves(services, class_id) if type_ == "identity.verified"]
    assert (leaf["body"]["purpose"], leaf["body"]["result"]) == ("registration", PASSED)
    assert set(leaf["d"]) == {"reference"}


@sqlite
def test_a_contradicting_second_answer_changes_nothing(services, tmp_path, caplog):
    """Two runs at once ask twice; what was committed first holds."""

    class Twice(Told):
        def verify(self, question):
            if not self.keys:
                self.keys.append(question.key)
                verifying.ask_pending(services)
                return Answer(FAILED)
            return Answer(PASSED)

    services = replace(services, verifier=Twice())
    class_id, enrolment_id = _enrol(services, tmp_path)
    assert verifying.ask_pending(services) == 0
    assert _state(services, class_id, enrolment_id) == ("told", PASSED)
    assert "contradicts" in caplog.text


@sqlite
def test_people_decide_by_a_photo_once_and_with_a_reason(services, tmp_path):
    """The trainee consents and hands in; the administrator decides; who opened the photo is kept."""
    services = replace(services, settings=replace(services.settings, verification="manual"))
    class_id, enrolment_id = _enrol(services, tmp_path)
    assert verifying.ask_pending(services) == 0
    with pytest.raises(Conflict):
        reviewing.hand_in(services, TRAINEE, class_id, data=samples.picture(), version="0")
    photo = reviewing.hand_in(services, TRAINEE, class_id, data=samples.picture(), version="1")
    with pytest.raises(Conflict):
        reviewing.hand_in(services, TRAINEE, class_id, data=samples.picture(), version="1")
    with reading(services.database) as session:
        assert consent.version_given(session, (class_id, enrolment_id), consent.PHOTO) == "1"
    app = make_app(services)
    base = f"/compliance/classes/{class_id}/verifications"
    watcher, admin = client_for(app, inspector("城厢镇")), client_for(app, administrator())
    assert watcher.get(f"{base}/{photo}/photo").data[:4] == b"\x89PNG"
    page = admin.get(base).get_data(as_text=True)
    assert "学员乙" not in page
    assert 'name="decision"' in page
    assert 'name="decision"' not in watcher.get(base).get_data(as_text=True)
    with pytest.raises(InvalidInput):
        reviewing.review(services, administrator(), class_id, photo, passed=True, reason=" ")
    assert admin.post(f"{base}/{photo}", data={"decision": "fail", "reason": "照片看不清"}).status_code == 303
    assert admin.post(f"{base}/{photo}", data={"decision": "pass", "reason": "x"}).status_code == 409
    assert _state(services, class_id, enrolment_id) == ("manual", FAILED)
    own = client_for(app, TRAINEE)
    shown = own.get(f"/compliance/classes/{class_id}/verification").get_data(as_text=True)
    assert "照片看不清" in shown
    assert own.post(f"/compliance/classes/{class_id}/verification", data={"consent": "1"}).status_code == 422
    again = reviewing.hand_in(services, TRAINEE, class_id, data=samples.picture(), version="1")
    reviewing.review(services, administrator(), class_id, again, passed=True, reason="与证件一致")
    with pytest.raises(Conflict):
        reviewing.hand_in(services, TRAINEE, class_id, data=samples.picture(), version="1")


@sqlite
def test_T9_W30_the_ledger_shows_each_verdict_and_the_verifier_recomputes_it(services, clock, tmp_path):
    """Sheet ① has the latest and all; the bundle verifies; the judgement is made again."""
    services = replace(services, verifier=Told())
    class_id, enrolment_id = _enrol(services, tmp_path)
    completion.refresh_due(services)
    services.verifier.answers = [Answer(FAILED)]
    verifying.ask_pending(services)
    assert completion.refresh_due(services) == 1
    assert completion.status(services, class_id, enrolment_id).identity[-1].kind == FAILED
    clock.advance(60)
    signer = LocalSigner.load_or_create(tmp_path / "signer", "example.com/log")
    done = export(services, signer, class_id, tmp_path / "out")
    heading, row = openpyxl.load_workbook(done.workbook)["①学员签到注册记录"].iter_rows(
        min_row=3, max_row=4, values_only=True
    )
    shown = dict(zip(heading, row, strict=True))
    assert {
        "姓名": "学员乙",
        "性别": "男",
        "身份证号": "320522199001010018",
        "联系电话": "13800000001",
        "实名核验方式": "told",
        "核验结果": "未通过",
    }.items() <= shown.items()
    report = verify(done.bundle, f"log {signer.vkey}\nquorum none\n")
    assert report.verdict is Verdict.VALID, report.findings
    assert report.findings == []


@sqlite
def test_W30_an_exam_may_want_a_verification_of_just_now(services, clock, tmp_path, monkeypatch):
    """Offline it passes at once and is recorded; otherwise the trainee is told what to wait for or to do."""
    class_id, enrolment_id = _enrol(services, tmp_path)
    verifying.require_recent(services, class_id, enrolment_id)
    class_notice = queries.class_notice

    def strict(session, class_id):
        notice = copy(class_notice(session, class_id))
        object.__setattr__(notice, "identity", replace(notice.identity, recheck_before_exam=True))
        return notice

    monkeypatch.setattr(queries, "class_notice", strict)
    verifying.require_recent(services, class_id, enrolment_id)
    verifying.require_recent(services, class_id, enrolment_id)
    assert [t for _, t, _ in leaves(services, class_id)].count("identity.verified") == 1
    clock.advance(timedelta(hours=2).total_seconds())
    services = replace(services, verifier=Told())
    for _ in range(2):
        with pytest.raises(Conflict, match="recheck_pending"):
            verifying.require_recent(services, class_id, enrolment_id)
    services.verifier.answers = [Answer(FAILED)]
    verifying.ask_pending(services)
    with pytest.raises(Conflict, match="recheck_failed"):
        verifying.require_recent(services, class_id, enrolment_id)
    services.verifier.answers = [Answer(PASSED)]
    verifying.ask_pending(services)
    verifying.require_recent(services, class_id, enrolment_id)


TERMS = IdentityTerms(
    pending_blocks_credit=False,
    failed_blocks_credit=True,
    suspicion_blocks_credit=True,
    recheck_before_exam=False,
    recheck_seconds=3600,
    photo_consent_version="1",
    photo_consent_zh="",
    photo_consent_en="",
)


@pytest.mark.parametrize(
    ("kinds", "terms", "blocked"),
    [
        ([], TERMS, False),
        ([PENDING], TERMS, False),
        ([PENDING], replace(TERMS, pending_blocks_credit=True), True),
        ([PENDING, PASSED], replace(TERMS, pending_blocks_credit=True), False),
        ([PASSED, FAILED], TERMS, True),
        ([PASSED, FAILED], replace(TERMS, failed_blocks_credit=False), False),
        ([FAILED, PASSED], TERMS, False),
        ([SUSPECTED, PASSED], TERMS, True),
        ([SUSPECTED, CLEARED], TERMS, False),
        ([SUSPECTED], replace(TERMS, suspicion_blocks_credit=False), False),
    ],
)
def test_the_latest_verdict_and_suspicion_hold(kinds, terms, blocked):
    """Everything of the enrolment is void, or nothing; what came after an instant is left out."""
    facts = [IdentityFact(n + 1, kind) for n, kind in enumerate(kinds)]
    assert bool(unverified(facts, terms)) is blocked
    assert unverified(facts, terms, by_us=0) == ()
