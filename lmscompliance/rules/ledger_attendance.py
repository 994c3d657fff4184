"""Sheets 签到表 (a row a trainee, a column a lesson) and 线下考勤明细, for classes with offline lessons."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction

from lmscompliance.rules import ledger_words as words
from lmscompliance.rules.attendance import SIGNS, Attended, Mark
from lmscompliance.rules.facts import OFFLINE, LessonFact
from lmscompliance.rules.ledger_context import Context, Judged
from lmscompliance.rules.ledger_part import Part
from lmscompliance.rules.ledger_table import Column, Row, Sheet, Style, row

SIGN_IN = "签到表"
DETAIL = "线下考勤明细"

_BEFORE = {"序号": Column(6, centred=True), "姓名": Column(9), "身份证号": Column(20)}
_AFTER = {
    "到": Column(5),
    "不到○": Column(6),
    "告假×": Column(6),
    "迟到¢": Column(6),
    "早退△": Column(6),
    "出勤率(%)": Column(8),
    "线下计入课时": Column(8),
}
_DETAIL = {
    "序号": Column(6, centred=True),
    "姓名": Column(9),
    "身份证号": Column(20),
    "课程": Column(26),
    "课时序号": Column(5, centred=True),
    "日期": Column(11, centred=True),
    "计划起止": Column(12, centred=True),
    "地点": Column(14),
    "授课教师": Column(9),
    "签到": Column(11, centred=True),
    "签退": Column(11, centred=True),
    "考勤": Column(6, centred=True),
    "计入(分)": Column(8),
    "扣除原因": Column(20),
    "签到IP": Column(15),
    "教师登记": Column(26),
    "教师确认": Column(16),
}
_LATE = (Mark.LATE, Mark.LATE_EARLY)
_EARLY = (Mark.EARLY, Mark.LATE_EARLY)


class SignInSheet(Part):
    """签到表: a row a trainee, a column an offline lesson, the five marks and the rate."""

    def applies(self) -> bool:
        """Tell whether the plan has offline lessons."""
        return bool(_offline(self.context))

    def frame(self) -> Sheet:
        """Return the sheet's frame."""
        columns = tuple(_headings(self.context).values())
        return Sheet(SIGN_IN, self.context.footer(SIGN_IN), columns, head_row=3, frozen_columns=2)

    def opening(self) -> Iterator[Row]:
        """Yield title and headings."""
        terms = self.context.notice.attendance
        yield row(Style.TITLE, "线下课签到表")
        yield row(
            Style.NOTE,
            self.context.note(
                f"到、不到○、告假×、迟到¢、早退△；开课 {terms.late_minutes} 分钟后到场为迟到，"
                f"下课前 {terms.early_minutes} 分钟以上离场为早退；空格为尚无签到和登记。"
                "出勤率＝到课（含迟到、早退）课时÷线下计划课时。"
            ),
        )
        yield row(Style.HEAD, *_headings(self.context))

    def rows(self, judged: Judged) -> Iterator[Row]:
        """Yield the trainee's row."""
        lessons = judged.attendance.lessons
        marks = [one.mark for one in lessons]
        yield row(
            Style.DATA,
            judged.trainee.ordinal,
            judged.trainee.name,
            judged.trainee.id_number,
            *("" if mark is None else SIGNS[mark] for mark in marks),
            marks.count(Mark.PRESENT),
            marks.count(Mark.ABSENT),
            marks.count(Mark.LEAVE),
            sum(mark in _LATE for mark in marks),
            sum(mark in _EARLY for mark in marks),
            judged.attendance.rate * 100,
            judged.training.actual.offline,
        )


class AttendanceDetail(Part):
    """线下考勤明细: a row a trainee and lesson, with times, addresses, entries and the confirmation."""

    def __init__(self, context: Context) -> None:
        """Start with the class's plan."""
        super().__init__(context)
        self._record = context.record
        self._number = 0
        self._seconds = 0

    def applies(self) -> bool:
        """Tell whether the plan has offline lessons."""
        return bool(_offline(self.context))

    def frame(self) -> Sheet:
        """Return the sheet's frame."""
        columns = tuple(_DETAIL.values())
        return Sheet(DETAIL, self.context.footer(DETAIL), columns, head_row=3, frozen_columns=2)

    def opening(self) -> Iterator[Row]:
        """Yield title and headings."""
        yield row(Style.TITLE, "线下考勤明细")
        yield row(
            Style.NOTE,
            self.context.note(
                "签到、签退为扫描限时签到码时由服务器记录，或由教师登记；迟到、早退缺席的时间已扣除；"
                "同一时间已计线上学习的，线下不重复计；线上、线下共用每日和时段上限；"
                f"{words.SUMMED}；时间均为北京时间。"
            ),
        )
        yield row(Style.HEAD, *_DETAIL)

    def rows(self, judged: Judged) -> Iterator[Row]:
        """Yield a row for each offline lesson of the trainee."""
        for one in judged.attendance.lessons:
            self._number += 1
            self._seconds += one.credited_seconds
            yield row(Style.DATA, self._number, *self._cells(judged, one))

    def closing(self) -> Iterator[Row]:
        """Yield the sum."""
        place = list(_DETAIL).index("计入(分)")
        cells = ["合计", *[None] * (place - 1), words.minutes(self._seconds)]
        yield row(Style.TOTAL, *cells, *[None] * (len(_DETAIL) - len(cells)))

    def _cells(self, judged: Judged, one: Attended) -> list[str | int | Fraction | None]:
        lesson = one.lesson
        day = words.day(lesson.starts_us or 0)
        ends = words.clock(lesson.ends_us or 0, relative_to=day)
        trainee = judged.trainee
        confirmed = self._record.confirmed.get(lesson.id)
        return [
            trainee.name,
            trainee.id_number,
            f"{lesson.course}：{lesson.title}",
            lesson.ordinal,
            day,
            f"{words.clock(lesson.starts_us or 0, relative_to=day)}–{ends}",
            lesson.place,
            self._record.teachers.get(lesson.id, ""),
            "" if one.in_us is None else words.clock(one.in_us, relative_to=day),
            "" if one.out_us is None else words.clock(one.out_us, relative_to=day),
            "" if one.mark is None else SIGNS[one.mark],
            words.minutes(one.credited_seconds),
            "未经教师确认" if one.waits and one.earned_seconds else words.excluded(one.excluded),
            "；".join(trainee.sign_addresses.get(lesson.id, ())),
            "；".join(trainee.entries.get(lesson.id, ())),
            "" if confirmed is None else f"{confirmed[1]} {words.moment(confirmed[0])}",
        ]


def _offline(context: Context) -> list[LessonFact]:
    return [lesson for lesson in context.record.lessons if lesson.mode == OFFLINE]


def _headings(context: Context) -> Mapping[str, Column]:
    lessons = {_heading(lesson): Column(9, centred=True) for lesson in _offline(context)}
    return {**_BEFORE, **lessons, **_AFTER}


def _heading(lesson: LessonFact) -> str:
    # The ordinal keeps headings apart, and with them the columns.
    day = words.day(lesson.starts_us or 0)[5:]
    return f"{day} 第{lesson.ordinal}课（{words.decimal(lesson.class_hours)}课时）"
