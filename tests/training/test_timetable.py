"""When and how lessons are taught, as plans say it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal

import pytest

from lmscompliance.kernel.clock import SHANGHAI
from lmscompliance.kernel.errors import InvalidInput
from lmscompliance.storage.transaction import reading
from lmscompliance.training import plan_file, queries, service, timetable
from lmscompliance.training.service import EnterpriseInput, LessonInput
from tests.identity.sheets import workbook
from tests.training import school

HEADING = ["内容类别", "课件名称", "授课形式", "课时", "时长(分钟)", "上课时间", "地点", "授课教师"]
START = datetime(2027, 5, 6, 9, tzinfo=SHANGHAI)
END = datetime(2027, 5, 6, 11, 30, tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("delivery", "mode"),
    [
        ("录播", "online"),
        ("线上学习", "online"),
        ("图文", "online"),
        ("仿真实训", "online"),
        ("直播", "live"),
        ("线上实时互动", "live"),
        ("线下实操", "offline"),
        ("面授", "offline"),
        ("线下（含直播转播）", "offline"),
        ("实操", "offline"),
    ],
)
def test_the_form_of_teaching_says_the_mode(delivery, mode):
    """线下、面授、实操 are face to face, 直播 is live, everything else is learnt online at any time."""
    assert timetable.mode_of(delivery) == mode


@pytest.mark.parametrize(
    ("day", "starts", "ends", "found"),
    [
        ("", "2027-05-06 09:00-11:30", "", (START, END)),
        ("", "2027年5月6日9时至11时30分", "", (START, END)),
        ("2027/5/6", "9:00", "11:30", (START, END)),
        (date(2027, 5, 6), time(9), time(11, 30), (START, END)),
        ("", datetime(2027, 5, 6, 9), datetime(2027, 5, 6, 11, 30), (START, END)),  # noqa: DTZ001  # a cell
        ("", "2027.5.6 09:00", "", (START, START + timedelta(hours=2))),
        ("", "", "", (None, None)),
        ("", "09:00-11:30", "", None),
        ("2027-05-06", "", "", None),
        ("2027-02-30", "9:00", "11:30", None),
        ("2027-05-06", "11:30", "9:00", None),
        ("2027-05-06", "上午", "", None),
    ],
)
def test_times_as_people_write_them(day, starts, ends, found):
    """A range in one cell, or day, start and end in cells of their own; nothing is guessed."""
    assert timetable.meeting(day, starts, ends, timedelta(hours=2)) == found


def test_a_plan_says_when_where_and_by_whom(tmp_path):
    """The columns are optional, and a recorded lesson needs none of them."""
    rows = [
        HEADING,
        ["技能", "看图", "录播", 1, 45, "随时", "", ""],
        ["技能", "焊接", "线下实操", 3, 135, "2027-05-06 09:00-11:30", "一号车间", "王师傅"],
        ["技能", "答疑", "直播", 1, 45, "2027-05-07 19:00-20:00", "", "李老师"],
    ]
    recorded, offline, live = plan_file.read(workbook(tmp_path / "plan.xlsx", 计划=rows))
    assert (recorded.mode, recorded.starts_at, recorded.content_kind) == ("online", None, "video")
    assert (offline.mode, offline.starts_at, offline.ends_at) == ("offline", START, END)
    assert (offline.place, offline.teacher) == ("一号车间", "王师傅")
    assert (live.mode, live.ends_at - live.starts_at) == ("live", timedelta(hours=1))


def test_an_unreadable_time_of_an_offline_lesson_is_named(tmp_path):
    """The row, the column and how to write it."""
    rows = [HEADING, ["技能", "焊接", "线下", 3, 135, "下周四上午", "", ""]]
    with pytest.raises(InvalidInput) as refused:
        plan_file.read(workbook(tmp_path / "plan.xlsx", 计划=rows))
    assert "第 2 行“上课时间”" in refused.value.message()


def _class(services) -> str:
    return service.file_class(
        services,
        code="W1",
        title="吴地工匠",
        policy_id="wudi-gongjiang-draft",
        enterprise=EnterpriseInput(school.USCC, "企业", "城厢镇"),
        window=(date(2027, 5, 1), date(2027, 5, 31)),
    )


def _plan(online: str, offline: str, *, ends_at=END) -> list[LessonInput]:
    def lesson(ordinal, delivery, hours, **more):
        return LessonInput(
            ordinal=ordinal,
            topic="技能",
            course="课",
            title=f"第{ordinal}讲",
            delivery=delivery,
            class_hours=Decimal(hours),
            planned_seconds=7200,
            **more,
        )

    met = {"mode": "offline", "starts_at": START, "ends_at": ends_at, "place": "车间", "teacher": "王师傅"}
    return [lesson(1, "录播", online), lesson(2, "线下", offline, **met)]


def test_the_published_plan_holds_time_and_place_and_no_name(services):
    """The teacher's name is a disclosure; the recorded lesson's part of the leaf is as it always was."""
    class_id = _class(services)
    service.publish_plan(services, class_id, _plan("16", "24"))
    (leaf,) = [leaf for _, type_, leaf in school.leaves(services, class_id) if type_ == "plan.published"]
    recorded, offline = leaf["body"]["lessons"]
    assert "mode" not in recorded
    assert (offline["mode"], offline["place"], offline["ends_us"] - offline["starts_us"]) == (
        "offline",
        "车间",
        9000 * 10**6,
    )
    assert list(leaf["d"]) == ["teacher002"]
    assert "王师傅" not in str(leaf)
    with reading(services.database) as session:
        _, lessons = queries.class_facts(session, class_id)
        assert lessons[1].mode == "offline"
        assert queries.teacher_of(services.vault, queries.lessons(session, class_id)[1]) == "王师傅"


def test_too_much_online_needs_a_reason_that_is_logged(services):
    """原则上 ≤40 %: 40.1 % is refused without a reason, and published with one in the log."""
    class_id = _class(services)
    with pytest.raises(InvalidInput) as refused:
        service.publish_plan(services, class_id, _plan("16.1", "23.9"))
    assert refused.value.code == "training.share_needs_reason"
    assert "40.3%" in refused.value.message()
    service.publish_plan(services, class_id, _plan("16.1", "23.9"), override_reason="疫情期间场地受限")
    (leaf,) = [leaf for _, type_, leaf in school.leaves(services, class_id) if type_ == "plan.excepted"]
    assert (leaf["body"]["have"], list(leaf["d"])) == ("40.3%", ["reason"])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"starts_at": None, "ends_at": None}, "没有上课时间"),
        ({"ends_at": START + timedelta(minutes=119)}, "短于计划时长"),
        (
            {"starts_at": START + timedelta(days=60), "ends_at": END + timedelta(days=60)},
            "不在本班培训期限内",
        ),
    ],
)
def test_an_offline_lesson_that_nobody_could_attend_is_refused(services, change, words):
    """Without a time, shorter than planned, or outside the class's window."""
    recorded, offline = _plan("16", "24")
    with pytest.raises(InvalidInput, match="W1") as refused:
        service.publish_plan(services, _class(services), [recorded, replace(offline, **change)])
    assert words in refused.value.message()
