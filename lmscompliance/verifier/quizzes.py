"""Checks quizzes within lessons: marked again, drawn as they were set, begun when the policy lets them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from lmscompliance.kernel.jcs import Json
from lmscompliance.policy import Notice
from lmscompliance.rules.ledger_facts import TraineeRecord
from lmscompliance.rules.ledger_quiz_facts import QuizRecord, QuizSetRecord
from lmscompliance.rules.marking import Item, mark
from lmscompliance.rules.quizzes import not_before_us, passes
from lmscompliance.verifier.papers import fits, told
from lmscompliance.verifier.report import Report, Step


class QuizCheck:
    """What is checked of every trainee's quizzes, given what was set in the class."""

    def __init__(
        self, settings: Iterable[QuizSetRecord], notice: Notice, grades: Step, rules: Step, report: Report
    ) -> None:
        """Check by ``notice``; problems go to the two steps, what cannot be checked to ``report``."""
        self._set = {(one.setting.lesson, one.setting.version): one for one in settings}
        self._notice = notice
        self._grades = grades
        self._rules = rules
        self._report = report

    def check(self, trainee: TraineeRecord, who: Mapping[str, object]) -> None:
        """Check one trainee's quizzes, lesson by lesson."""
        lessons: dict[str, list[QuizRecord]] = {}
        for one in trainee.quizzes.values():
            lessons.setdefault(one.fact.lesson, []).append(one)
        for quizzes in lessons.values():
            quizzes.sort(key=lambda one: one.number)
            for place, one in enumerate(quizzes):
                where = {**who, "quiz": one.fact.quiz, "number": one.number}
                self._drawn(one, where)
                self._begun(one, quizzes[:place], where)
                if one.fact.handed_in_us is not None:
                    self._marked(one, where)

    def _drawn(self, one: QuizRecord, where: Mapping[str, object]) -> None:
        """Check that it was set by then, and holds just such questions as were set, in their order."""
        setting = self._set.get((one.fact.lesson, one.fact.version))
        if setting is None or not setting.blueprint.parts or setting.setting.at_us > one.fact.opened_us:
            self._rules.fail("quiz_not_set", **where)
        elif setting.blueprint.count != len(one.items):
            self._rules.fail(
                "quiz_other_paper", count=len(one.items), expected=setting.blueprint.count, **where
            )
        else:
            self._asked(one, setting, where)

    def _asked(self, one: QuizRecord, setting: QuizSetRecord, where: Mapping[str, object]) -> None:
        wanted = [part for part in setting.blueprint.parts for _ in range(part.count)]
        seen: set[str] = set()
        for number, (part, item) in enumerate(zip(wanted, one.items, strict=True), 1):
            if item is None:
                continue
            question = str(item.get("question"))
            foreign = bool(setting.named) and question not in setting.named
            if foreign or question in seen or not fits(part, item):
                what = f"{told(item)}（{question}）"
                self._rules.fail(
                    "quiz_other_question", item=number, expected=told(part.to_json()), found=what, **where
                )
            seen.add(question)

    def _begun(self, one: QuizRecord, before: list[QuizRecord], where: Mapping[str, object]) -> None:
        """Check that those of a lesson are numbered in turn, and begun one after another."""
        earlier = [each.fact for each in before]
        open_still = any(
            each.handed_in_us is None or each.handed_in_us > one.fact.opened_us for each in earlier
        )
        early = not_before_us(earlier, self._notice.quiz, one.fact.opened_us) is not None
        if one.number != len(before) + 1 or open_still or early:
            self._rules.fail("quiz_too_early", **where)

    def _marked(self, one: QuizRecord, where: Mapping[str, object]) -> None:
        items: list[Mapping[str, Json]] = [item for item in one.items if item is not None]
        if one.score is None or one.full is None:
            return
        if one.fact.passed is not passes(one.score, one.full, self._notice.quiz):
            self._grades.fail("quiz_passed_differs", score=one.score, full=one.full, **where)
        if one.answers is None or len(items) < len(one.items):
            self._report.find("quiz_unchecked", **where)
            return
        try:
            marked = mark([Item.from_json(item) for item in items], one.answers, self._notice.exam)
        except (KeyError, ValueError, ArithmeticError):
            self._grades.fail("quiz_unreadable", **where)
            return
        if (marked.score, marked.full) != (one.score, one.full):
            expected = f"{marked.score}/{marked.full}"
            self._grades.fail(
                "quiz_score_differs", expected=expected, found=f"{one.score}/{one.full}", **where
            )
