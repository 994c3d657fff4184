"""Attempts in a bundle: what led to the answers, time given, and voiding, each recomputed or refused."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from lmscompliance import evidence
from lmscompliance.verifier import Verdict, verify
from tests.ledgers.miniature import Miniature
from tests.verifier.conftest import make
from tests.verifier.tamper import codes, said


def _verify(folder: Path, change):
    made = make(folder, change)
    with zipfile.ZipFile(made.export.workbook) as workbook:
        results = workbook.read("xl/worksheets/sheet6.xml").decode()
    return verify(made.export.bundle, made.trust), results


def _locked_out_but_voided(mini: Miniature, by: str = "staff-2") -> None:
    """Give the third trainee, who failed twice, a third attempt by voiding another."""
    third = mini.sit(2, 3, 1)
    mini.void(2, third, by)


def _void_and_sit(mini: Miniature) -> None:
    """Void an attempt of the fourth trainee, and let them sit both of theirs."""
    for lesson in range(4):
        mini.watch(3, lesson, 90)
    mini.unlock(3)
    mini.void(3, mini.sit(3, 1, 1))
    mini.sit(3, 2, 2)
    mini.sit(3, 3, 3)


def test_a_voided_attempt_counts_for_nothing_and_stays(tmp_path: Path) -> None:
    """Two further attempts are right, and the ledger lists all three with the reason of the voided one."""
    report, results = _verify(tmp_path, _void_and_sit)
    assert report.verdict is Verdict.VALID, "\n".join(report.lines("en"))
    assert "作废：考场停电" in results


def test_voiding_an_attempt_afterwards_excuses_none_before(tmp_path: Path) -> None:
    """A third attempt that began while two counted is named, whatever became of it later."""
    report, _ = _verify(tmp_path, _locked_out_but_voided)
    assert said(report, "too_many_attempts")[0]["count"] == 3


def test_one_person_alone_voids_nothing(tmp_path: Path) -> None:
    """Whoever asked must not be who confirmed."""
    report, _ = _verify(tmp_path, lambda mini: mini.void(1, mini.sit(1, 3, 4), by="staff-1"))
    assert said(report, "voided_by_one")[0]["ordinal"] == 2


@pytest.mark.parametrize(
    ("cheat", "code"),
    [
        ({"saved": {"1": [0]}}, "timeline_differs"),
        ({"seconds": 900}, "attempt_too_long"),
    ],
)
def test_answers_that_no_save_brought_and_time_nobody_granted(tmp_path: Path, cheat, code) -> None:
    """The saves must lead to the answers, and an attempt lasts as long as the policy says."""

    def change(mini: Miniature) -> None:
        for lesson in range(4):
            mini.watch(3, lesson, 90)
        mini.unlock(3)
        mini.sit(3, 1, 2, **cheat)

    report, _ = _verify(tmp_path, change)
    assert code in codes(report)


def test_time_that_was_granted_is_no_cheat(tmp_path: Path) -> None:
    """An accommodation recorded before the attempt makes the longer time right."""

    def change(mini: Miniature) -> None:
        for lesson in range(4):
            mini.watch(3, lesson, 90)
        mini.unlock(3)
        stream = evidence.enrolment_stream(mini.enrolments[3])
        granted = {"granted": True, "set_us": mini.now_us()}
        mini.record(stream, "presence.accommodation", granted, reason="读屏", actor="staff-1")
        mini.sit(3, 1, 4, seconds=900, extra=300)

    report, _ = _verify(tmp_path, change)
    assert report.verdict is Verdict.VALID, "\n".join(report.lines("en"))
