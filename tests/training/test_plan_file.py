"""Teaching plans as enterprises send them."""

from __future__ import annotations

from datetime import time, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
import xlsxwriter

from lmscompliance.kernel.errors import InvalidInput
from lmscompliance.training import plan_file, service
from tests.identity.sheets import workbook
from tests.training import school

REAL = Path(__file__).parent.parent / "data" / "real"
HEADING = ["序号", "内容类别", "课程名称", "课件名称", "授课形式", "课时", "时长(分钟)"]
ROW = [1, "岗位技能", "焊接", "焊接基础", "录播", 1, 36]


def _read(tmp_path, *rows):
    return plan_file.read(workbook(tmp_path / "plan.xlsx", 教学计划=list(rows)))


def test_the_real_plan_is_published_under_s1(services):
    """24 class hours and 792 minutes over four topics satisfy the notice."""
    lessons = plan_file.read(REAL / "教学计划.xlsx")
    assert sum(lesson.class_hours for lesson in lessons) == 24
    assert sum(lesson.planned_seconds for lesson in lessons) == 792 * 60
    assert {lesson.topic for lesson in lessons} == set(school.TOPICS)
    assert {lesson.content_kind for lesson in lessons} == {"video"}
    service.publish_plan(services, school.file_class(services), lessons)


def test_other_names_order_and_place(tmp_path):
    """Columns are found by name, wherever the heading stands."""
    (lesson,) = _read(
        tmp_path,
        ["某某公司培训计划"],
        [],
        ["学时数", "课件标题", "培训类别", "授课方式", "视频时长(秒)"],
        ["0.5", "焊接基础", "岗位技能", "图文", 1200],
    )
    assert (lesson.class_hours, lesson.planned_seconds) == (Decimal("0.5"), 1200)
    assert (lesson.topic, lesson.course, lesson.content_kind) == ("岗位技能", "岗位技能", "text")


@pytest.mark.parametrize(
    ("cell", "seconds"),
    [
        (36, 2160),
        (36.5, 2190),
        ("36分钟", 2160),
        ("36分30秒", 2190),
        ("1小时", 3600),
        ("00:36:00", 2160),
        ("36:00", 2160),
    ],
)
def test_lengths(tmp_path, cell, seconds):
    """Minutes as a number, in words or on a clock."""
    (lesson,) = _read(tmp_path, HEADING, [*ROW[:6], cell])
    assert lesson.planned_seconds == seconds


def test_lengths_in_time_cells():
    """A cell formatted as a time is understood too."""
    assert plan_file._seconds(time(0, 36), 60) == 2160
    assert plan_file._seconds(timedelta(minutes=36), 60) == 2160


def test_merged_cells_hold_for_the_rows_below(tmp_path):
    """A category merged over several rows is that of each of them."""
    path = tmp_path / "plan.xlsx"
    book = xlsxwriter.Workbook(path)
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, HEADING)
    for row in range(1, 4):
        sheet.write_row(row, 0, [row, "", "", f"课件{row}", "", 1, 30])
    for column, text in ((1, "岗位技能"), (2, "焊接"), (4, "录播")):
        sheet.merge_range(1, column, 3, column, text)
    book.close()
    assert {(one.topic, one.course, one.delivery) for one in plan_file.read(path)} == {
        ("岗位技能", "焊接", "录播")
    }


def test_totals_notes_and_blanks_are_no_lessons(tmp_path):
    """What stands below the lessons does not become one."""
    lessons = _read(
        tmp_path,
        HEADING,
        ROW,
        [],
        ["合计", None, None, None, None, 1, 36],
        ["备注:以上为全部课程"],
        [None, "单位盖章:"],
    )
    assert [lesson.ordinal for lesson in lessons] == [1]


def test_faults_name_row_field_and_remedy(tmp_path):
    """Every bad cell is named in one error."""
    with pytest.raises(InvalidInput) as refusal:
        _read(
            tmp_path,
            HEADING,
            ROW,
            [2, "", "", "", "录播", "一", 36],
            [3, "安全生产", "", "用电", "录播", 1, 0],
        )
    message = refusal.value.message()
    assert all(
        part in message for part in ("3 处", "第 3 行“课件名称”", "第 3 行“课时”", "第 4 行“时长(分钟)”")
    )
    assert "row 4, minutes: must be minutes above 0" in refusal.value.message("en")


def test_of_many_faults_the_first_are_named(tmp_path):
    """A plan that is wrong throughout is refused with its first faults and their number."""
    with pytest.raises(InvalidInput) as refusal:
        _read(tmp_path, HEADING, *[[n, "安全生产", "", "用电", "录播", 1, 0] for n in range(50)])
    message = refusal.value.message()
    assert "50 处" in message
    assert "第 21 行" in message
    assert "第 22 行" not in message


@pytest.mark.parametrize("column", ["内容类别", "课时", "时长(分钟)"])
def test_a_missing_column_is_named(tmp_path, column):
    """One clear error instead of one a row."""
    keep = [index for index, name in enumerate(HEADING) if name != column]
    with pytest.raises(InvalidInput) as refusal:
        _read(tmp_path, *([row[index] for index in keep] for row in (HEADING, ROW)))
    assert column in refusal.value.message()


def test_no_plan(tmp_path):
    """No heading, and a heading with nothing below, are each told."""
    with pytest.raises(InvalidInput) as refusal:
        _read(tmp_path, ["你好"])
    assert refusal.value.code == "training.plan_no_heading"
    with pytest.raises(InvalidInput) as refusal:
        _read(tmp_path, HEADING)
    assert refusal.value.code == "documents.no_rows"
