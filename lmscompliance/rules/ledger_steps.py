"""Sheet 仿真操作记录: what simulations say the trainees did, and when the platform was told.

Only a class in which a simulation reported anything has it. Steps are never credit by themselves.
"""

from __future__ import annotations

from collections.abc import Iterator

from lmscompliance.rules import ledger_words as words
from lmscompliance.rules.ledger_body import Body
from lmscompliance.rules.ledger_context import Context, Judged
from lmscompliance.rules.ledger_facts import Record, StepRecord, TraineeRecord
from lmscompliance.rules.ledger_part import Part
from lmscompliance.rules.ledger_table import Column, Row, Sheet, Style, row

NAME = "仿真操作记录"
SIMULATION = "simulation"
"""The kind of content that reports steps."""
_HEADINGS = {
    "序号": Column(6, centred=True),
    "姓名": Column(9),
    "身份证号": Column(20),
    "课程": Column(28),
    "课时序号": Column(5, centred=True),
    "日期": Column(11, centred=True),
    "时间": Column(11, centred=True),
    "操作": Column(22),
    "说明": Column(30),
    "记录编号": Column(15),
}


def read_steps(trainee: TraineeRecord, record: Record, body: Body) -> None:
    """Read what a simulation reported of one session; raises ``BadFact`` for a session never opened."""
    session = body.text("session")
    if session not in trainee.sessions:
        msg = "the session was never opened"
        raise body.refuse(msg)
    for number, name in enumerate(body.texts("steps"), 1):
        detail = record.text(f"detail{number:03}")
        trainee.steps.append(StepRecord(session, name, record.leaf.at_us, detail))


class Steps(Part):
    """The sheet, in a class one of whose lessons is a simulation."""

    def __init__(self, context: Context) -> None:
        """Start with the class's plan."""
        super().__init__(context)
        self._lessons = {lesson.id: lesson for lesson in context.record.lessons}
        self._number = 0

    def applies(self) -> bool:
        """Tell whether a lesson of the class is a simulation."""
        return bool(self.context.record.simulations)

    def frame(self) -> Sheet:
        """Return the sheet's frame."""
        columns = tuple(_HEADINGS.values())
        return Sheet(NAME, self.context.footer(NAME), columns, head_row=3, frozen_columns=2)

    def opening(self) -> Iterator[Row]:
        """Yield title and headings."""
        yield row(Style.TITLE, "仿真操作记录")
        yield row(
            Style.NOTE,
            self.context.note(
                "每行一次操作，由仿真页面报告；时间为平台收到的时间（北京时间）；操作本身不计时长。"
            ),
        )
        yield row(Style.HEAD, *_HEADINGS)

    def rows(self, judged: Judged) -> Iterator[Row]:
        """Yield a row for each step of the trainee, in the order it was recorded."""
        trainee = judged.trainee
        for step in trainee.steps:
            self._number += 1
            lesson = self._lessons.get(trainee.sessions[step.session].fact.lesson)
            day = words.day(step.at_us)
            yield row(
                Style.DATA,
                self._number,
                trainee.name,
                trainee.id_number,
                f"{lesson.course}：{lesson.title}" if lesson else "",
                lesson.ordinal if lesson else None,
                day,
                words.clock(step.at_us, relative_to=day),
                step.name,
                step.detail,
                step.session,
            )
