"""Corrections of credit in a bundle: the verifier recomputes with them, and restores nothing on its own."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from lmscompliance import evidence
from lmscompliance.verifier import Verdict, verify
from tests.ledgers.miniature import Miniature
from tests.verifier.conftest import make
from tests.verifier.tamper import said

STRETCH = 60


def _verify(folder: Path, change):
    made = make(folder, change)
    with zipfile.ZipFile(made.export.workbook) as workbook:
        sheets = [workbook.read(f"xl/worksheets/sheet{number}.xml").decode() for number in (3, 4)]
    return verify(made.export.bundle, made.trust), sheets


def _idle(mini: Miniature) -> tuple[str, int]:
    """Let the fourth trainee watch with a gap of a minute; return the session and where the gap begins."""
    start = mini.now_us()
    return mini.watch(3, 1, 90, idle_at=40), start + 40_000_000


def _correct(mini: Miniature, session: str, start_us: int, effect: str, dispute: str | None = None) -> None:
    at = mini.now_us()
    mini.clock.advance(1)
    mini.record(
        evidence.enrolment_stream(mini.enrolments[3]),
        "credit.corrected",
        {
            "correction": f"c{at}",
            "session": session,
            "effect": effect,
            "start_us": start_us,
            "end_us": start_us + STRETCH * 1_000_000,
            "corrected_us": at,
            "role": "administrator",
            "dispute": dispute,
        },
        by="admin-1",
        reason="停电，情况属实",
    )


def _dispute(mini: Miniature, session: str, start_us: int, decision: str) -> None:
    stream = evidence.enrolment_stream(mini.enrolments[3])
    stretch = {"session": session, "start_us": start_us, "end_us": start_us + STRETCH * 1_000_000}
    opened = {"dispute": "d1", **stretch, "reason": "idle_gap", "opened_us": mini.now_us()}
    mini.record(stream, "dispute.opened", opened, text="当时停电")
    decided = {
        "dispute": "d1",
        "decision": decision,
        "decided_us": mini.now_us(),
        "role": "administrator",
    }
    mini.record(stream, "dispute.decided", decided, by="admin-1", reason="停电，情况属实")


def test_restored_credit_verifies_and_is_a_finding(tmp_path: Path) -> None:
    """The stretch counts, ② and ③ say by whom and why, and an auditor is told how much there is of it."""

    def uphold(mini: Miniature) -> None:
        session, gap = _idle(mini)
        _dispute(mini, session, gap, "upheld")
        _correct(mini, session, gap, "restore", "d1")

    report, (detail, summary) = _verify(tmp_path, uphold)
    assert report.verdict is Verdict.VALID_WITH_FINDINGS, "\n".join(report.lines("en"))
    (found,) = report.findings
    assert (found.code, dict(found.params)) == ("credit_restored", {"count": 1, "seconds": STRETCH})
    assert "平台恢复" in detail
    assert "停电，情况属实" in detail
    assert "恢复 1 次；异议成立 1 件" in summary


def test_credit_cannot_be_restored_without_an_upheld_objection(tmp_path: Path) -> None:
    """Neither out of nothing, nor on one that was rejected, nor for another stretch."""

    def nothing(mini: Miniature) -> None:
        _correct(mini, *_idle(mini), "restore")

    def rejected(mini: Miniature) -> None:
        session, gap = _idle(mini)
        _dispute(mini, session, gap, "rejected")
        _correct(mini, session, gap, "restore", "d1")

    def elsewhere(mini: Miniature) -> None:
        session, gap = _idle(mini)
        _dispute(mini, session, gap, "upheld")
        _correct(mini, session, gap - 1_000_000, "restore", "d1")

    for change in (nothing, rejected, elsewhere):
        report, _ = _verify(tmp_path / change.__name__, change)
        assert report.verdict is Verdict.INVALID, change.__name__
        assert said(report, "restored_without_dispute")[0]["ordinal"] == 4


def test_an_exclusion_after_the_exam_was_unlocked_is_no_fault_of_the_unlocking(tmp_path: Path) -> None:
    """The training was complete then; now it is not, and eligibility follows."""

    def exclude(mini: Miniature) -> None:
        start = mini.now_us()
        session = mini.watch(3, 0, 90)
        for lesson in (1, 2, 3):
            mini.watch(3, lesson, 90)
        mini.unlock(3)
        mini.sit(3, 1, 4)
        # The lesson was begun before, so its last stretch is what completed it.
        _correct(mini, session, start, "exclude")

    report, (detail, _) = _verify(tmp_path, exclude)
    assert report.verdict is Verdict.VALID, "\n".join(report.lines("en"))
    assert "人工更正" in detail


def test_a_correction_of_a_session_that_never_was_is_refused(tmp_path: Path) -> None:
    """A stream that tells no whole story makes no ledger."""

    def orphan(mini: Miniature) -> None:
        mini.record(
            evidence.enrolment_stream(mini.enrolments[3]),
            "credit.corrected",
            {"correction": "c", "session": "none", "effect": "exclude", "start_us": 0, "end_us": 1}
            | {"corrected_us": 2, "role": "administrator", "dispute": None},
        )

    with pytest.raises(ValueError, match="never opened"):
        make(tmp_path, orphan)
