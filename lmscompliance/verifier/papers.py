"""Checks each frozen paper against the blueprint it was drawn by, and each blueprint against the policy."""

from __future__ import annotations

from collections.abc import Mapping

from lmscompliance.kernel.jcs import Json
from lmscompliance.policy import Notice
from lmscompliance.rules import blueprint as blueprints
from lmscompliance.rules.blueprint import Part
from lmscompliance.rules.ledger import Judged
from lmscompliance.rules.ledger_facts import AttemptRecord, Blueprint, ClassRecord
from lmscompliance.rules.marking import plain
from lmscompliance.verifier.report import Step


class PaperCheck:
    """Part of the step ``grades``: papers hold what was published, question by question, in its order."""

    def __init__(self, notice: Notice, grades: Step) -> None:
        """Check by ``notice``."""
        self._notice = notice
        self._grades = grades
        self._published: Mapping[int, Blueprint] = {}

    def listen(self, found: ClassRecord) -> None:
        """Check the blueprints of the class: totals, and the topics of the plan as it was then."""
        self._published = found.blueprints
        for version, one in found.blueprints.items():
            laid_out = blueprints.Blueprint(one.parts)
            # What the bank held is no part of the record; whether it was enough, the papers show.
            depth = dict.fromkeys(laid_out.cells(), laid_out.count)
            for problem in blueprints.check(laid_out, one.topics, depth, self._notice.exam):
                why = ", ".join(f"{name}={value}" for name, value in problem.params.items())
                self._grades.fail("blueprint_unfit", version=version, problem=problem.reason, told=why)

    def check(self, judged: Judged) -> None:
        """Compare every paper of one trainee, whatever became of its attempt."""
        who = {"ordinal": judged.trainee.ordinal, "enrolment": judged.trainee.enrolment}
        for attempt in judged.attempts:
            self._compare(attempt, {**who, "number": attempt.fact.number, "attempt": attempt.fact.attempt})

    def _compare(self, attempt: AttemptRecord, where: Mapping[str, object]) -> None:
        version = attempt.blueprint_version
        published = self._published.get(version)
        if published is None or published.published_us > attempt.fact.opened_us:
            self._grades.fail("paper_without_blueprint", version=version, **where)
            return
        wanted = [part for part in published.parts for _ in range(part.count)]
        if len(wanted) != len(attempt.items):
            count = len(attempt.items)
            self._grades.fail("paper_length", version=version, expected=len(wanted), found=count, **where)
        seen: set[str] = set()
        for number, (part, item) in enumerate(zip(wanted, attempt.items, strict=False), 1):
            if item is None:
                continue
            if not fits(part, item):
                expected, found = told(part.to_json()), told(item)
                what = {"item": number, "version": version, "expected": expected, "found": found}
                self._grades.fail("paper_differs", **what, **where)
            question = str(item.get("question"))
            if question in seen:
                self._grades.fail("paper_repeats", item=number, question=question, **where)
            seen.add(question)


def fits(part: Part, item: Mapping[str, Json]) -> bool:
    """Tell whether a frozen question is what ``part`` asks for."""
    wanted = (part.topic, part.kind, plain(part.points))
    same = (item.get("topic"), item.get("kind"), item.get("points")) == wanted
    return same and part.level in {"", item.get("level")}


def told(question: Mapping[str, Json]) -> str:
    """Return topic, kind, level and points as a report says them."""
    level = f"/{question['level']}" if question.get("level") else ""
    return f"{question.get('topic')}/{question.get('kind')}{level}/{question.get('points')}"
