"""Essays in a bundle: what people gave is recomputed, and so is that the right number of them did."""

from __future__ import annotations

import zipfile
from decimal import Decimal
from pathlib import Path

import pytest

from lmscompliance.verifier import Verdict, verify
from tests.ledgers.miniature import Miniature
from tests.verifier.conftest import make
from tests.verifier.tamper import said


def _sit(mini: Miniature, marks, **cheat) -> None:
    for lesson in range(4):
        mini.watch(3, lesson, 90)
    mini.unlock(3)
    mini.sit(3, 1, 3, marks=marks, **cheat)


def test_marks_by_three_people_verify_and_stand_on_sheet_5(tmp_path: Path) -> None:
    """Two far apart and a third give the score that was recorded, and the ledger tells who gave what."""
    marks = [("marker-1", "20"), ("marker-2", "10"), ("marker-3", "18")]
    made = make(tmp_path, lambda mini: _sit(mini, marks))
    report = verify(made.export.bundle, made.trust)
    assert report.verdict is Verdict.VALID, "\n".join(report.lines("en"))
    with zipfile.ZipFile(made.export.workbook) as workbook:
        results = workbook.read("xl/worksheets/sheet6.xml").decode()
    assert "20 分（marker-1）、10 分（marker-2）、18 分（marker-3），得 19 分" in results


@pytest.mark.parametrize(
    ("marks", "cheat", "code"),
    [
        ([("m1", "20"), ("m2", "18")], {"graded": Decimal(100)}, "score_differs"),
        ([("m1", "20")], {"graded": Decimal(95)}, "essay_marks"),
        ([], {"graded": Decimal(75)}, "essay_marks"),
        ([("m1", "20"), ("m2", "10")], {"graded": Decimal(90)}, "essay_marks"),
        ([("m1", "20"), ("m2", "20"), ("m3", "25")], {}, "essay_marks"),
        ([("m1", "30"), ("m2", "30")], {}, "essay_points"),
        ([("m1", "20"), ("m1", "20")], {}, "essay_marked_by_one"),
    ],
    ids=["another-score", "one-mark", "no-mark", "no-third", "a-third-unasked", "beyond", "one-person"],
)
def test_marks_that_the_policy_does_not_bear_out_are_invalid(tmp_path: Path, marks, cheat, code) -> None:
    """A mark too few, too many, too high, by the same person, or a score that does not follow, is named."""
    made = make(tmp_path, lambda mini: _sit(mini, marks, **cheat))
    report = verify(made.export.bundle, made.trust)
    assert report.verdict is Verdict.INVALID
    assert said(report, code)[0]["ordinal"] == 4
