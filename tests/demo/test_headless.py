"""The month without a browser: valid, repeatable, and right when added up again from the leaves."""

from __future__ import annotations

import dataclasses
from collections import Counter
from pathlib import Path

import openpyxl
import pytest

from lmscompliance.demo.headless import run
from lmscompliance.demo.month import CODE, Material
from lmscompliance.demo.people import invent, write_roster
from lmscompliance.demo.summary import Summary
from lmscompliance.kernel.errors import ComplianceError, InvalidInput
from lmscompliance.kernel.ids import Ids, SeededRandomness
from tests.demo import arithmetic
from tests.demo.quick import QUICK, write_policy

BEHAVIOURS = ("diligent", "idle", "two_devices", "forged_progress", "fails_once", "fails_twice")
_FIRST_ROW = 4


def _silent(_phase: str, _done: int, _total: int) -> None:
    pass


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> tuple[Summary, list[tuple[str, int, int]]]:
    """Return what six trainees came to, one of each behaviour, and what the progress told."""
    told: list[tuple[str, int, int]] = []
    out = tmp_path_factory.mktemp("month")
    return run(out, Material(), 6, 1, lambda *phase: told.append(phase)), told


@pytest.fixture
def quick(tmp_path: Path) -> Material:
    """Return a class of four short lessons, so that a month is played in a second or two."""
    plan = tmp_path / "plan.xlsx"
    book = openpyxl.Workbook()
    book.active.append(["序号", "内容类别", "课程", "课件名称", "授课形式", "课时", "时长(分钟)"])
    for number, topic in enumerate(("岗位技能", "安全生产", "职业道德", "防疫知识"), start=1):
        book.active.append([number, topic, topic, f"{topic}入门", "录播", 1, 6])
    book.save(plan)
    terms = {
        "hours.min_average_minutes": "6",
        "hours.minutes_per_class_hour": "6",
        "credit.beat_seconds": "60",
        "credit.max_gap_seconds": "90",
        "credit.segment_seconds": "300",
        "presence.min_interval_seconds": "100",
        "presence.max_interval_seconds": "300",
        "exam.duration_seconds": "3600",
    }
    directory = write_policy(tmp_path / "policies", terms, window=True)
    return Material(plan=plan, policy=QUICK, policy_dir=directory)


def test_each_behaviour_leaves_its_mark(played) -> None:
    """Six ways of learning end in six kinds of record, and the ledger over all of them is valid."""
    summary, _ = played
    assert summary.verdict == "valid"
    assert summary.behaviours == dict.fromkeys(sorted(BEHAVIOURS), 1)
    expected = {"idle_gap", "page_hidden", "overlap", "too_fast", "paused", "outside_window"}
    expected |= {"over_length", "presence_missed"}
    assert set(summary.excluded_seconds) == expected
    # The diligent and the one with two devices pass at once, a third one at the second attempt.
    assert (summary.passed, summary.failed_twice, summary.eligible) == (3, 1, 3)
    # Nobody who was idle or forged progress gets to see a paper; there is no third attempt.
    assert summary.refusals == {"exams.gate_training_incomplete": 2, "exams.gate_attempts_used": 1}


def test_the_progress_comes_to_its_end(played) -> None:
    """Every phase from the roster to the verdict is told of, and each reaches what it announced."""
    _, told = played
    last = {phase: (done, total) for phase, done, total in told}
    assert list(last) == ["roster", "month", "entries", "workbook", "bundle", "verify"]
    assert [phase for phase, (done, total) in last.items() if done != total] == []


def test_the_figures_add_up_again_from_the_leaves(played) -> None:
    """Sheets ② and ③ and the summary say what plain arithmetic over the bundle's beats says."""
    summary, _ = played
    found = arithmetic.read(Path(summary.bundle))
    book = openpyxl.load_workbook(summary.workbook)
    detail = _rows(book["②学习记录明细"])
    totals = _rows(book["③学习汇总"])
    sittings = [one for person in found.people for one in person.sittings]
    by_id = {row["记录编号"]: row for row in detail}
    assert len(detail) == len(by_id) == len(sittings) == summary.sessions
    for sitting in sittings:
        row = by_id[sitting.id]
        assert round(row["时长(分)"] * 60) == sitting.seconds.total() == sitting.closed - sitting.opened
        assert round(row["有效时长(分)"] * 60) == sitting.seconds["credited"]
        excluded = sum(count for reason, count in sitting.seconds.items() if reason != "credited")
        assert sum(_seconds_of(row["扣除原因"])) == excluded
    for number, person in enumerate(found.people):
        row, total = totals[number], person.total()
        done = sum(person.credited_in(lesson) >= planned for lesson, planned in found.planned.items())
        assert row["序号"] == number + 1
        assert round(row["总学习时长(分)"] * 60) == total.total()
        assert round(row["有效时长(分)"] * 60) == total["credited"]
        assert row["学习次数"] == sum(one.seconds["credited"] > 0 for one in person.sittings)
        assert row["完成课件"] == f"{done}/{len(found.planned)}"
        assert row["完成课时"] == done  # each lesson of this plan is one class hour
        assert row["是否达标"] == ("达标" if done == len(found.planned) else "未达标")
    everything = sum((person.total() for person in found.people), Counter())
    assert summary.credited_seconds == everything.pop("credited")
    assert summary.excluded_seconds == dict(everything)
    assert summary.beats == sum(len(sitting.beats) for sitting in sittings)


def test_one_seed_is_one_month(quick: Material, tmp_path: Path) -> None:
    """The same seed gives the same figures, another one others; a repeated run replaces the one before."""
    first, again = (_figures(run(tmp_path / "out", quick, 6, 7, _silent)) for _ in range(2))
    other = _figures(run(tmp_path / "other", quick, 6, 9, _silent))
    assert first == again
    assert first["verdict"] == other["verdict"] == "valid"
    assert first["excluded_seconds"] != other["excluded_seconds"]


def test_the_number_of_trainees_caps_a_roster(quick: Material, tmp_path: Path) -> None:
    """Of a roster of five, two take part."""
    roster = tmp_path / "five.xlsx"
    write_roster(roster, invent(Ids(None, SeededRandomness("five")), 5))
    summary = run(tmp_path / "out", dataclasses.replace(quick, roster=roster), 2, 1, _silent)
    assert summary.trainees == 2
    assert summary.behaviours == {"diligent": 1, "idle": 1}


@pytest.mark.parametrize("name", [f"{CODE}.xlsx", "data/records.csv"])
def test_a_directory_with_other_data_is_left_alone(quick: Material, tmp_path: Path, name: str) -> None:
    """Where a run would write over somebody's files it refuses, names the place and touches nothing."""
    mine = tmp_path / "out" / name
    mine.parent.mkdir(parents=True)
    mine.write_text("mine", encoding="utf-8")
    before = sorted((tmp_path / "out").rglob("*"))
    with pytest.raises(InvalidInput) as refused:
        run(tmp_path / "out", quick, 1, 1, _silent)
    assert refused.value.code == "demo.not_empty"
    assert str(tmp_path / "out") in refused.value.message("en")
    assert sorted((tmp_path / "out").rglob("*")) == before
    assert mine.read_text(encoding="utf-8") == "mine"


def test_a_run_in_use_is_left_alone(quick: Material, tmp_path: Path) -> None:
    """Two runs never share a directory."""
    from lmscompliance.demo.places import claimed

    with claimed(tmp_path / "out" / "data"), pytest.raises(ComplianceError) as refused:
        run(tmp_path / "out", quick, 1, 1, _silent)
    assert refused.value.code == "demo.in_use"


def _figures(summary: Summary) -> dict[str, object]:
    paths = {"bundle", "workbook", "trust"}
    return {name: value for name, value in summary.to_json().items() if name not in paths}


def _rows(sheet) -> list[dict[str, object]]:
    head, *rows = sheet.iter_rows(min_row=_FIRST_ROW - 1, values_only=True)
    return [dict(zip(head, row, strict=True)) for row in rows if isinstance(row[0], int)]


def _seconds_of(reasons: str | None) -> list[int]:
    """Return the seconds that a cell such as ``超出课时长 3 秒`` tells of."""
    words = (reasons or "").replace("；", " ").split()
    return [int(word) for word in words if word.isdigit()]
