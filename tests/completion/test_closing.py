"""The life of a class: each step with who, when and why, in order, and what a close means."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest

from lmscompliance.completion import closing
from lmscompliance.completion import service as completion
from lmscompliance.evidence.signer import LocalSigner
from lmscompliance.kernel.clock import SHANGHAI
from lmscompliance.kernel.errors import Conflict, Forbidden, InvalidInput
from lmscompliance.ledgers.service import export
from lmscompliance.rules import class_life
from lmscompliance.storage.transaction import reading
from lmscompliance.training import life, queries, service
from lmscompliance.verifier import Verdict, verify
from tests.completion.classroom import open_classroom, publish_exam
from tests.support.app import administrator, auditor, clerk, client_for, inspector, make_app
from tests.training import school
from tests.training.school import USCC

ONCE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
CLERK, BUREAU = clerk(USCC), inspector("城厢镇")
END = datetime(2021, 3, 1, 8, tzinfo=SHANGHAI)


def _steps(services, class_id):
    with reading(services.database) as session:
        return [(one.target, one.by, one.reason) for one in life.steps(session, services, class_id)]


def _leaves(services, class_id, kind):
    return [leaf["body"] for _, type_, leaf in school.leaves(services, class_id) if type_ == kind]


def test_a_class_goes_from_draft_to_archive(services):
    """On both databases: filed, returned, filed again, approved, and on by time and by people."""
    class_id = service.file_class(
        services,
        code="K1",
        title="班",
        policy_id="demo-short",
        enterprise=service.EnterpriseInput(USCC, "企业", "城厢镇"),
        window=(date(2021, 2, 1), date(2021, 2, 28)),
        by="clerk-1",
        draft=True,
    )
    closing.step(services, CLERK, class_id, "filed")
    closing.step(services, BUREAU, class_id, "draft", reason="承诺书未盖章")
    closing.step(services, CLERK, class_id, "filed")
    closing.step(services, BUREAU, class_id, "approved", number="备2021-7")
    assert life.advance_due(services) == 1
    services.clock.set(END)
    assert life.advance_due(services) == 1
    closing.step(services, CLERK, class_id, "closed")
    closing.step(services, CLERK, class_id, "archived", reason="不申报补贴")
    assert _steps(services, class_id) == [
        ("draft", "clerk-1", ""),
        ("filed", "clerk-1", ""),
        ("draft", "inspector-1", "承诺书未盖章"),
        ("filed", "clerk-1", ""),
        ("approved", "inspector-1", ""),
        ("running", "", ""),
        ("examining", "", ""),
        ("closed", "clerk-1", ""),
        ("archived", "clerk-1", "不申报补贴"),
    ]
    taken = _leaves(services, class_id, "class.step")
    assert [(one["from"], one["to"]) for one in taken] == [
        ("draft", "filed"),
        ("filed", "draft"),
        ("draft", "filed"),
        ("approved", "running"),
        ("running", "examining"),
        ("closed", "archived"),
    ]
    assert len(_leaves(services, class_id, "class.closed")) == 1
    with reading(services.database) as session:
        assert life.reached_at(session, class_id, "closed") == END
        assert queries.class_by_id(session, class_id).filing_number == "备2021-7"


@ONCE
def test_a_step_out_of_order_or_by_somebody_else_is_refused(services):
    """The message names both states; going back needs a reason; the enterprise does not approve itself."""
    class_id = school.file_class(services)
    with pytest.raises(Conflict) as refused:
        closing.step(services, CLERK, class_id, "closed")
    assert "已备案" in refused.value.message()
    assert "已结班" in refused.value.message()
    with pytest.raises(InvalidInput):
        closing.step(services, BUREAU, class_id, "draft", reason=" ")
    with pytest.raises(Forbidden):
        closing.step(services, CLERK, class_id, "approved")
    with pytest.raises(InvalidInput):
        closing.step(services, administrator(), class_id, "decided")
    assert _steps(services, class_id) == [("filed", "", "")]


@ONCE
def test_nothing_is_closed_over_whoever_still_learns(services, tmp_path):
    """A running session or attempt keeps the class open; once over, the close lists every stream's head."""
    room = open_classroom(services, tmp_path)
    publish_exam(room, tmp_path)
    room.learn_all()
    life.advance_due(services)
    closing.step(services, CLERK, room.class_id, "examining")
    player = room.player(0)
    with pytest.raises(Conflict) as refused:
        closing.step(services, CLERK, room.class_id, "closed")
    assert refused.value.code == "completion.class_busy"
    player.end()
    closing.step(services, CLERK, room.class_id, "closed")
    heads = _leaves(services, room.class_id, "class.heads")
    assert [one["purpose"] for one in heads] == ["close"]
    assert {stream for one in heads for stream, _, _ in one["heads"]} >= {
        f"enrolment/{room.enrolment('trainee-1')}"
    }
    with pytest.raises(Conflict) as over:
        room.player(0)
    assert over.value.code == "training.class_over"


@ONCE
def test_the_ledger_of_a_closed_class_verifies(services, tmp_path):
    """Steps and close are part of the evidence, and the cover says that the class is closed."""
    room = open_classroom(services, tmp_path)
    publish_exam(room, tmp_path)
    room.learn_all()
    services.clock.set(END)
    closing.close_class(services, room.class_id, by="clerk-1")
    done = export(
        services,
        LocalSigner.load_or_create(tmp_path / "signer", "example.com/log"),
        room.class_id,
        tmp_path / "out",
    )
    assert verify(done.bundle, done.trust.read_bytes()).verdict is Verdict.VALID


@ONCE
def test_T12_sessions_before_the_approval_are_kept_and_do_not_count(services, tmp_path):
    """Learnt on the eve of the approval: every second is on record, with the reason, and credits nothing."""
    room = open_classroom(services, tmp_path, approve=False)
    room.learn(0)
    services.clock.set(services.clock.now() + timedelta(hours=1))
    closing.step(services, BUREAU, room.class_id, "approved")
    status = completion.status(services, room.class_id, room.enrolment("trainee-1"))
    assert status.account.wall_seconds == 90
    assert dict(status.account.excluded) == {"before_approval": 90}
    assert status.training.credited_seconds == 0


@ONCE
def test_the_page_shows_deadlines_and_offers_only_ones_own_steps(services):
    """The bureau sees approve and return with the due day; the enterprise and an auditor see neither."""
    services.clock.set(datetime(2021, 2, 9, 10, tzinfo=SHANGHAI))
    class_id = school.file_class(services)
    app = make_app(services)
    address = f"/compliance/classes/{class_id}/life"
    page = client_for(app, BUREAU).get(address).text
    assert "2021-02-19" in page
    assert "太人社培[2021]1号 四.4" in page
    assert 'value="approved"' in page
    assert 'value="draft"' in page
    for actor in (CLERK, auditor(class_id)):
        assert 'name="target"' not in client_for(app, actor).get(address).text
    refused = client_for(app, BUREAU).post(address, data={"target": "draft", "reason": ""})
    assert refused.status_code == 422
    assert "退回班级 K1 须写明理由" in refused.text
    done = client_for(app, BUREAU).post(address, data={"target": "approved", "number": "备-9"})
    assert done.status_code == 303
    assert "备-9" in client_for(app, CLERK).get(address).text


def test_W29_every_state_can_be_reached_and_none_is_a_trap():
    """From a draft each state is reached, and from each state the archive."""
    for start, goals in (
        ("draft", set(class_life.ORDER)),
        *((one, {"archived"}) for one in class_life.ORDER),
    ):
        seen, waiting = {start}, [start]
        while waiting:
            for target in class_life.STEPS[waiting.pop()]:
                if target not in seen:
                    seen.add(target)
                    waiting.append(target)
        assert goals <= seen
