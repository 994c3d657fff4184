"""Sheet 随堂测验: what was set for lessons, and every quiz that a trainee began.

Only a class in which a quiz was set has it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from lmscompliance.rules import ledger_words as words
from lmscompliance.rules.blueprint import Blueprint
from lmscompliance.rules.blueprint import Part as Drawn
from lmscompliance.rules.ledger_attempts import frozen_items
from lmscompliance.rules.ledger_body import Body
from lmscompliance.rules.ledger_context import Context, Judged
from lmscompliance.rules.ledger_facts import WITHHELD, ClassRecord, Record, TraineeRecord
from lmscompliance.rules.ledger_part import Part
from lmscompliance.rules.ledger_quiz_facts import QuizRecord, QuizSetRecord
from lmscompliance.rules.ledger_table import Cell, Column, Row, Sheet, Style, row
from lmscompliance.rules.quizzes import USES, QuizSetting, QuizTry, releases

NAME = "随堂测验"
_PRACTICE, _RELEASES, _NONE = "练习", "通过后计学时", "取消测验"
_HEADINGS = {
    "序号": Column(6, centred=True),
    "姓名": Column(9),
    "身份证号": Column(20),
    "课时序号": Column(5, centred=True),
    "课程": Column(28),
    "测验版本": Column(6, centred=True),
    "用途": Column(13, centred=True),
    "第几次": Column(6, centred=True),
    "开始": Column(19, centred=True),
    "交卷": Column(19, centred=True),
    "得分": Column(7),
    "满分": Column(7),
    "结果": Column(8, centred=True),
    "IP": Column(15),
    "记录编号": Column(15),
}


def read_set(found: ClassRecord, record: Record, body: Body) -> None:
    """Take a ``lesson.quiz_set`` leaf; versions of a lesson's quiz follow one another."""
    lesson, version, use = body.text("lesson"), body.whole("version"), body.text("use")
    if use not in USES or all(one.id != lesson for one in found.lessons):
        msg = f"'{use}' is no use of a quiz, or the plan has no lesson '{lesson}'"
        raise body.refuse(msg)
    if version != 1 + sum(one.setting.lesson == lesson for one in found.quizzes):
        msg = f"version {version} of the lesson's quiz is out of order"
        raise body.refuse(msg)
    parts = tuple(
        Drawn(
            one.text("topic"),
            one.text("kind"),
            one.whole("count"),
            one.exact("points"),
            one.maybe_text("level"),
        )
        for one in body.items("parts")
    )
    found.quizzes.append(
        QuizSetRecord(
            QuizSetting(lesson, version, use, body.whole("at_us")),
            Blueprint(parts),
            frozenset(body.texts("named")),
            record.text("by"),
            record.text("reason"),
        )
    )


def read_opened(trainee: TraineeRecord, record: Record, body: Body) -> None:
    """Take a ``quiz.opened`` leaf with the frozen questions."""
    quiz = body.text("quiz")
    if quiz in trainee.quizzes:
        msg = "the quiz is begun twice"
        raise body.refuse(msg)
    trainee.quizzes[quiz] = QuizRecord(
        QuizTry(quiz, body.text("lesson"), body.whole("version"), body.whole("opened_us")),
        body.whole("number"),
        record.text("ip"),
        frozen_items(record, body),
    )


def read_submitted(trainee: TraineeRecord, record: Record, body: Body) -> None:
    """Take a ``quiz.submitted`` leaf: the answers and what they earned."""
    quiz = trainee.quizzes.get(body.text("quiz"))
    if quiz is None or quiz.fact.handed_in_us is not None:
        msg = "the quiz was never begun" if quiz is None else "the quiz is handed in twice"
        raise body.refuse(msg)
    at_us = body.whole("submitted_us")
    if at_us < quiz.fact.opened_us:
        msg = "the quiz is handed in before it began"
        raise body.refuse(msg)
    quiz.fact = replace(quiz.fact, handed_in_us=at_us, passed=body.flag("passed"))
    quiz.score, quiz.full = body.exact("score"), body.exact("full")
    answers = record.values.get("answers")
    if "answers" in record.values and not isinstance(answers, list):
        msg = "the answers are not a list"
        raise body.refuse(msg)
    quiz.answers = answers if isinstance(answers, list) else None


class Quizzes(Part):
    """The sheet, in a class in which a quiz was set."""

    def __init__(self, context: Context) -> None:
        """Start with the class's plan and what was set."""
        super().__init__(context)
        self._lessons = {lesson.id: lesson for lesson in context.record.lessons}
        self._uses = {
            (one.setting.lesson, one.setting.version): self._use(one) for one in context.record.quizzes
        }
        self._count = self._passed = 0

    def applies(self) -> bool:
        """Tell whether a quiz was set for any lesson."""
        return bool(self.context.record.quizzes)

    def frame(self) -> Sheet:
        """Return the sheet's frame."""
        columns = tuple(_HEADINGS.values())
        return Sheet(NAME, self.context.footer(NAME), columns, head_row=3, frozen_columns=2)

    def opening(self) -> Iterator[Row]:
        """Yield title and headings."""
        notice = self.context.notice
        yield row(Style.TITLE, "随堂测验")
        note = (
            f"每行一次；得分达到满分的千分之 {notice.quiz.pass_permille} 为通过"
            f"（{notice.cite('quiz.pass_permille')}）；"
            f"用途为“{_RELEASES}”的课，通过之前其学习时间不计，扣除原因见②（{notice.cite('quiz.release')}）；"
            "不计入考核成绩。"
        )
        yield row(Style.NOTE, self.context.note(note))
        yield row(Style.HEAD, *_HEADINGS)

    def rows(self, judged: Judged) -> Iterator[Row]:
        """Yield a row for each quiz of the trainee, in the order they were begun."""
        trainee = judged.trainee
        for one in sorted(trainee.quizzes.values(), key=lambda one: (one.fact.opened_us, one.fact.quiz)):
            self._count += 1
            self._passed += one.fact.passed
            yield row(Style.DATA, self._count, trainee.name, trainee.id_number, *self._cells(one))

    def closing(self) -> Iterator[Row]:
        """Yield the sums, then what was set, when and why."""
        cells = ["合计", f"{self._count} 次", *[None] * 10, f"通过 {self._passed} 次"]
        yield row(Style.TOTAL, *cells, *[None] * (len(_HEADINGS) - len(cells)))
        for one in self.context.record.quizzes:
            setting = one.setting
            lesson = self._lessons[setting.lesson]
            drawn = f"，{one.blueprint.count} 题" if one.blueprint.parts else ""
            why = f"，原因：{one.reason}" if one.reason else ""
            said = (
                f"设定：第 {lesson.ordinal} 课《{lesson.title}》第 {setting.version} 版，"
                f"{self._use(one)}{drawn}，{words.moment(setting.at_us)}，{one.by or WITHHELD}{why}"
            )
            yield row(Style.NOTE, said)

    def _cells(self, one: QuizRecord) -> list[Cell]:
        fact = one.fact
        lesson = self._lessons.get(fact.lesson)
        done = fact.handed_in_us is not None
        return [
            lesson.ordinal if lesson else None,
            f"{lesson.course}：{lesson.title}" if lesson else fact.lesson,
            fact.version,
            self._uses.get((fact.lesson, fact.version), ""),
            one.number,
            words.moment(fact.opened_us),
            words.moment(fact.handed_in_us) if done else "（未交）",
            one.score,
            one.full,
            ("通过" if fact.passed else "未通过") if done else "",
            one.address,
            fact.quiz,
        ]

    def _use(self, one: QuizSetRecord) -> str:
        if not one.blueprint.parts:
            return _NONE
        return _RELEASES if releases(one.setting.use, self.context.notice.quiz) else _PRACTICE
