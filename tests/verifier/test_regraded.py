"""Re-marked attempts in a bundle: recomputed from the corrected keys, both scores on sheet ⑤."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
from sqlalchemy import select

from lmscompliance import evidence
from lmscompliance.evidence.models import Entry
from lmscompliance.storage.transaction import reading
from lmscompliance.tlog.leaf import Leaf
from lmscompliance.verifier import Verdict, verify
from tests.ledgers.miniature import Miniature
from tests.verifier.conftest import make
from tests.verifier.tamper import said


def _attempt(mini: Miniature, who: int, number: int) -> str:
    """Return the id of a trainee's attempt, as the log has it."""
    stream = evidence.enrolment_stream(mini.enrolments[who])
    opened = [leaf for leaf in _leaves(mini, stream) if leaf.t == "attempt.opened"]
    return str(opened[number - 1].body["attempt"])


def _leaves(mini: Miniature, stream: str) -> list[Leaf]:
    with reading(mini.services.database) as session:
        rows = session.scalars(select(Entry.leaf).where(Entry.stream == stream).order_by(Entry.n))
        return [Leaf.decode(row) for row in rows]


def _regrade(mini: Miniature, who: int, number: int, **claims) -> None:
    """Correct the key of the first question so that the attempt loses its 25 points."""
    mini.clock.advance(60)
    body = {
        "attempt": _attempt(mini, who, number),
        "regraded_us": mini.now_us(),
        "item": 1,
        "question": "Q1",
        "version": 1,
        "key_version": 2,
        "score_before": "75",
        "score": "50",
        "passed_before": True,
        "passed": False,
        **claims,
    }
    # Nobody answered with an option that does not exist.
    mini.record(
        evidence.enrolment_stream(mini.enrolments[who]),
        "attempt.regraded",
        body,
        key=[99],
        by="教务甲",
        why="教材第3页",
    )


def test_a_re_marking_verifies_and_sheet_5_shows_both_scores(tmp_path: Path) -> None:
    """A pass that was taken back is recomputed, and the trainee is no longer eligible."""
    made = make(tmp_path, lambda mini: _regrade(mini, 1, 2))
    report = verify(made.export.bundle, made.trust)
    assert report.verdict is Verdict.VALID, "\n".join(report.lines("en"))
    with zipfile.ZipFile(made.export.workbook) as workbook:
        sheets = [
            workbook.read(name).decode() for name in workbook.namelist() if name.startswith("xl/worksheets/")
        ]
    told = next(sheet for sheet in sheets if "重新评分" in sheet)
    assert "75 分（合格）→ 50 分（不合格）" in told
    assert "教材第3页" in told


@pytest.mark.parametrize(
    ("claims", "code"),
    [
        ({"score": "60"}, "score_differs"),
        ({"score_before": "70"}, "score_differs"),
        ({"passed": True}, "passed_differs"),
    ],
    ids=["another-score", "another-former-score", "passed-by-decree"],
)
def test_a_re_marking_that_the_paper_does_not_bear_out_is_invalid(tmp_path: Path, claims, code) -> None:
    """A score that does not follow from the corrected key, or hides the former one, is found."""
    made = make(tmp_path, lambda mini: _regrade(mini, 1, 2, **claims))
    report = verify(made.export.bundle, made.trust)
    assert report.verdict is Verdict.INVALID
    assert said(report, code)
