"""Sheet 直播课记录: who held a live lesson, from when to when, and how many listened.

Only a class whose plan has live lessons has it. When each trainee joined and left stands in ②, a row a
session.
"""

from __future__ import annotations

from collections.abc import Iterator

from lmscompliance.rules import ledger_words as words
from lmscompliance.rules.facts import LIVE, LessonFact
from lmscompliance.rules.ledger_body import Body
from lmscompliance.rules.ledger_context import Context, Judged
from lmscompliance.rules.ledger_facts import ClassRecord, Host, Record
from lmscompliance.rules.ledger_part import Part
from lmscompliance.rules.ledger_table import Cell, Column, Row, Sheet, Style, row
from lmscompliance.rules.live import Show

NAME = "直播课记录"
_HEADINGS = {
    "序号": Column(6, centred=True),
    "课时序号": Column(5, centred=True),
    "课程": Column(28),
    "日期": Column(11, centred=True),
    "计划起止": Column(18, centred=True),
    "授课教师": Column(9),
    "主持人": Column(9),
    "登记账号": Column(15),
    "主持人IP": Column(15),
    "开播": Column(11, centred=True),
    "结束": Column(16, centred=True),
    "计时起止": Column(20, centred=True),
    "听课人数": Column(6),
    "有效时长(分)": Column(8),
}


def read_started(found: ClassRecord, record: Record, body: Body) -> None:
    """Take note of who began to hold a live lesson."""
    show = body.text("show")
    found.shows[show] = Show(body.text("lesson"), body.whole("started_us"))
    found.hosts[show] = Host(record.text("host"), record.text("by"), record.text("ip"))


def read_ended(found: ClassRecord, _record: Record, body: Body) -> None:
    """Take note of a live lesson's end; raises ``BadFact`` for one that nobody holds."""
    show = found.shows.get(body.text("show"))
    if show is None or show.ended_us is not None:
        msg = "no such live lesson is being held"
        raise body.refuse(msg)
    found.shows[body.text("show")] = Show(show.lesson, show.started_us, body.whole("ended_us"))


class LiveLessons(Part):
    """The sheet, in a class with live lessons; one that nobody held has a row without a host."""

    def __init__(self, context: Context) -> None:
        """Start with the class's plan."""
        super().__init__(context)
        self._lessons = [lesson for lesson in context.record.lessons if lesson.mode == LIVE]
        self._listeners = dict.fromkeys((lesson.id for lesson in self._lessons), 0)
        self._seconds = dict.fromkeys((lesson.id for lesson in self._lessons), 0)

    def applies(self) -> bool:
        """Tell whether the plan has live lessons."""
        return bool(self._lessons)

    def frame(self) -> Sheet:
        """Return the sheet's frame."""
        columns = tuple(_HEADINGS.values())
        return Sheet(NAME, self.context.footer(NAME), columns, head_row=3, frozen_columns=3)

    def opening(self) -> Iterator[Row]:
        """Yield title and headings."""
        rule = (
            "以主持人开播、结束为准，且不超出计划时间"
            if self.context.notice.delivery.live_by_host
            else "以计划时间为准"
        )
        yield row(Style.TITLE, "直播课记录")
        yield row(
            Style.NOTE,
            self.context.note(
                f"计时起止{rule}；听课人数为该课有有效时长的人数；学员进入、离开的时间见②；时间均为北京时间。"
            ),
        )
        yield row(Style.HEAD, *_HEADINGS)

    def rows(self, judged: Judged) -> Iterator[Row]:
        """Count the trainee and yield nothing yet."""
        for lesson in self._lessons:
            seconds = judged.account.by_lesson(lesson.id)
            self._listeners[lesson.id] += seconds > 0
            self._seconds[lesson.id] += seconds
        yield from ()

    def closing(self) -> Iterator[Row]:
        """Yield a row for each time a lesson was held, lessons in the plan's order."""
        record = self.context.record
        number = 0
        for lesson in self._lessons:
            shows = sorted(
                ((show.started_us, name) for name, show in record.shows.items() if show.lesson == lesson.id)
            )
            for place, name in enumerate([name for _, name in shows] or [""]):
                number += 1
                told = [self._listeners[lesson.id], words.minutes(self._seconds[lesson.id])]
                yield row(
                    Style.DATA,
                    number,
                    *self._cells(lesson, record.shows.get(name), record.hosts.get(name, Host())),
                    # Of a lesson held in several stretches they stand once, so that a column can be summed.
                    *(told if place == 0 else (None, None)),
                )

    def _cells(self, lesson: LessonFact, show: Show | None, host: Host) -> list[Cell]:
        day = words.day(lesson.starts_us or 0)
        by_host = self.context.notice.delivery.live_by_host
        return [
            lesson.ordinal,
            f"{lesson.course}：{lesson.title}",
            day,
            _span(lesson.starts_us or 0, lesson.ends_us or 0, day),
            self.context.record.teachers.get(lesson.id, ""),
            host.name or ("" if show else "（未开播）"),
            host.account,
            host.address,
            "" if show is None else words.clock(show.started_us, relative_to=day),
            "" if show is None else _end(show, day),
            # By schedule alone it counts whoever held it.
            "；".join(_span(*one, day) for one in lesson.held_us if _of(show if by_host else None, one[0])),
        ]


def _of(show: Show | None, start_us: int) -> bool:
    """Tell whether a stretch that counts began in this show."""
    return show is None or show.started_us <= start_us < (show.ended_us or start_us + 1)


def _end(show: Show, day: str) -> str:
    return "（未登记结束）" if show.ended_us is None else words.clock(show.ended_us, relative_to=day)


def _span(start_us: int, end_us: int, day: str) -> str:
    return f"{words.clock(start_us, relative_to=day)}–{words.clock(end_us, relative_to=day)}"
