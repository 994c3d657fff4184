"""Sheet 转入记录: sessions that another system reported, apart from what this platform saw itself.

Only a class into which records were imported has it.
"""

from __future__ import annotations

from collections.abc import Iterator

from lmscompliance.rules import ledger_words as words
from lmscompliance.rules.ledger_body import Body
from lmscompliance.rules.ledger_context import Context, Judged
from lmscompliance.rules.ledger_facts import ClassRecord, Record, ReportedRecord, TraineeRecord
from lmscompliance.rules.ledger_part import Part
from lmscompliance.rules.ledger_table import Column, Row, Sheet, Style, row
from lmscompliance.rules.reported import SECOND_US, Reported, fault

NAME = "转入记录"
FORMATS = {"moodle-log": "Moodle 日志", "xapi": "xAPI 语句", "cmi5": "cmi5 语句"}
_HEADINGS = {
    "序号": Column(6, centred=True),
    "姓名": Column(9),
    "身份证号": Column(20),
    "来源": Column(11, centred=True),
    "原系统账号": Column(16),
    "课程": Column(28),
    "日期": Column(11, centred=True),
    "开始": Column(9, centred=True),
    "结束": Column(11, centred=True),
    "时长(分)": Column(8),
    "计入(分)": Column(8),
    "IP": Column(15),
    "转入时间": Column(19, centred=True),
    "转入批次": Column(15),
    "记录编号": Column(15),
}


def read_batch(found: ClassRecord, _record: Record, _body: Body) -> None:
    """Take note of an import."""
    found.imports += 1


def read_session(trainee: TraineeRecord, record: Record, body: Body) -> None:
    """Read a reported session; raises ``BadFact`` when it breaks the idle rule it states."""
    start_us, end_us = body.whole("start_us"), body.whole("end_us")
    fact = Reported(
        record=body.text("record"),
        lesson=body.maybe_text("lesson"),
        start_s=start_us // SECOND_US,
        end_s=end_us // SECOND_US,
        idle_seconds=body.whole("idle_seconds"),
        moments=tuple((offset, length) for offset, length in body.tuples("moments", int, int)),
        format=body.text("format"),
    )
    if wrong := "" if start_us % SECOND_US == end_us % SECOND_US == 0 else "it is not in whole seconds":
        raise body.refuse(wrong)
    if wrong := fault(fact):
        raise body.refuse(wrong)
    if any(one.fact.record == fact.record for one in trainee.reported):
        msg = "the record is there twice"
        raise body.refuse(msg)
    trainee.reported.append(
        ReportedRecord(fact, body.text("batch"), record.leaf.at_us, record.text("ip"), record.text("actor"))
    )


class Imported(Part):
    """The sheet, in a class into which records were imported."""

    def __init__(self, context: Context) -> None:
        """Start with the class's plan."""
        super().__init__(context)
        self._lessons = {lesson.id: lesson for lesson in context.record.lessons}
        self._count = self._seconds = self._counted = 0

    def applies(self) -> bool:
        """Tell whether anything was imported."""
        return self.context.record.imports > 0

    def frame(self) -> Sheet:
        """Return the sheet's frame."""
        columns = tuple(_HEADINGS.values())
        return Sheet(NAME, self.context.footer(NAME), columns, head_row=3, frozen_columns=2)

    def opening(self) -> Iterator[Row]:
        """Yield title and headings."""
        notice = self.context.notice
        yield row(Style.TITLE, "转入记录（其他系统报送，非本平台当场记录）")
        rule = notice.cite("reported.credited")
        counted = (
            f"按政策计入完成情况（{rule}），时长另列，不并入②③的有效时长"
            if notice.reported.credited
            else f"一律不计学时（{rule}）"
        )
        yield row(
            Style.NOTE,
            self.context.note(
                f"每行一次：相邻两次操作相隔超过 {notice.reported.idle_minutes} 分钟即视为结束，"
                f"最后一次操作之后不推算时长；{counted}。"
            ),
        )
        yield row(Style.HEAD, *_HEADINGS)

    def rows(self, judged: Judged) -> Iterator[Row]:
        """Yield a row for each of the trainee's reported sessions, by start."""
        for one in sorted(judged.trainee.reported, key=lambda one: (one.fact.start_s, one.fact.record)):
            fact = one.fact
            counted = judged.reported.get(fact.record, 0)
            self._count += 1
            self._seconds += fact.seconds
            self._counted += counted
            lesson = self._lessons.get(fact.lesson)
            day = words.day(fact.start_s * SECOND_US)
            yield row(
                Style.DATA,
                self._count,
                judged.trainee.name,
                judged.trainee.id_number,
                words.named(FORMATS, fact.format),
                one.actor,
                f"{lesson.course}：{lesson.title}" if lesson else "（未对应课程）",
                day,
                words.clock(fact.start_s * SECOND_US, relative_to=day),
                words.clock(fact.end_s * SECOND_US, relative_to=day),
                words.minutes(fact.seconds),
                words.minutes(counted),
                one.address,
                words.moment(one.recorded_us),
                one.batch,
                fact.record,
            )

    def closing(self) -> Iterator[Row]:
        """Yield the sums."""
        sums = [words.minutes(self._seconds), words.minutes(self._counted)]
        cells = ["合计", f"{self._count} 次", *[None] * 7, *sums]
        yield row(Style.TOTAL, *cells, *[None] * (len(_HEADINGS) - len(cells)))
