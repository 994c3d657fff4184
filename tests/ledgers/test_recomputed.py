"""Every figure of the workbook, worked out once more from the bundle's lines by other arithmetic.

Nothing of the product is used here but what makes the export: a ZIP, JSON, and sums.
"""

from __future__ import annotations

import json
import zipfile
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from lmscompliance.evidence.signer import LocalSigner
from lmscompliance.ledgers.service import export
from tests.claims.office import claim, closed_class, paying
from tests.ledgers.miniature import Miniature
from tests.verifier.conftest import make


class Lines:
    """A bundle's leaves by stream, what is disclosed of them, and the policy's values."""

    def __init__(self, path: Path) -> None:
        with zipfile.ZipFile(path) as archive:
            entries, values, policy = (
                [json.loads(line) for line in archive.read(name).splitlines()]
                for name in ("entries.ndjson", "disclosures.ndjson", "policy.json")
            )
        leaves = [json.loads(one["leaf"]) for one in entries]
        self.values = {(one["stream"], one["n"], one["name"]): one["value"] for one in values}
        self.terms = {key: one["value"] for key, one in policy[0]["parameters"].items()}
        self.own = [one for one in leaves if one["stream"].startswith("class/")]
        self.people: dict[str, list[dict[str, Any]]] = {}
        for one in self.own:
            if one["t"] == "enrolment.created":
                self.people[f"enrolment/{one['body']['enrolment']}"] = []
        for one in leaves:
            if one["stream"] in self.people:
                self.people[one["stream"]].append(one)
        (self.plan,) = [one["body"]["lessons"] for one in self.own if one["t"] == "plan.published"] or [[]]

    def sessions(self, stream: str) -> list[dict[str, Any]]:
        """Return a trainee's sessions with seconds: what passed, and what the lesson still had room for."""
        found: dict[str, dict[str, Any]] = {}
        for leaf in self.people[stream]:
            body = leaf["body"]
            if leaf["t"] == "session.opened":
                found[body["session"]] = {"lesson": body["lesson"], "from": body["opened_us"], "beats": {}}
            elif leaf["t"] == "session.segment":
                beats = {beat[0]: body["start_us"] + beat[1] * 1000 for beat in body["beats"]}
                found[body["session"]]["beats"] |= beats
            elif leaf["t"] == "session.closed":
                found[body["session"]]["until"] = body["closed_us"]
        room = {one["id"]: one["planned_seconds"] for one in self.plan}
        for one in sorted(found.values(), key=lambda one: int(one["from"])):
            moments = [at for _, at in sorted(one["beats"].items())]
            gaps = [(later - earlier) / 1e6 for earlier, later in pairwise(moments)]
            seen = sum(gap for gap in gaps if gap <= self.terms["credit.max_gap_seconds"])
            one["counts"] = min(seen, room[one["lesson"]])
            room[one["lesson"]] -= one["counts"]
            one["passed"] = (one["until"] - one["from"]) / 1e6
        return list(found.values())

    def papers(self, stream: str) -> list[tuple[Decimal, list[tuple[str, bool]]]]:
        """Return each paper's score, and its questions with whether they were answered right."""
        papers = []
        opened: list[dict[str, Any]] = []
        for leaf in self.people[stream]:
            if leaf["t"] == "attempt.opened":
                names = sorted(name for name in leaf["d"] if name[0] == "q")
                opened = [self.values[stream, leaf["n"], name] for name in names]
            elif leaf["t"] == "attempt.submitted":
                given = self.values[stream, leaf["n"], "answers"]
                right = [
                    (str(one["question"]), one["key"] == answer)
                    for one, answer in zip(opened, given, strict=True)
                ]
                points = (
                    Decimal(one["points"]) for one, (_, good) in zip(opened, right, strict=True) if good
                )
                papers.append((sum(points, Decimal(0)), right))
        return papers


def _table(book: openpyxl.Workbook, sheet: str, head: int = 3) -> tuple[list[dict[str, Any]], list[Any]]:
    """Return the numbered rows below the headings by heading, and the row of sums."""
    headings, *rows = book[sheet].iter_rows(min_row=head, values_only=True)
    numbered = [dict(zip(headings, row, strict=True)) for row in rows if isinstance(row[0], int)]
    return numbered, next((list(row) for row in rows if "合计" in row[:2]), [])


def _seconds(minutes: float) -> int:
    return round(minutes * 60)


def _more(made: Miniature) -> None:
    """Let one come back in pieces, with gaps and past a lesson's end, and one open a session for nothing."""
    for lesson, seconds, idle in ((0, 60, None), (1, 40, 20), (1, 75, None), (2, 90, None), (3, 55, 10)):
        made.watch(3, lesson, seconds, idle_at=idle)
    made.watch(4, 0, 0)


@dataclass
class Figures:
    """One trainee, added up."""

    sessions: list[dict[str, Any]]
    papers: list[tuple[Decimal, list[tuple[str, bool]]]]
    learnt: list[str] = field(default_factory=list)
    trained: bool = False
    passed: bool = False

    def seconds(self, name: str) -> float:
        """Return the sum of what the sessions have under ``name``."""
        return sum(float(one[name]) for one in self.sessions)


def _figures(lines: Lines, stream: str) -> Figures:
    terms = lines.terms
    mine = Figures(lines.sessions(stream), lines.papers(stream))
    by_lesson: dict[str, float] = defaultdict(float)
    for one in mine.sessions:
        by_lesson[one["lesson"]] += one["counts"]
    ratio = float(terms["hours.completion_ratio"])
    learnt = [one for one in lines.plan if by_lesson[one["id"]] >= one["planned_seconds"] * ratio]
    mine.learnt = [one["id"] for one in learnt]
    hours = sum((Decimal(one["class_hours"]) for one in learnt), Decimal(0))
    minutes = Decimal(sum(by_lesson[one] for one in mine.learnt)) / 60
    enough = hours >= Decimal(terms["hours.min_total"])
    enough = enough and minutes >= Decimal(terms["hours.min_average_minutes"]) * hours
    mine.trained = enough and {one["topic"] for one in learnt} == {one["topic"] for one in lines.plan}
    mine.passed = any(score >= Decimal(terms["exam.pass_mark"]) for score, _ in mine.papers)
    return mine


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> tuple[Lines, list[Figures], openpyxl.Workbook]:
    """Return a class's lines, its people added up, and its workbook."""
    export_ = make(tmp_path_factory.mktemp("recomputed"), _more).export
    lines = Lines(export_.bundle)
    return lines, [_figures(lines, one) for one in lines.people], openpyxl.load_workbook(export_.workbook)


def test_every_row_of_a_person_follows_from_the_lines(done: Any) -> None:
    """Times, lessons, class hours, scores and verdicts of each trainee."""
    lines, people, book = done
    hours = {one["id"]: Decimal(one["class_hours"]) for one in lines.plan}
    learning, results = _table(book, "③学习汇总")[0], _table(book, "⑤考核成绩册")[0]
    assert len(people) == 5
    for mine, row, result in zip(people, learning, results, strict=True):
        assert row["学习次数"] == sum(one["counts"] > 0 for one in mine.sessions)
        assert _seconds(row["总学习时长(分)"]) == mine.seconds("passed")
        assert _seconds(row["有效时长(分)"]) == mine.seconds("counts")
        assert row["完成课件"] == f"{len(mine.learnt)}/{len(lines.plan)}"
        assert Decimal(row["完成课时"]) == sum(hours[one] for one in mine.learnt)
        assert row["是否达标"] == ("达标" if mine.trained else "未达标")
        scores = [score for score, _ in mine.papers]
        assert [result[f"第{number}次得分"] for number in (1, 2)] == [*scores, None, None][:2]
        assert result["最终成绩"] == max(scores, default=None)
        assert (result["是否合格"] == "合格") is mine.passed
        assert (result["可否享受补贴"] == "可以") is (mine.trained and mine.passed)


def test_every_total_follows_from_the_lines(done: Any) -> None:
    """Sums below the rows and on the cover, how often each question was drawn, and the plan."""
    lines, people, book = done
    sessions = [one for mine in people for one in mine.sessions]
    passed, counted = (sum(mine.seconds(name) for mine in people) for name in ("passed", "counts"))
    rows, below = _table(book, "②学习记录明细")
    assert [_seconds(one["时长(分)"]) for one in rows] == [one["passed"] for one in sessions]
    assert [_seconds(one["有效时长(分)"]) for one in rows] == [one["counts"] for one in sessions]
    assert [below[1], *map(_seconds, below[10:12])] == [f"{len(sessions)} 次", passed, counted]
    rows, below = _table(book, "③学习汇总")
    assert below[6] == sum(one["counts"] > 0 for one in sessions)
    assert list(map(_seconds, below[7:9])) == [passed, counted]
    cover = {row[i]: row[i + 1] for row in book["封面"].iter_rows(values_only=True) for i in (0, 2)}
    assert [cover[f"{one}人数"] for one in ("报名", "完成培训", "考核合格", "符合补贴条件")] == [
        len(people),
        sum(mine.trained for mine in people),
        sum(mine.passed for mine in people),
        sum(mine.trained and mine.passed for mine in people),
    ]
    assert [_seconds(cover[f"{one}时长(分)"]) for one in ("总学习", "有效")] == [passed, counted]
    excluded = [row[2] for row in book["封面"].iter_rows(values_only=True) if row[0] == "扣除合计"]
    assert excluded == [passed - counted]
    asked = [one for mine in people for _, questions in mine.papers for one in questions]
    drawn, right = Counter(name for name, _ in asked), Counter(name for name, good in asked if good)
    questions, _ = _table(book, "④考核内容", head=10)
    assert {one["题目编号（版本）"][:9]: (one["抽用次数"], one["答对次数"]) for one in questions} == {
        name: (count, right[name]) for name, count in drawn.items()
    }
    plan, below = _table(book, "教学计划")
    complete = Counter(one for mine in people for one in mine.learnt)
    assert [one["完成人数"] for one in plan] == [complete[one["id"]] for one in lines.plan]
    assert Decimal(below[5]) == sum(Decimal(one["class_hours"]) for one in lines.plan)
    assert _seconds(below[6]) == sum(one["planned_seconds"] for one in lines.plan)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_money_follows_from_the_lines(services: Any, tmp_path: Path) -> None:
    """Those who are granted something times the notice's rate: by row, below the rows, in the summary."""
    paid = paying(services)
    class_id = closed_class(paid, tmp_path, "A", (1, 2, 3))
    claim(paid, class_id)
    signer = LocalSigner.load_or_create(tmp_path / "signer", "example.com/log")
    done = export(paid, signer, class_id, tmp_path / "out")
    lines, book = Lines(done.bundle), openpyxl.load_workbook(done.workbook)
    granted = [one["body"]["lines"] for one in lines.own if one["t"] == "claim.lines"]
    rate = Decimal(lines.terms["subsidy.per_person"])
    rows, sums = _table(book, "⑧补贴人员花名册")
    assert len(rows) == sum(map(len, granted)) == len(lines.people) == 3
    assert [one["金额（元）"] for one in rows] == [rate] * 3
    total = rate * len(rows)
    assert total in sums
    summary = [cell for row in book["⑦补贴汇总表"].iter_rows(values_only=True) for cell in row]
    assert summary.count(float(total)) == 2
    assert total in _table(book, "补贴核算明细")[1]
