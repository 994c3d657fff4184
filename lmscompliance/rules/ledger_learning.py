"""Sheets ② 学习记录明细 (a row a session, notice T10) and ③ 学习汇总 (a row a trainee, notice T18, T19)."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from lmscompliance.rules import ledger_corrections
from lmscompliance.rules import ledger_words as words
from lmscompliance.rules.account import SessionAccount
from lmscompliance.rules.facts import LessonFact
from lmscompliance.rules.ledger_context import Context, Judged
from lmscompliance.rules.ledger_facts import SessionRecord
from lmscompliance.rules.ledger_part import Part
from lmscompliance.rules.ledger_table import Cell, Column, Row, Sheet, Style, row

DETAIL = "②学习记录明细"
SUMMARY = "③学习汇总"
_DETAIL_HEADINGS = {
    "序号": Column(6, centred=True),
    "姓名": Column(9),
    "身份证号": Column(20),
    "课程": Column(22),
    "课时序号": Column(5, centred=True),
    "内容类别": Column(8, centred=True),
    "授课形式": Column(6, centred=True),
    "日期": Column(11, centred=True),
    "开始": Column(9, centred=True),
    "结束": Column(10, centred=True),
    "时长(分)": Column(9),
    "有效时长(分)": Column(9),
    "扣除原因": Column(16),
    "更正记录": Column(12),
    "IP": Column(15),
    "终端": Column(11),
    "记录编号": Column(14),
}


class Detail(Part):
    """Sheet ② and the sums under it."""

    def __init__(self, context: Context) -> None:
        """Start with the class's plan."""
        super().__init__(context)
        self._lessons = {lesson.id: lesson for lesson in context.record.lessons}
        self._sessions = self._wall_seconds = self._credited_seconds = 0

    def frame(self) -> Sheet:
        """Return the sheet's frame."""
        columns = tuple(_DETAIL_HEADINGS.values())
        return Sheet(DETAIL, self.context.footer(DETAIL), columns, head_row=3, frozen_columns=2)

    def opening(self) -> Iterator[Row]:
        """Yield title and headings."""
        yield row(Style.TITLE, "学习记录明细")
        yield row(
            Style.NOTE,
            self.context.note(
                "每行一次学习；时长与有效时长由服务器按心跳计算，"
                f"扣除部分逐秒列明原因（时长＝有效时长＋扣除）；{words.SUMMED}；时间均为北京时间。"
            ),
        )
        yield row(Style.HEAD, *_DETAIL_HEADINGS)

    def rows(self, judged: Judged) -> Iterator[Row]:
        """Yield a row for each of the trainee's sessions, in the order of their opening."""
        for account in judged.account.sessions():
            session = judged.trainee.sessions[account.session]
            self._sessions += 1
            self._wall_seconds += account.wall_seconds
            self._credited_seconds += account.credited_seconds
            lesson = self._lessons.get(account.lesson)
            yield row(Style.DATA, self._sessions, *_session_cells(judged, session, account, lesson))

    def closing(self) -> Iterator[Row]:
        """Yield the sums."""
        sums = [words.minutes(self._wall_seconds), words.minutes(self._credited_seconds)]
        yield _padded(["合计", f"{self._sessions} 次", *[None] * 8, *sums], len(_DETAIL_HEADINGS))


class Summary(Part):
    """Sheet ③, which has a column for each topic, and the sums under it."""

    def __init__(self, context: Context) -> None:
        """Start at nothing."""
        super().__init__(context)
        self._sessions = self._wall_seconds = self._credited_seconds = 0

    def frame(self) -> Sheet:
        """Return the sheet's frame."""
        columns = tuple(_summary_headings(self.context).values())
        return Sheet(SUMMARY, self.context.footer(SUMMARY), columns, head_row=3, frozen_columns=2)

    def opening(self) -> Iterator[Row]:
        """Yield title and headings."""
        hours = self.context.notice.hours
        minutes = words.decimal(hours.min_each_minutes)
        each = f"每课时均不少于 {minutes} 分钟方计课时、" if hours.min_each_minutes else ""
        yield row(Style.TITLE, "学习汇总")
        yield row(
            Style.NOTE,
            self.context.note(
                f"学习次数为有有效时长的学习次数；"
                f"达标标准：总课时不少于 {words.decimal(hours.min_total)} 课时、"
                f"平均每课时不少于 {words.decimal(hours.min_average_minutes)} 分钟、{each}"
                f"培训内容齐全；折合课时＝有效时长÷{words.decimal(hours.minutes_per_class_hour)} 分钟，"
                f"仅供参考；{words.SUMMED}。"
            ),
        )
        yield row(Style.HEAD, *_summary_headings(self.context))

    def rows(self, judged: Judged) -> Iterator[Row]:
        """Yield the trainee's row."""
        training = judged.training
        credited = [one for one in judged.account.sessions() if one.credited_seconds]
        self._sessions += len(credited)
        self._wall_seconds += judged.account.wall_seconds
        self._credited_seconds += judged.account.credited_seconds
        days = [words.day(one.start_s * words.SECOND_US) for one in judged.account.sessions()]
        courses = dict.fromkeys(
            one.lesson.course for one in training.lessons if one.credited_seconds and one.lesson.course
        )
        topics = [training.by_topic.get(topic) for topic in self.context.topics]
        complete = sum(one.complete for one in training.lessons)
        yield row(
            Style.DATA,
            judged.trainee.ordinal,
            judged.trainee.name,
            judged.trainee.id_number,
            "、".join(courses),
            min(days, default=""),
            max(days, default=""),
            len(credited),
            words.minutes(judged.account.wall_seconds),
            words.minutes(judged.account.credited_seconds),
            f"{complete}/{len(training.lessons)}",
            training.total_hours,
            training.equivalent_hours,
            training.average_minutes,
            *(progress.hours if progress else Decimal(0) for progress in topics),
            "达标" if training.met else "未达标",
            words.unmet(training.missing),
            ledger_corrections.summary(judged.trainee),
        )

    def closing(self) -> Iterator[Row]:
        """Yield the sums."""
        sums = [words.minutes(self._wall_seconds), words.minutes(self._credited_seconds)]
        width = len(_summary_headings(self.context))
        yield _padded(["合计", *[None] * 5, self._sessions, *sums], width)


def _padded(cells: list[Cell], width: int) -> Row:
    return row(Style.TOTAL, *cells, *[None] * (width - len(cells)))


def _session_cells(
    judged: Judged, session: SessionRecord, account: SessionAccount, lesson: LessonFact | None
) -> list[Cell]:
    day = words.day(account.start_s * words.SECOND_US)
    running = session.fact.closed_us is None
    end = words.clock(account.end_s * words.SECOND_US, relative_to=day)
    return [
        judged.trainee.name,
        judged.trainee.id_number,
        f"{lesson.course}：{lesson.title}" if lesson else session.fact.lesson,
        lesson.ordinal if lesson else None,
        lesson.topic if lesson else "",
        lesson.delivery if lesson else "",
        day,
        words.clock(account.start_s * words.SECOND_US, relative_to=day),
        f"{end}（未结束）" if running else end,
        words.minutes(account.wall_seconds),
        words.minutes(account.credited_seconds),
        words.excluded(account.excluded),
        ledger_corrections.of_session(judged.trainee, account.session),
        "；".join(session.addresses),
        "；".join(dict.fromkeys(words.terminal(agent) for agent in session.agents)),
        session.fact.session,
    ]


def _summary_headings(context: Context) -> dict[str, Column]:
    topics = {f"{topic}(课时)": Column(8) for topic in context.topics}
    return {
        "序号": Column(6, centred=True),
        "姓名": Column(9),
        "身份证号": Column(20),
        "课程": Column(18),
        "首次学习日期": Column(11, centred=True),
        "末次学习日期": Column(11, centred=True),
        "学习次数": Column(6),
        "总学习时长(分)": Column(10),
        "有效时长(分)": Column(10),
        "完成课件": Column(7, centred=True),
        "完成课时": Column(6),
        "折合课时": Column(8),
        "平均每课时(分)": Column(8),
        **topics,
        "是否达标": Column(7, centred=True),
        "未达标说明（依据）": Column(26),
        "更正与异议": Column(11),
    }
