"""Live lessons: only what the host held counts, and the ledger says so too."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import openpyxl
import pytest

from lmscompliance.attendance import live
from lmscompliance.completion import service as completion
from lmscompliance.evidence.signer import LocalSigner
from lmscompliance.kernel.clock import SHANGHAI
from lmscompliance.kernel.errors import Conflict, InvalidInput
from lmscompliance.ledgers.service import export
from lmscompliance.policy import Catalogue
from lmscompliance.rules.live import Show, held
from lmscompliance.verifier import Verdict, verify
from tests.attendance import classroom
from tests.learning.school import PHONE, Player
from tests.rules import build
from tests.support.app import client_for, make_app, trainee
from tests.training.school import leaves

START = datetime(2021, 2, 8, 19, tzinfo=SHANGHAI)


@pytest.fixture
def room(services, tmp_path, monkeypatch):
    """Return the blended class with its recorded lesson held live from 19:00 to 20:00 instead."""
    lessons = classroom.lessons()
    lessons[0] = replace(
        lessons[0],
        delivery="直播",
        mode="live",
        starts_at=START,
        ends_at=START + timedelta(hours=1),
        planned_seconds=3600,
        teacher="李老师",
    )
    monkeypatch.setattr(classroom, "lessons", lambda: lessons)
    return classroom.open_classroom(services, tmp_path)


def _watch(room, begin, seconds):
    room.clock.set(begin)
    player = Player(room.school, room.school.start("trainee-1", 0, PHONE), PHONE)
    player.play(seconds, every=60)
    return player


def test_W28_joining_before_the_host_counts_nothing(room, tmp_path):
    """Five minutes of waiting are excluded, what was held counts, and after the end nothing does."""
    player = _watch(room, START - timedelta(minutes=5), 300)
    live.start(room.services, room.teacher, room.class_id, room.school.lessons[0], "李老师")
    player.play(600)
    live.end(room.services, room.teacher, room.class_id, room.school.lessons[0])
    player.play(120)
    player.end()
    signer = LocalSigner.load_or_create(tmp_path / "signer", "example.com/log")
    made = export(room.services, signer, room.class_id, tmp_path / "out")
    report = verify(made.bundle, made.trust.read_bytes())
    assert report.verdict is Verdict.VALID, "\n".join(report.lines("en"))
    sheet = openpyxl.load_workbook(made.workbook)["直播课记录"]
    (row,) = sheet.iter_rows(min_row=4, values_only=True)
    day = ("2021-02-08", "19:00:00–20:00:00")
    told = ("李老师", "李老师", "teacher-wang", "192.0.2.10", "19:00:00", "19:10:00", "19:00:00–19:10:00")
    assert row == (1, 1, "焊接理论：焊接基础", *day, *told, 1, 10)
    account = completion.status(room.services, room.class_id, room.school.trainees["trainee-1"]).account
    assert (account.credited_seconds, dict(account.excluded)) == (600, {"not_live": 420})


def test_the_host_is_named_in_a_disclosure(room):
    """Who held it is evidence, and no name stands in a leaf."""
    room.clock.set(START)
    live.start(room.services, room.teacher, room.class_id, room.school.lessons[0], "李老师")
    live.start(room.services, room.teacher, room.class_id, room.school.lessons[0], "又一次")
    (leaf,) = [one for _, type_, one in leaves(room.services, room.class_id) if type_ == "live.started"]
    assert sorted(leaf["d"]) == ["by", "host", "ip"]
    assert "李老师" not in str(leaf)


def test_the_trainees_page_is_told_whether_the_host_is_live(room):
    """Before the time, while nobody holds it, while somebody does, and afterwards; no other lesson has it."""
    client = client_for(make_app(room.services), trainee("trainee-1"))
    lesson = room.school.lessons[0]

    def told(at):
        room.clock.set(at)
        return client.get(f"/compliance/api/progress/{room.class_id}/{lesson}").json["live"]

    early = told(START - timedelta(minutes=5))
    assert early["state"] == "early"
    assert "2021-02-08 19:00" in early["text"]
    assert told(START)["state"] == "waiting"
    assert "直播中" not in client.get(f"/compliance/classes/{room.class_id}").text
    live.start(room.services, room.teacher, room.class_id, lesson, "李老师")
    assert told(START + timedelta(minutes=1))["state"] == "on"
    assert "直播中" in client.get(f"/compliance/classes/{room.class_id}").text
    assert told(START + timedelta(hours=1))["state"] == "over"
    other = client.get(f"/compliance/api/progress/{room.class_id}/{room.school.lessons[1]}").json
    assert "live" not in other


@pytest.mark.parametrize("at", [START - timedelta(minutes=31), START + timedelta(hours=1)])
def test_a_live_lesson_is_held_at_its_time(room, at):
    """Not long before, and not after its end; and not by nobody."""
    room.clock.set(at)
    with pytest.raises(Conflict):
        live.start(room.services, room.teacher, room.class_id, room.school.lessons[0], "李老师")
    with pytest.raises(InvalidInput):
        live.start(room.services, room.teacher, room.class_id, room.school.lessons[0], "  ")


def test_the_hosts_page_starts_and_ends(room):
    """Two buttons, and what was held so far."""
    room.clock.set(START)
    host = client_for(make_app(room.services), room.teacher.actor)
    path = f"/compliance/classes/{room.class_id}/lessons/{room.school.lessons[0]}/live"
    assert "李老师" in host.get(path).text
    assert host.post(f"{path}/start", data={"host": "李老师"}).status_code == 303
    assert "直播中" in host.get(path).text
    assert host.post(f"{path}/end").status_code == 303
    assert "直播中" not in host.get(path).text


def test_what_was_held_is_clipped_to_the_schedule():
    """An early start counts from the schedule, a forgotten end to it; without the rule the schedule holds."""
    terms = Catalogue.builtin().get("wudi-gongjiang-draft").delivery
    lesson = replace(build.lesson(), mode="live", starts_us=100, ends_us=200)
    shows = {"a": Show("L1", 50, 120), "b": Show("L1", 150), "c": Show("other", 100, 200)}
    assert held([lesson], shows, terms)[0].held_us == ((100, 120), (150, 200))
    assert held([lesson], {}, terms)[0].held_us == ()
    assert held([lesson], {}, replace(terms, live_by_host=False))[0].held_us == ((100, 200),)
