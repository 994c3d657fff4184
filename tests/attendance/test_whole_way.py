"""A blended S2 class from the plan to a ledger that verifies offline, and forged attendance that does not."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import openpyxl
import pytest

from lmscompliance import evidence
from lmscompliance.completion import service as completion
from lmscompliance.evidence.signer import LocalSigner
from lmscompliance.kernel.clock import to_micros
from lmscompliance.ledgers.service import export
from lmscompliance.policy import Catalogue
from lmscompliance.storage.transaction import transaction
from lmscompliance.verifier import Verdict, verify
from tests.attendance.classroom import FIRST, HOURS, SECOND, open_classroom
from tests.support.app import clerk, client_for, make_app, trainee
from tests.training.school import USCC

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def _taught(room) -> None:
    """Three trainees: in time twice; late and early; on leave, then absent."""
    room.learn("trainee-1")
    room.attend("trainee-1", 1)
    room.clock.set(FIRST + timedelta(minutes=20))
    room.sign("trainee-2", 1)
    room.clock.set(FIRST + HOURS)
    room.sign("trainee-2", 1, "out")
    room.mark("trainee-3", "leave")
    room.confirm(1)
    room.clock.set(SECOND)
    room.sign("trainee-1", 2)
    room.sign("trainee-2", 2)
    room.clock.set(SECOND + timedelta(hours=2))
    room.sign("trainee-2", 2, "out")
    room.clock.set(SECOND + HOURS)
    room.sign("trainee-1", 2, "out")
    room.confirm(2)
    completion.refresh_due(room.services)


def _verified(room, folder):
    signer = LocalSigner.load_or_create(folder / "signer", "example.com/log")
    made = export(room.services, signer, room.class_id, folder / "out")
    return made, verify(made.bundle, made.trust.read_bytes())


def _rows(path, sheet):
    return [list(row) for row in openpyxl.load_workbook(path)[sheet].iter_rows(min_row=3, values_only=True)]


def test_W28_W38_a_blended_class_ends_in_a_valid_ledger(room, tmp_path):
    """Marks, rate and hours stand in the sheets, and the verifier recomputes each cell from the leaves."""
    _taught(room)
    made, report = _verified(room, tmp_path)
    assert report.verdict is Verdict.VALID, "\n".join(report.lines("en"))
    mark = "“吴地工匠”项目制培训"
    assert [row[1] for row in _rows(made.workbook, "封面") if row[0] == "项目标识"] == [mark]
    app = make_app(room.services)
    for client, page in ((trainee("trainee-1"), ""), (clerk(USCC), "/overview")):
        assert mark in client_for(app, client).get(f"/compliance/classes/{room.class_id}{page}").text
    head, *rows = _rows(made.workbook, "签到表")
    assert head[3:5] == ["02-08 第2课（10.5课时）", "02-09 第3课（10.5课时）"]
    assert [row[3:] for row in rows] == [
        ["到", "到", 2, 0, 0, 0, 0, 100, 21],
        ["¢", "△", 0, 0, 0, 1, 1, 100, 0],
        ["×", "○", 0, 1, 1, 0, 0, 0, 0],
    ]
    detail = _rows(made.workbook, "线下考勤明细")
    assert detail[1][5:14] == [
        "2021-02-08",
        "09:00:00–12:00:00",
        "一号车间",
        "王师傅",
        "08:55:00",
        "12:00:00",
        "到",
        180,
        None,
    ]
    assert [row[12] for row in detail[1:7]] == [180, 180, 160, 120, 0, 0]
    assert "teacher-wang 登记“×”" in detail[5][15]
    summary = {row[1]: row for row in _rows(made.workbook, "③学习汇总")}
    assert summary["张三"][10] == 35


def test_a_days_limit_holds_for_classroom_and_sessions_together(services, tmp_path):
    """What is over the day has one reason, on the trainee's page, in the ledger and to the verifier."""
    notice = services.policies.get("wudi-gongjiang-draft").supposing({"credit.daily_cap_seconds": 9780})
    room = open_classroom(replace(services, policies=Catalogue([notice])), tmp_path)
    room.clock.set(FIRST - timedelta(hours=1))
    room.learn("trainee-1")
    room.attend("trainee-1")
    room.attend("trainee-2")
    room.clock.set(FIRST + 2 * HOURS)
    room.learn("trainee-2")
    before = completion.status(room.services, room.class_id, room.school.trainees["trainee-2"])
    assert (before.account.credited_seconds, before.attendance.lessons[0].waits) == (120, True)
    room.confirm()
    first, second = (
        completion.status(room.services, room.class_id, room.school.trainees[name])
        for name in ("trainee-1", "trainee-2")
    )
    assert first.account.credited_seconds == 120
    assert first.attendance.lessons[0].excluded == {"daily_cap": 10800 - (9780 - 120)}
    assert second.attendance.lessons[0].credited_seconds == 9780
    assert (second.account.credited_seconds, dict(second.account.excluded)) == (0, {"daily_cap": 120})
    app = make_app(room.services)
    lesson = f"{room.class_id}/{room.school.lessons[0]}"
    progress = client_for(app, trainee("trainee-2")).get(f"/compliance/api/progress/{lesson}")
    assert progress.json["credited_seconds"] == 0
    page = client_for(app, trainee("trainee-1")).get(f"/compliance/classes/{room.class_id}/uncredited")
    assert "超过每日上限" in page.text
    record = client_for(app, trainee("trainee-1")).get(f"/compliance/classes/{room.class_id}").text
    assert "未计 19:00，为什么？" in record
    assert "平焊" in page.text
    made, report = _verified(room, tmp_path)
    assert report.verdict is Verdict.VALID, "\n".join(report.lines("en"))
    rows = _rows(made.workbook, "线下考勤明细")
    column = rows[0].index("扣除原因")
    assert [row[column] for row in rows[1:4:2]] == ["超过每日上限 1140 秒", "超过每日上限 1020 秒"]


def test_a_list_confirmed_later_takes_nothing_back_from_an_exam_that_was_unlocked(services, tmp_path):
    """The classroom fills the day and the lesson of the evening counts no more; the unlocking stays right."""
    notice = services.policies.get("wudi-gongjiang-draft").supposing(
        {"credit.daily_cap_seconds": 10_800, "hours.min_total": 14, "exam.requires_training": True}
    )
    room = open_classroom(replace(services, policies=Catalogue([notice])), tmp_path, people=1)
    room.attend()
    room.clock.set(FIRST + 2 * HOURS)
    room.learn()
    completion.refresh_due(room.services)
    assert completion.status(room.services, room.class_id, room.enrolment()).training.met
    room.clock.advance(3600)
    room.confirm()
    assert not completion.status(room.services, room.class_id, room.enrolment()).training.met
    _, report = _verified(room, tmp_path)
    assert report.verdict is Verdict.VALID, "\n".join(report.lines("en"))


@pytest.mark.parametrize(
    ("forge", "problem"),
    [
        (
            {"type": "attendance.marked", "mark": "present", "marked": FIRST - timedelta(hours=1)},
            "marked_before_lesson",
        ),
        ({"type": "attendance.cosigned", "mark": "present"}, "mark_differs"),
    ],
)
def test_forged_attendance_is_named(room, tmp_path, forge, problem):
    """A platform that seals a mark of the future, or a confirmed mark nobody gave, is found out."""
    _taught(room)
    lesson, someone = room.school.lessons[1], room.school.trainees["trainee-3"]
    stream, body = (
        f"enrolment/{someone}",
        {
            "entry": "e",
            "lesson": lesson,
            "mark": "present",
            "in_us": None,
            "out_us": None,
            "sheet": None,
        },
    )
    if forge["type"] == "attendance.cosigned":
        stream = evidence.class_stream(room.class_id)
        body = {
            "confirmation": "c",
            "lesson": lesson,
            "cosigned_us": to_micros(SECOND),
            "marks": [[someone, "present"]],
        }
    else:
        body["marked_us"] = to_micros(forge["marked"])
    with transaction(room.services.database) as session:
        evidence.record(
            session,
            room.services,
            class_id=room.class_id,
            stream=stream,
            type=forge["type"],
            at=room.clock.now(),
            body=body,
            disclose={"by": "x", "ip": "192.0.2.1", "reason": ""},
        )
    _, report = _verified(room, tmp_path)
    assert report.verdict is Verdict.INVALID
    assert problem in {one.code for step in report.steps for one in step.problems}
