"""Objections to time that was not credited, and corrections by staff."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from lmscompliance.completion import disputes, service
from lmscompliance.completion.models import Dispute
from lmscompliance.completion.objections import Objection
from lmscompliance.completion.uncredited import uncredited
from lmscompliance.completion.worklist import worklist
from lmscompliance.kernel.clock import from_micros, shanghai, to_micros
from lmscompliance.kernel.errors import Conflict, InvalidInput, NotFound
from lmscompliance.learning.models import CreditCorrection
from lmscompliance.storage.transaction import reading
from tests.support.app import administrator, clerk, client_for, inspector, make_app, trainee
from tests.training.school import OTHER_USCC, USCC

ADMIN = administrator()
DAYS = 7
"""``dispute.days`` of the house."""


def _gap(room, seconds=60, lesson=0):
    """Watch 30 s, say nothing for ``seconds``, watch to the end; return the session and the gap."""
    player = room.player(lesson)
    player.play(30, every=5)
    start = to_micros(player.clock.now())
    player.wait(seconds, speed=0)
    player.beat()
    player.play(90 - 30 - seconds if seconds < 60 else 5, every=5)
    player.end()
    return Objection(player.started.session, start, start + seconds * 1_000_000)


def _status(room):
    return service.status(room.services, room.class_id, room.enrolment())


def _object(room, gap, text="网络中断，我一直在看。", actor=None):
    return disputes.raise_objection(room.services, actor or trainee(), room.class_id, gap, text)


def _decide(room, dispute, decision="upheld", reason="核对了机房记录。"):
    disputes.decide(room.services, ADMIN, room.class_id, dispute, decision=decision, reason=reason)


def _exclude(room, gap, start, end, reason="监考老师发现由他人代学。"):
    return disputes.exclude(
        room.services,
        ADMIN,
        class_id=room.class_id,
        enrolment_id=room.enrolment(),
        session_id=gap.session_id,
        start_at=from_micros(start),
        end_at=from_micros(end),
        reason=reason,
    )


def _leaves(room, kind):
    return [leaf for leaf in room.school.leaves() if leaf.t == kind]


def test_an_upheld_objection_gives_exactly_the_stretch_back(room):
    """The gap counts, the lesson is judged anew at once, and the log tells the whole story in order."""
    gap = _gap(room)
    assert _status(room).account.excluded == {"idle_gap": 60}
    dispute = _object(room, gap)
    _decide(room, dispute)
    status = _status(room)
    assert (status.account.credited_seconds, dict(status.account.excluded)) == (90, {"over_length": 5})
    assert status.training.lessons[0].complete
    kinds = [leaf.t for leaf in room.school.leaves()][-3:]
    assert kinds == ["dispute.opened", "dispute.decided", "credit.corrected"]
    (leaf,) = _leaves(room, "credit.corrected")
    assert (leaf.body["effect"], leaf.body["dispute"], leaf.body["role"]) == (
        "restore",
        dispute,
        "administrator",
    )
    assert set(leaf.d) == {"by", "reason"}


def test_a_rejected_objection_changes_nothing_and_tells_why(room):
    """The trainee reads the reason; no correction is recorded."""
    gap = _gap(room)
    _decide(room, _object(room, gap), "rejected", "日志显示当时没有网络故障。")
    assert _status(room).account.excluded == {"idle_gap": 60}
    assert not _leaves(room, "credit.corrected")
    (shown,) = uncredited(room.services, _status(room), None, "zh_CN").stretches
    assert (shown.dispute.decision, shown.dispute.answer) == ("rejected", "日志显示当时没有网络故障。")


def test_an_objection_is_decided_once(room):
    """A second answer is refused, whatever it says, and nothing is added."""
    dispute = _object(room, _gap(room))
    _decide(room, dispute)
    with pytest.raises(Conflict, match="decided before"):
        _decide(room, dispute, "rejected")
    assert len(_leaves(room, "credit.corrected")) == 1


def test_the_same_stretch_is_objected_to_once(room):
    """Neither the whole nor a part of it comes back, also after it was rejected."""
    gap = _gap(room)
    dispute = _object(room, gap)
    part = Objection(gap.session_id, gap.start_us + 10_000_000, gap.end_us)
    for again in (gap, part):
        with pytest.raises(Conflict, match="raised before"):
            _object(room, again)
    _decide(room, dispute, "rejected")
    with pytest.raises(Conflict, match="raised before"):
        _object(room, gap)


def test_the_days_to_object_end_with_the_last_one_in_shanghai(room):
    """On the last day until midnight, not a second longer; the message names that day."""
    gap = _gap(room)
    clock = room.hall.clock
    clock.set(shanghai(clock.now()).replace(hour=23, minute=59, second=59) + timedelta(days=DAYS))
    assert not uncredited(room.services, _status(room), None, "zh_CN").stretches[0].closed_to
    clock.advance(1)
    assert uncredited(room.services, _status(room), None, "zh_CN").stretches[0].closed_to == "late"
    with pytest.raises(Conflict) as refused:
        _object(room, gap)
    assert "2021-02-08" in refused.value.message()
    clock.advance(-1)
    assert _object(room, gap)


def test_only_what_did_not_count_and_could_be_in_error_can_be_objected_to(room):
    """Credited time, limits, other people's sessions and running ones are refused with the reason."""
    gap = _gap(room)
    counted = Objection(gap.session_id, gap.start_us - 10_000_000, gap.start_us)
    with pytest.raises(Conflict, match="changed"):
        _object(room, counted)
    room.learn(1)
    room.learn(1, seconds=20)
    repeat = next(one for one in _status(room).account.intervals if one.reason == "repeat")
    with pytest.raises(Conflict, match="limit"):
        _object(room, Objection(repeat.session, repeat.start_s * 1_000_000, repeat.end_s * 1_000_000))
    with pytest.raises(NotFound):
        _object(room, gap, actor=trainee("stranger"))
    with pytest.raises(InvalidInput):
        _object(room, gap, "  ")
    player = room.player(2)
    start = to_micros(player.clock.now())
    player.wait(60, speed=0)
    player.beat()
    with pytest.raises(Conflict, match="still runs"):
        _object(room, Objection(player.started.session, start, start + 60_000_000))


def test_staff_exclude_a_stretch_and_the_trainee_may_object_to_that(room):
    """The excluded seconds carry the reason; the objection to them is one of its own."""
    gap = _gap(room)
    start = gap.start_us - 20_000_000
    _exclude(room, gap, start, start + 10_000_000)
    assert dict(_status(room).account.excluded) == {"corrected": 10, "idle_gap": 60}
    shown = uncredited(room.services, _status(room), None, "zh_CN").stretches[0]
    assert shown.corrections[0].reason == "监考老师发现由他人代学。"
    _decide(room, _object(room, Objection(gap.session_id, start, start + 10_000_000)))
    assert dict(_status(room).account.excluded) == {"idle_gap": 60}
    _exclude(room, gap, start, start + 5_000_000)
    assert _object(room, Objection(gap.session_id, start, start + 5_000_000))


@pytest.mark.parametrize(("start", "end"), [(-31, 10), (0, 0), (10, 5), (0, 600)])
def test_a_correction_lies_within_its_session(room, start, end):
    """What would reach beyond it, or is empty, is refused and nothing is kept."""
    gap = _gap(room)
    with pytest.raises(InvalidInput):
        _exclude(room, gap, gap.start_us + start * 1_000_000, gap.start_us + end * 1_000_000)
    assert not _leaves(room, "credit.corrected")


def test_a_correction_that_nobody_judged_yet_is_found_by_the_job(room, monkeypatch):
    """A process that dies right after the commit leaves work that refresh_due sees."""
    room.learn_all()
    service.refresh_due(room.services)
    assert service.refresh_due(room.services) == 0
    first = _status(room).account.intervals[0]
    with monkeypatch.context() as dying:
        dying.setattr(service, "judge_again", lambda *_: None)
        _exclude(
            room,
            Objection(first.session, 0, 0),
            first.start_s * 1_000_000,
            first.start_s * 1_000_000 + 1_000_000,
        )
    assert service.refresh_due(room.services) == 1
    assert not service.refresh(room.services, room.class_id, room.enrolment())


def test_an_upheld_objection_opens_the_exam_it_was_missing_for(room):
    """The training that becomes complete by a correction is complete for all purposes."""
    gap = _gap(room)
    for lesson in (1, 2, 3):
        room.learn(lesson)
    assert not _status(room).training.met
    _decide(room, _object(room, gap))
    assert _status(room).training.met
    assert _leaves(room, "exam.unlocked")


def test_staff_see_the_objections_of_their_classes_alone(room):
    """The oldest that waits comes first; the trainee is masked; a foreign enterprise sees none."""
    first = _object(room, _gap(room))
    second = _object(room, _gap(room, lesson=1))
    found = worklist(room.services, clerk(USCC), "zh_CN")
    assert [one.dispute.id for one in found.waiting] == [first, second]
    assert found.waiting[0].name == "张*"
    assert not worklist(room.services, clerk(OTHER_USCC), "zh_CN").waiting
    _decide(room, first)
    found = worklist(room.services, inspector("*"), "zh_CN")
    assert ([one.dispute.id for one in found.waiting], [one.dispute.id for one in found.decided]) == (
        [second],
        [first],
    )


def test_texts_are_sealed_in_the_tables(room):
    """People write names into them."""
    gap = _gap(room)
    _decide(room, _object(room, gap, "张三的网断了"), reason="张三说得对")
    with reading(room.services.database) as session:
        dispute = session.scalars(select(Dispute)).one()
        correction = session.scalars(select(CreditCorrection)).one()
    sealed = dispute.text_sealed + dispute.answer_sealed + correction.reason_sealed
    assert "张三".encode() not in sealed


def test_a_trainee_objects_on_the_page_and_reads_the_answer(room):
    """Every stretch says when, how long, why, by what and what to do; the button leads to an objection."""
    _gap(room)
    client = client_for(make_app(room.services), trainee())
    address = f"/compliance/classes/{room.class_id}"
    assert f"{address}/uncredited?day=2021-02-01" in client.get(address).text
    page = client.get(f"{address}/uncredited?day=2021-02-01").text
    for words in (
        "08:00:30 – 08:01:30",
        "1:00",
        "无心跳",
        "超过 12 秒没有收到",
        "平台规则",
        "有异议",
        "2021-02-08",
    ):
        assert words in page
    fields = {
        name: page.partition(f'name="{name}" value="')[2].partition('"')[0]
        for name in ("session", "start_us", "end_us")
    }
    answer = client.post(f"{address}/disputes", data=fields | {"text": "网络中断"})
    assert (answer.status_code, answer.location) == (303, f"{address}/uncredited?day=2021-02-01")
    page = client.get(answer.location).text
    assert "待处理" in page
    assert "有异议</summary>" not in page
    again = client.post(f"{address}/disputes", data=fields | {"text": "网络中断"})
    assert again.status_code == 409
    assert "已经提出过异议" in again.text
    assert client.post(f"{address}/disputes", data={"text": "x"}).status_code == 422
    staff = client_for(make_app(room.services), clerk(USCC))
    listed = staff.get("/compliance/disputes").text
    assert "网络中断" in listed
    action = listed.partition('action="')[2].partition('"')[0]
    assert staff.post(action, data={"decision": "upheld"}).status_code == 422
    done = staff.post(action, data={"decision": "upheld", "reason": "机房停电，情况属实"})
    assert (done.status_code, done.location) == (303, "/compliance/disputes")
    page = client.get(f"{address}/uncredited").text
    assert "异议成立，已恢复计时" in page
    assert "机房停电，情况属实" in page


def test_staff_exclude_on_the_record_page(room):
    """The clerk of the class and the administrator have the form, an inspector and the trainee do not."""
    gap = _gap(room)
    app = make_app(room.services)
    record = f"/compliance/classes/{room.class_id}/trainees/{room.enrolment()}"
    assert "扣除一段时间" not in client_for(app, inspector("*")).get(record).text
    assert "扣除一段时间" not in client_for(app, trainee()).get(f"/compliance/classes/{room.class_id}").text
    client = client_for(app, clerk(USCC))
    assert "扣除一段时间" in client.get(record).text
    form = {"session": gap.session_id, "start": "2021-02-01T08:00:00", "end": "2021-02-01T08:00:10"}
    done = client.post(f"{record}/corrections", data=form | {"reason": "代学"})
    assert (done.status_code, done.location) == (303, f"{record}/uncredited?day=2021-02-01")
    assert "企业 2021-02-01 08:01 更正，理由：代学" in client.get(done.location).text
    bad = client.post(f"{record}/corrections", data=form | {"reason": "代学", "end": "morgen"})
    assert (bad.status_code, "北京时间" in bad.text) == (422, True)


def test_days_are_cut_at_midnight_in_shanghai(room):
    """A gap across midnight is shown on both days, and each day's sums are its own."""
    clock = room.hall.clock
    clock.set(shanghai(clock.now()).replace(hour=23, minute=59, second=10))
    gap = _gap(room)
    status = _status(room)
    page = uncredited(room.services, status, None, "zh_CN")
    assert [(str(one.day), one.credited_seconds, one.excluded_seconds) for one in page.days] == [
        ("2021-02-02", 5, 40),
        ("2021-02-01", 30, 20),
    ]
    assert [(one.seconds, str(one.last_day)) for one in page.stretches] == [(40, "2021-02-09")]
    evening = uncredited(room.services, status, page.days[1].day, "zh_CN").stretches
    assert [(one.seconds, str(one.last_day)) for one in evening] == [(20, "2021-02-08")]
    half = Objection(gap.session_id, evening[0].start_us, evening[0].end_us)
    _decide(room, _object(room, half))
    assert _status(room).account.excluded == {"idle_gap": 40}
