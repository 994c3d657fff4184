"""Claims: who is granted what, in which order, and where the money goes."""

from __future__ import annotations

import io
from datetime import datetime
from decimal import Decimal

import openpyxl
import pytest
from sqlalchemy import select

from lmscompliance.claims import figures, jobs, judging, lines, money, pack, projects, service
from lmscompliance.claims.models import Claim, ClaimLine
from lmscompliance.completion import closing
from lmscompliance.identity import looks
from lmscompliance.jobs import queue
from lmscompliance.jobs.queue import ClaimLost
from lmscompliance.kernel.clock import SHANGHAI
from lmscompliance.kernel.errors import Conflict, InvalidInput, NotFound
from lmscompliance.rules.subsidy import Project, Rates
from lmscompliance.storage.transaction import reading, transaction
from lmscompliance.training import queries
from tests.claims.office import APRIL, PAYEE, claim, closed_class, paying
from tests.completion.classroom import open_classroom, publish_exam
from tests.support.app import clerk
from tests.training import school
from tests.training.school import OTHER_USCC, USCC

ONCE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def _lines(services, class_id, claim_id):
    with reading(services.database) as session:
        rows = session.scalars(
            select(ClaimLine)
            .where(ClaimLine.class_id == class_id, ClaimLine.claim_id == claim_id)
            .order_by(ClaimLine.ordinal)
        ).all()
        return [(row.granted, row.yuan, lines.explained(services, row)) for row in rows]


def _status(services, class_id):
    with reading(services.database) as session:
        return queries.class_by_id(session, class_id).status


def test_a_claim_from_preview_to_payment(services, tmp_path):
    """On both databases: what the preview says is claimed, decided, paid, and in evidence with its digest."""
    services = paying(services)
    class_id = closed_class(services, tmp_path, "A")
    assert [one.decision.amount.yuan for one in judging.preview(services, class_id)] == [300, 300]
    claim_id = claim(services, class_id)
    assert _status(services, class_id) == "claimed"
    service.decide(services, class_id, claim_id, by="inspector-1", reference="审2021-1")
    money.pay(services, class_id, claim_id, Decimal(400), by="inspector-1", reference="V1")
    with pytest.raises(InvalidInput) as too_much:
        money.pay(services, class_id, claim_id, Decimal("200.01"), by="inspector-1", reference="V2")
    assert too_much.value.params["left"] == "200"
    money.pay(services, class_id, claim_id, Decimal(200), by="inspector-1", reference="V2")
    assert _status(services, class_id) == "decided"
    told = {type_: leaf["body"] for _, type_, leaf in school.leaves(services, class_id)}
    assert (told["claim.decided"]["granted"], told["claim.decided"]["yuan"]) == (2, "600")
    assert [(line[1], line[2]) for line in told["claim.lines"]["lines"]] == [(True, "300"), (True, "300")]
    closing.step(services, clerk(USCC), class_id, "archived")


def test_T33_two_enterprises_claim_one_person(services, tmp_path):
    """The claim handed in first is granted, the other is told by which clause; nobody is paid twice."""
    services = paying(services)
    first = closed_class(services, tmp_path, "A", (1, 2))
    second = closed_class(services, tmp_path, "B", (2, 3), uscc=OTHER_USCC)
    one = claim(services, first)
    services.clock.advance(1)
    two = claim(services, second)
    assert [granted for granted, _, _ in _lines(services, first, one)] == [True, True]
    (refused, yuan, said), (granted, _, _) = _lines(services, second, two)
    assert (refused, yuan, granted) == (False, 0, True)
    (reason,) = [verdict for verdict in said["verdicts"] if not verdict["met"]]
    assert "本项目的补贴已享受或已由更早的申报占用" in reason["text"]
    service.decide(services, second, two, by="inspector-1")
    service.decide(services, first, one, by="inspector-1")
    total = [yuan for place in ((first, one), (second, two)) for _, yuan, _ in _lines(services, *place)]
    assert sum(total) == 900


@ONCE
def test_T33_claims_that_crossed_are_settled_when_decided(services, tmp_path):
    """Two claims that did not see each other: the decision judges again, the later one loses the person."""
    services = paying(services)
    first = closed_class(services, tmp_path, "A", (1,))
    second = closed_class(services, tmp_path, "B", (1,), uscc=OTHER_USCC)
    one = claim(services, first)
    with reading(services.database) as session:
        at = session.get(Claim, (first, one)).submitted_at
    services.clock.set(datetime(2021, 4, 6, 9, tzinfo=SHANGHAI))
    two = claim(services, second)
    assert at == APRIL
    assert _lines(services, second, two)[0][0]
    services.clock.set(APRIL)
    service.decide(services, first, one, by="inspector-1")
    service.decide(services, second, two, by="inspector-1")
    assert [_lines(services, first, one)[0][0], _lines(services, second, two)[0][0]] == [False, True]


@ONCE
@pytest.mark.parametrize(
    ("day", "refused"), [((3, 31), True), ((4, 1), False), ((5, 31), False), ((6, 1), True)]
)
def test_T30_claims_are_taken_within_their_term_alone(services, tmp_path, day, refused):
    """The server's clock decides, and the refusal cites what sets the term."""
    services = paying(services)
    class_id = closed_class(services, tmp_path, "A")
    services.clock.set(datetime(2021, *day, 12, tzinfo=SHANGHAI))
    if not refused:
        claim(services, class_id)
        return
    with pytest.raises(Conflict) as error:
        claim(services, class_id)
    assert error.value.code == "claims.out_of_time"
    assert "2021-04-01" in error.value.message()


@ONCE
def test_T31_only_who_completed_and_passed_is_granted(services, tmp_path):
    """Training and exam decide with everything else: the one who did neither stands there with the reason."""
    services = paying(services, subsidy__requires=["training", "exam"])
    room = open_classroom(services, tmp_path, people=3)
    publish_exam(room, tmp_path)
    room.learn_all("trainee-1")
    services.clock.set(APRIL)
    closing.close_class(services, room.class_id, by="clerk-1")
    judged = judging.preview(services, room.class_id)
    assert [one.decision.granted for one in judged] == [False, False, False]
    assert [one.decision.missing[0].reason for one in judged] == [
        "subsidy_needs_exam",
        "subsidy_needs_training",
        "subsidy_needs_training",
    ]
    with pytest.raises(Conflict) as nobody:
        claim(services, room.class_id)
    assert nobody.value.code == "claims.nobody"


@ONCE
def test_a_returned_claim_can_be_made_again(services, tmp_path):
    """The bureau says why; the class is closed again, and the returned claim counts against nobody."""
    services = paying(services)
    class_id = closed_class(services, tmp_path, "A")
    claim_id = claim(services, class_id)
    with pytest.raises(InvalidInput):
        service.give_back(services, class_id, claim_id, by="inspector-1", reason=" ")
    service.give_back(services, class_id, claim_id, by="inspector-1", reason="账号有误")
    assert _status(services, class_id) == "closed"
    with pytest.raises(Conflict):
        service.decide(services, class_id, claim_id, by="inspector-1")
    again = claim(services, class_id)
    assert [granted for granted, _, _ in _lines(services, class_id, again)] == [True, True]


@ONCE
def test_a_worker_that_was_taken_over_leaves_the_claim_to_its_successor(services, tmp_path):
    """Its next word of progress tells it that the job is another's: what was prepared still waits."""
    services = paying(services)
    class_id = closed_class(services, tmp_path, "A")
    with transaction(services.database) as session:
        service.prepare(session, services, class_id, PAYEE, by="clerk-1")

    def lost(_done, _total):
        raise ClaimLost("jobs.claim_lost", job="x")

    with pytest.raises(ClaimLost):
        service.complete(services, class_id, lost)
    assert service.status_of(services, class_id, service.complete(services, class_id)) == "submitted"


@ONCE
def test_a_decision_that_came_twice_is_no_failure(services, tmp_path, monkeypatch):
    """A worker that was taken for dead decides while its successor judges: the job is done, not refused."""
    services = paying(services)
    class_id = closed_class(services, tmp_path, "A")
    claim_id = claim(services, class_id)
    job = jobs.ask_decide(services, class_id, claim_id, by="inspector-1", reference="1")
    decide = service.decide

    def twice(*args, **named):
        decide(*args, **named)
        decide(*args, **named)

    monkeypatch.setattr(service, "decide", twice)
    assert jobs.work_asked(services) == 1
    with reading(services.database) as session:
        assert queue.state_of(session, job).state == "done"


@pytest.mark.parametrize("text", ["1e999999", "1e-300", "0.00001", "NaN", "-Infinity", "十"])
def test_a_figure_that_no_sum_can_take_is_refused(text):
    """Sums are exact: what is too long for a log or a column is named back to whoever wrote it."""
    with pytest.raises(InvalidInput, match="bad_figure"):
        figures.yuan_of(text)
    assert figures.yuan_of(" 12.50 ") == Decimal("12.5")


@ONCE
def test_T39_what_was_granted_can_be_asked_back_and_no_more(services, tmp_path):
    """With a reason, per trainee, at most what they were granted."""
    services = paying(services)
    class_id = closed_class(services, tmp_path, "A")
    claim_id = claim(services, class_id)
    with reading(services.database) as session:
        enrolment = queries.roster(session, class_id)[0].id
    back = {"by": "inspector-1", "reason": "代学"}
    with pytest.raises(Conflict):
        money.claw_back(services, class_id, claim_id, enrolment, Decimal(300), **back)
    service.decide(services, class_id, claim_id, by="inspector-1")
    money.claw_back(services, class_id, claim_id, enrolment, Decimal(100), **back)
    with pytest.raises(InvalidInput):
        money.claw_back(services, class_id, claim_id, enrolment, Decimal(201), **back)
    with pytest.raises(NotFound):
        money.claw_back(services, class_id, claim_id, "0" * 26, Decimal(1), **back)


@ONCE
def test_W20_an_agreed_rate_is_needed_and_then_multiplied(services, tmp_path):
    """一事一议: without a rate nobody is granted; with one each yuan is explained with its clause."""
    services = paying(
        services,
        subsidy__requires=["training"],
        subsidy__rate_by_project=True,
        subsidy__max_per_online_hour=15,
        subsidy__per_person=0,
    )
    room = open_classroom(services, tmp_path, people=2)
    room.learn_all("trainee-1")
    services.clock.set(APRIL)
    closing.close_class(services, room.class_id, by="clerk-1")
    first, _ = judging.preview(services, room.class_id)
    assert [one.reason for one in first.decision.missing] == ["rate_missing"]
    with pytest.raises(InvalidInput):
        projects.set_project(services, room.class_id, Project("x", approved=Rates(Decimal(-1))), by="a")
    agreed = Project("数控车工", "6-18-01-01", 5, Rates(Decimal("12.5"), None))
    projects.set_project(services, room.class_id, agreed, by="inspector-1")
    first, other = judging.preview(services, room.class_id)
    assert (first.decision.granted, first.decision.amount.yuan) == (True, 50)
    assert "4 课时 × 12.5 元" in first.decision.amount.lines[1].message()
    assert not other.decision.granted
    claim(services, room.class_id)
    with pytest.raises(Conflict):
        projects.set_project(services, room.class_id, agreed, by="inspector-1")


@ONCE
def test_W26_what_if_asks_other_terms_and_changes_nothing(services, tmp_path):
    """The sums under another amount, with the class's own policy untouched."""
    services = paying(services)
    class_id = closed_class(services, tmp_path, "A")
    supposed = judging.preview(services, class_id, {"subsidy.per_person": 500})
    assert [one.decision.amount.yuan for one in supposed] == [500, 500]
    assert [one.decision.amount.yuan for one in judging.preview(services, class_id)] == [300, 300]


@ONCE
def test_T35_the_pack_holds_summary_roster_and_every_step(services, tmp_path):
    """⑦ and ⑧ with full numbers as text, the same bytes each time, and who took it is on record."""
    services = paying(services)
    class_id = closed_class(services, tmp_path, "A")
    claim_id = claim(services, class_id)
    name, data = pack.make(services, clerk(USCC), class_id, claim_id, file="workbook", purpose="报送")
    assert name == "补贴申报-A.xlsx"
    assert pack.make(services, clerk(USCC), class_id, claim_id, file="workbook", purpose="报送")[1] == data
    book = openpyxl.load_workbook(io.BytesIO(data))
    assert book.sheetnames == ["⑦补贴汇总表", "⑧补贴人员花名册", "补贴核算明细"]
    headings, values, total = list(book["⑦补贴汇总表"].iter_rows(min_row=3, max_row=5, values_only=True))
    summary = dict(zip(headings, values, strict=True))
    assert (summary["开户行"], summary["人数"], summary["金额（元）"]) == (PAYEE.bank, 2, 600)
    assert total[7] == 600
    people = list(book["⑧补贴人员花名册"].iter_rows(min_row=4, values_only=True))
    assert people[0][1] == "张三"
    assert isinstance(people[0][2], str)
    assert len(people[0][2]) == 18
    assert people[0][7:9] == (300, "是")
    assert people[-1][0] == "合计"
    steps = list(book["补贴核算明细"].iter_rows(min_row=4, values_only=True))
    assert any(row[3] == "每人 300 元。" for row in steps)
    listed = (
        pack.make(services, clerk(USCC), class_id, claim_id, file="list", purpose="报送")[1]
        .decode("utf-8-sig")
        .splitlines()
    )
    assert len(listed) == 3
    with reading(services.database) as session:
        taken = looks.of_person(session, class_id, "")
    assert [(one.what, looks.purpose_of(services, one)) for one in taken] == [("claim", "报送")] * 3
    with pytest.raises(InvalidInput):
        pack.make(services, clerk(USCC), class_id, claim_id, file="list", purpose=" ")
    with pytest.raises(NotFound):
        pack.make(services, clerk(USCC), class_id, claim_id, file="other", purpose="报送")
