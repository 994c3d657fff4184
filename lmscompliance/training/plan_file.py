"""Teaching plans (教学计划) from spreadsheets: one row a lesson, the heading wherever it stands."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from pathlib import Path

from lmscompliance.documents import tables
from lmscompliance.documents.tables import Cell, Sheet
from lmscompliance.identity import headings
from lmscompliance.kernel.errors import Fault, FaultyRows, InvalidInput
from lmscompliance.kernel.messages import Remark
from lmscompliance.rules.facts import OFFLINE, ONLINE
from lmscompliance.training import timetable
from lmscompliance.training.service import LessonInput

COLUMNS: headings.Patterns = {
    "title": re.compile(
        "(?:课件|课程内容|内容|小节|章节|培训内容|授课内容|讲次)(?:名称|标题)?|课时(?:名称|标题)|lesson|title"
    ),
    "course": re.compile("(?:课程|科目|教材)(?:名称)?|course"),
    "topic": re.compile("(?:内容|培训|课程|培训内容)?(?:类别|分类|类型)|模块|topic|category"),
    "delivery": re.compile("(?:授课|教学|培训|学习)(?:形式|方式)|delivery"),
    "class_hours": re.compile("(?:计划)?(?:课时|学时)(?:数)?|classhours?|hours"),
    "length": re.compile("(?:视频|课件|计划|学习)?(?:时长|分钟数?|时间)|minutes|duration"),
    "day": re.compile("(?:上课|授课|开课|直播|培训|教学)?日期|day"),
    "starts": re.compile(
        "(?:上课|授课|开课|直播|面授|教学)时间|(?:上课|授课|直播|计划)?(?:开始|起始)时间|starts?"
    ),
    "ends": re.compile("(?:上课|授课|直播|计划)?(?:结束|截止)时间|下课时间|ends?"),
    "place": re.compile("(?:上课|授课|培训|教学|实训)?(?:地点|场地|教室|地址)|place"),
    "teacher": re.compile(
        "(?:任课|授课|主讲|培训|带教)?(?:教师|老师|讲师|师资)(?:姓名)?|主讲人|授课人|teacher|host"
    ),
    "serial": re.compile("(?:课时)?序号?|编号|no\\.?|#"),
}
REQUIRED = ("topic", "title", "class_hours", "length")
DEFAULT_DELIVERY = "线上学习"

_SUMMARY = re.compile("(?:合计|总计|小计|共计|备注|说明|注[::]|填表|制表|审核|负责人|单位|日期|盖章)")
_FILM = re.compile("录播|视频|直播|动画|影片|video", re.IGNORECASE)
_UNITS = {"秒": 1, "分": 60, "时": 3600}


def read(path: Path) -> list[LessonInput]:
    """Return the lessons of ``path`` in order, their content on our own lesson page.

    Cells merged downwards (类别, 课程, 形式) hold for the rows below. Raises ``InvalidInput`` naming the
    missing column, or every row and field that cannot be used together with the remedy.
    """
    sheet, heading = _sheet(path)
    lessons: list[LessonInput] = []
    faults: list[Fault] = []
    above: dict[str, str] = {}
    factor = _factor(sheet, heading)
    for index in range(heading.first_data, len(sheet.rows)):
        cells = sheet.rows[index]
        if heading.repeated_by(cells) or not _holds_lesson(cells, heading):
            continue
        row = _Row(index + 1, cells, heading, above, factor)
        lesson = row.lesson(len(lessons) + 1)
        faults += row.faults
        if lesson is not None:
            lessons.append(lesson)
    if faults:
        raise FaultyRows("training.plan_rows", faults, file=path.name)
    if not lessons:
        raise InvalidInput("documents.no_rows", file=path.name)
    return lessons


def _sheet(path: Path) -> tuple[Sheet, headings.Heading]:
    best: tuple[Sheet, headings.Heading] | None = None
    for sheet in tables.read(path):
        heading = headings.find(sheet.rows, COLUMNS)
        if heading is not None and (best is None or len(heading.columns) > len(best[1].columns)):
            best = sheet, heading
    if best is None:
        columns = [_named(key) for key in REQUIRED]
        raise InvalidInput("training.plan_no_heading", file=path.name, columns=columns)
    columns_found = best[1].columns
    if "title" not in columns_found and "course" in columns_found:
        # A plan without 课件 names: each course is one lesson.
        columns_found["title"] = columns_found["course"]
    missing = [_named(key) for key in REQUIRED if key not in columns_found]
    if missing:
        raise InvalidInput("training.plan_no_column", file=path.name, column=missing)
    return best


def _named(column: str) -> Remark:
    return Remark(f"training.plan_{column}")


def _holds_lesson(cells: Sequence[Cell], heading: headings.Heading) -> bool:
    filled = [str(cell).strip() for cell in cells if str(cell).strip()]
    if not filled or (len(filled) == 1 and "serial" in heading.columns):
        return False
    title = heading.columns["title"]
    titled = title < len(cells) and bool(str(cells[title]).strip())
    return titled or not any(_SUMMARY.match(text) for text in filled)


def _factor(sheet: Sheet, heading: headings.Heading) -> int:
    # Seconds a unit of the length column: the heading's bracket says it, a notice's own unit is minutes.
    column = heading.columns["length"]
    for row in sheet.rows[max(0, heading.first_data - 2) : heading.first_data]:
        found = re.search("[秒分时](?=钟?[))])", str(row[column]) if column < len(row) else "")
        if found:
            return _UNITS[found[0]]
    return _UNITS["分"]


class _Row:
    """One row while it is read; ``faults`` collects what is wrong with it."""

    def __init__(
        self, row: int, cells: Sequence[Cell], heading: headings.Heading, above: dict[str, str], factor: int
    ) -> None:
        self._row = row
        self._cells = cells
        self._columns = heading.columns
        self._above = above
        self._factor = factor
        self.faults: list[Fault] = []

    def lesson(self, running: int) -> LessonInput | None:
        """Return the lesson, or ``None`` with the reasons in ``faults``; ``running`` is its place."""
        title = " ".join(str(self._cell("title")).split())
        if not title:
            self._fault("title", "empty")
        topic = self._inherited("topic")
        if not topic:
            self._fault("topic", "empty")
        hours = _number(self._cell("class_hours"))
        if hours is None or hours <= 0:
            self._fault("class_hours", "number")
        seconds = _seconds(self._cell("length"), self._factor)
        if seconds is None or seconds <= 0:
            self._fault("length", "minutes")
        if self.faults or hours is None or seconds is None:
            return None
        delivery = self._inherited("delivery") or DEFAULT_DELIVERY
        mode = timetable.mode_of(delivery)
        meets = self._meeting(mode, seconds)
        if meets is None:
            return None
        return LessonInput(
            ordinal=running,
            topic=topic,
            course=self._inherited("course") or topic,
            title=title,
            delivery=delivery,
            class_hours=hours,
            planned_seconds=seconds,
            content_kind="video" if mode != OFFLINE and _FILM.search(delivery) else "text",
            mode=mode,
            starts_at=meets[0],
            ends_at=meets[1],
            place=" ".join(str(self._cell("place")).split()),
            teacher=" ".join(str(self._cell("teacher")).split()),
        )

    def _meeting(self, mode: str, seconds: int) -> tuple[datetime | None, datetime | None] | None:
        """Return when a live or offline lesson takes place, or ``None`` with the fault."""
        if mode == ONLINE:
            # What a recorded lesson's row says of days is when it is to be watched, and binds nobody.
            return None, None
        cells = (self._cell("day"), self._cell("starts"), self._cell("ends"))
        found = timetable.meeting(*cells, timedelta(seconds=seconds))
        if found is None:
            self._fault("meeting", "meeting")
        return found

    def _fault(self, field: str, what: str) -> None:
        self.faults.append(Fault(self._row, f"training.plan_{field}", f"training.plan_bad_{what}"))

    def _cell(self, key: str) -> Cell:
        index = self._columns.get(key)
        return "" if index is None or index >= len(self._cells) else self._cells[index]

    def _inherited(self, key: str) -> str:
        text = " ".join(str(self._cell(key)).split())
        if text:
            self._above[key] = text
        return text or self._above.get(key, "")


def _number(cell: Cell) -> Decimal | None:
    if isinstance(cell, bool):
        return None
    found = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?)\s*(?:个?[课学]时|分钟?)?", str(cell).strip())
    if found is None:
        return None
    try:
        return Decimal(f"{Decimal(found[1]).normalize():f}")
    except InvalidOperation:
        return None


def _seconds(cell: Cell, factor: int) -> int | None:
    if isinstance(cell, timedelta):
        return round(cell.total_seconds())
    if isinstance(cell, time):
        return cell.hour * 3600 + cell.minute * 60 + cell.second
    text = "".join(str(cell).split())
    if clock := re.fullmatch(r"(?:([0-9]+):)?([0-9]{1,2}):([0-9]{2})", text):
        return int(clock[1] or 0) * 3600 + int(clock[2]) * 60 + int(clock[3])
    parts = re.fullmatch(r"(?:([0-9]+)(?:小时|时))?(?:([0-9]+)分钟?)?(?:([0-9]+)秒)?", text)
    if parts is not None and any(parts.groups()):
        return int(parts[1] or 0) * 3600 + int(parts[2] or 0) * 60 + int(parts[3] or 0)
    number = _number(cell)
    return None if number is None else int(number * factor)
