"""The pages through the host's eyes: what a trainee and staff are shown, and to whom nothing is."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import pytest

from lmscompliance.completion import service
from lmscompliance.completion.overview import overview
from lmscompliance.exams.models import ExamUnlock
from lmscompliance.storage.transaction import reading
from tests.completion.classroom import open_classroom, publish_exam
from tests.support.app import administrator, clerk, client_for, inspector, make_app, trainee
from tests.training.school import OTHER_USCC, USCC

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def app(room):
    """Return a host around the classroom."""
    return make_app(room.services)


def _text(page):
    """Return a page's visible words, white space folded."""
    body = page.text[page.text.index("<main") :]
    return " ".join(re.sub(r"<[^>]+>", " ", body).split())


def test_a_trainee_starts_at_their_classes(app, room):
    """The first page lists the classes with progress and leads to each."""
    room.learn(0)
    page = client_for(app, trainee()).get("/compliance/")
    assert page.status_code == 200
    assert f"/compliance/classes/{room.class_id}" in page.text
    assert all(words in _text(page) for words in ("演示班", "1 / 4 课时", "培训未完成", "未考核"))


def test_whoever_is_in_no_class_is_led_to_activation(app):
    """An account without an enrolment is told what to do."""
    page = client_for(app, trainee("trainee-2")).get("/compliance/")
    assert "/compliance/activate" in page.text
    assert "激活码" in _text(page)


def test_staff_start_at_the_list_of_classes(app):
    """The brand link of every page works for staff too."""
    answer = client_for(app, administrator()).get("/compliance/")
    assert (answer.status_code, answer.location) == (303, "/compliance/classes")


def test_the_record_says_what_is_missing_by_which_clause_and_until_when(app, room):
    """Met and missing rules stand with figures; lessons with seconds credited and planned."""
    room.learn(0)
    room.learn(1, seconds=30)
    words = _text(client_for(app, trainee()).get(f"/compliance/classes/{room.class_id}"))
    assert "已完成 1 课时，须满 4 课时，还差 3 课时。 平台规则" in words
    assert "还没有学完任何一课：安全生产、职业道德、防疫知识" in words
    assert "请在 2021-02-28 之前（含当日）完成。" in words
    assert "1:30 / 1:30" in words
    assert "0:30 / 1:30" in words
    assert "还差 1:00" in words
    assert "培训还没有完成，完成后才能参加考核。" in words
    assert "演示规则" in words


def test_W32_the_record_explains_every_second_that_did_not_count(app, room):
    """Each session lists its stretches; each reason is explained in plain words with what it rests on."""
    player = room.player(0)
    player.play(20, every=5)
    player.beat("hidden")
    player.wait(10, speed=0)
    player.beat("playing")
    player.wait(60, speed=0)
    player.end()
    words = _text(client_for(app, trainee()).get(f"/compliance/classes/{room.class_id}"))
    assert "有效 0:20 / 共 1:30" in words
    assert re.search(r"08:00:00 – 08:00:20 0:20 有效", words)
    assert re.search(r"08:00:20 – 08:00:30 0:10 页面不可见", words)
    assert re.search(r"08:00:30 – 08:01:30 1:00 无心跳", words)
    assert "超过 12 秒没有收到学习页面的信号" in words
    assert "请让页面保持在屏幕上" in words


def test_the_record_speaks_english(app, room):
    """The reader's language reaches verdicts, reasons and texts."""
    room.learn(0, seconds=30)
    actor = replace(trainee(), locale="en")
    words = _text(client_for(app, actor).get(f"/compliance/classes/{room.class_id}"))
    assert "0 of 4 class hours completed; 4 still to do." in words
    assert "platform rule" in words
    assert not re.search(r"\b(completion|rules)\.\w+", words)


def test_looking_at_a_complete_training_opens_the_exam(app, room, tmp_path):
    """Nobody waits for a job: the page that says complete also unlocks, and links to the exam."""
    publish_exam(room, tmp_path)
    room.learn_all()
    page = client_for(app, trainee()).get(f"/compliance/classes/{room.class_id}")
    assert f"/compliance/classes/{room.class_id}/exam" in page.text
    assert "可以参加考核，还有 2 次机会。" in _text(page)
    with reading(room.services.database) as session:
        assert session.get(ExamUnlock, (room.class_id, room.enrolment())) is not None


def test_the_record_follows_the_exam_to_its_end(app, room, tmp_path):
    """A running attempt can be resumed, a failed one repeated, two failed ones end it by the clause."""
    publish_exam(room, tmp_path)
    room.learn_all()
    client, address = client_for(app, trainee()), f"/compliance/classes/{room.class_id}"
    client.get(address)
    attempt = room.hall.start()
    assert f"/compliance/attempts/{attempt}" in client.get(address).text
    room.hall.submit(attempt, 1)
    assert "还有 1 次机会" in _text(client.get(address))
    room.hall.clock.set(room.hall.clock.now() + timedelta(minutes=1))
    room.hall.sit(50)
    words = _text(client.get(address))
    assert "2 次考核未通过，不得享受培训补贴。" in words
    assert "2 次考核均未通过，考核已关闭。" in words
    assert "50 分" in words


def test_a_class_that_is_not_approved_says_so(services, tmp_path):
    """Learning before the approval is possible, kept, not counted, and the page warns of it."""
    room = open_classroom(services, tmp_path, approve=False)
    room.learn(0)
    words = _text(client_for(make_app(services), trainee()).get(f"/compliance/classes/{room.class_id}"))
    assert "本班还没有核准" in words
    assert "核准前" in words
    assert "有效 0:00 / 共 1:30" in words


def test_after_the_window_the_record_says_that_it_is_over(app, room):
    """Nobody is sent to learn what cannot count any more."""
    room.hall.clock.set(room.hall.clock.now() + timedelta(days=60))
    words = _text(client_for(app, trainee()).get(f"/compliance/classes/{room.class_id}"))
    assert "培训期限已于 2021-02-28 结束" in words
    assert "之前（含当日）完成" not in words


def test_T26_W15_staff_see_the_class_at_a_glance(services, tmp_path):
    """Everybody by ordinal, masked, with verdicts, and the class in numbers."""
    room = open_classroom(services, tmp_path, people=4)
    room.learn_all("trainee-1")
    room.learn(0, "trainee-2")
    service.refresh_due(services)
    page = client_for(make_app(services), clerk(USCC)).get(f"/compliance/classes/{room.class_id}/overview")
    words = _text(page)
    assert "张三" not in page.text
    assert "张* 320522********001" in words
    assert "4 / 4 1.5 培训已完成 未考核" in words
    assert "1 / 4 1.5 培训未完成" in words
    assert "未激活" in words
    assert re.search(r"报名 4 已激活 3 完成培训 1 考核合格 0", words)
    assert f"/compliance/classes/{room.class_id}/ledger" in page.text


def test_W32_staff_open_a_trainees_record_from_the_overview(app, room):
    """The record behind a name is the trainee's own, without links to learn or sit the exam."""
    room.learn(0)
    page = client_for(app, inspector("城厢镇")).get(
        f"/compliance/classes/{room.class_id}/trainees/{room.enrolment()}"
    )
    assert page.status_code == 200
    assert "有效 1:30 / 共 1:30" in _text(page)
    assert "/compliance/lessons/" not in page.text
    assert "张三" not in page.text


@pytest.mark.parametrize(
    ("actor", "status"),
    [
        (administrator(), 200),
        (clerk(USCC), 200),
        (clerk(OTHER_USCC), 404),
        (inspector("城厢镇"), 200),
        (inspector("浏河镇"), 404),
        (inspector("*"), 200),
        (inspector(), 404),
        (trainee(), 403),
        (None, 401),
    ],
)
def test_only_staff_in_charge_see_a_class(app, room, actor, status):
    """The wrong role is refused, a foreign class does not exist."""
    client = client_for(app, actor)
    assert client.get(f"/compliance/classes/{room.class_id}/overview").status_code == status
    record = f"/compliance/classes/{room.class_id}/trainees/{room.enrolment()}"
    assert client.get(record).status_code == status


@pytest.mark.parametrize(
    ("actor", "status"),
    [
        (trainee(), 200),
        (trainee("trainee-2"), 404),
        (trainee("stranger"), 404),
        (clerk(USCC), 403),
        (None, 401),
    ],
)
def test_only_the_activated_trainee_sees_their_record(app, room, actor, status):
    """Somebody not activated in the class is answered as if it did not exist."""
    assert client_for(app, actor).get(f"/compliance/classes/{room.class_id}").status_code == status


def test_a_trainee_of_another_class_is_not_found_in_this_one(app, room):
    """An enrolment is looked up in its own class only."""
    client = client_for(app, administrator())
    assert client.get(f"/compliance/classes/{room.class_id}/trainees/nobody").status_code == 404


def test_a_long_class_is_shown_in_pages(room, monkeypatch):
    """Only one page of people is decrypted; a page that does not exist is the nearest that does."""
    monkeypatch.setattr("lmscompliance.completion.overview.PAGE_ROWS", 1)
    for asked, shown in ((1, 1), (2, 2), (9, 2), (0, 1)):
        found = overview(room.services, room.class_id, asked)
        assert (found.page, found.pages, len(found.rows)) == (shown, 2, 1)
        assert found.rows[0].standing.enrolment.ordinal == shown


@pytest.mark.parametrize("page", ["2", "x", "-1", "99999999", "٣"])
def test_any_page_number_is_answered(app, room, page):
    """What a person types into the address is no reason to fail."""
    client = client_for(app, administrator())
    assert client.get(f"/compliance/classes/{room.class_id}/overview?page={page}").status_code == 200


def test_the_prospects_say_what_each_still_needs(app, room):
    """By topic, hours and day; after the window there is no way left, and the page says so."""
    room.learn(0)
    staff = client_for(app, administrator())
    words = _text(staff.get(f"/compliance/classes/{room.class_id}/prospects"))
    assert "2 人中还有 2 人未符合要求" in words
    assert "还需完成 安全生产 1 课时（约 2 分钟），2021-02-28 前。" in words
    assert "还需完成 岗位技能 1 课时" in words.partition("2. ")[2]
    own = _text(client_for(app, trainee()).get(f"/compliance/classes/{room.class_id}"))
    assert "还需完成 职业道德 1 课时" in own
    assert "还需完成 岗位技能" not in own
    room.hall.clock.set(room.hall.clock.now() + timedelta(days=60))
    assert "剩余时间不够学完" in _text(staff.get(f"/compliance/classes/{room.class_id}/prospects"))
