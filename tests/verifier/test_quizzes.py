"""Quizzes in a bundle: marked again, drawn as they were set, and never passed by a stroke of the pen."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest

from lmscompliance.verifier import Report, Verdict, verify
from tests.ledgers.miniature import Miniature
from tests.verifier.conftest import make
from tests.verifier.tamper import codes

SHEET = "随堂测验"


def _verify(folder: Path, change: Callable[[Miniature], None]) -> Report:
    made = make(folder, change)
    return verify(made.export.bundle, made.trust)


def _rows(workbook: Path, sheet: str) -> list[tuple[object, ...]]:
    return list(openpyxl.load_workbook(workbook)[sheet].iter_rows(values_only=True))


def _learnt(mini: Miniature, *tries: tuple[int, int], **cheat) -> None:
    mini.set_quiz(3)
    mini.watch(3, 3, 90)
    for number, right in tries:
        mini.take_quiz(3, 3, number, right, **(cheat if (number, right) == tries[-1] else {}))


def _asked(mini: Miniature, **part) -> None:
    mini.set_quiz(3, **part)
    mini.take_quiz(3, 3, 1, 2)


def test_what_waited_and_what_was_passed_stand_in_the_ledger(tmp_path: Path) -> None:
    """A failed and a passed quiz release the lesson; its sheet lists both and what was set."""
    made = make(tmp_path, lambda mini: _learnt(mini, (1, 1), (2, 2)))
    report = verify(made.export.bundle, made.trust)
    assert report.verdict is Verdict.VALID, "\n".join(report.lines("en"))
    rows = _rows(made.export.workbook, SHEET)
    assert [row[12] for row in rows[3:5]] == ["未通过", "通过"]
    assert any("通过后计学时，2 题" in str(cell) for row in rows for cell in row)
    detail = _rows(made.export.workbook, "②学习记录明细")
    assert not any("待通过随堂测验" in str(cell) for row in detail for cell in row)


def test_a_lesson_whose_quiz_is_not_passed_waits_on_the_detail_sheet(tmp_path: Path) -> None:
    """Its seconds carry that one reason."""
    made = make(tmp_path, lambda mini: _learnt(mini, (1, 1)))
    assert verify(made.export.bundle, made.trust).verdict is Verdict.VALID
    detail = _rows(made.export.workbook, "②学习记录明细")
    assert any(str(row[12]).startswith("待通过随堂测验") for row in detail)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda mini: _learnt(mini, (1, 0), passed=True), "quiz_passed_differs"),
        (lambda mini: _learnt(mini, (1, 0), passed=True, score="2"), "quiz_score_differs"),
        (lambda mini: _learnt(mini, (1, 1), full="1", passed=True), "quiz_score_differs"),
        (lambda mini: _learnt(mini, (2, 2)), "quiz_too_early"),
        (lambda mini: mini.take_quiz(3, 3, 1, 2), "quiz_not_set"),
        (lambda mini: (mini.set_quiz(3, count=5), mini.take_quiz(3, 3, 1, 2)), "quiz_other_paper"),
        (lambda mini: _asked(mini, topic="消防"), "quiz_other_question"),
        (lambda mini: _asked(mini, level="hard"), "quiz_other_question"),
        (lambda mini: _asked(mini, named=["bank-0000", "bank-0007"]), "quiz_other_question"),
    ],
)
def test_a_forged_quiz_is_found(tmp_path: Path, change, code: str) -> None:
    """Who writes a pass, a score, a number, a shorter paper or other questions into the log is named."""
    report = _verify(tmp_path, change)
    assert report.verdict is Verdict.INVALID
    assert code in codes(report)
