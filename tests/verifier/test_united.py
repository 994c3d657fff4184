"""Records that people united: the verifier lets one person's time count once."""

from __future__ import annotations

from pathlib import Path

import pytest

from lmscompliance import evidence
from lmscompliance.rules.ledger_body import BadFact
from lmscompliance.verifier import Verdict, verify
from tests.ledgers.miniature import Miniature
from tests.verifier.conftest import make
from tests.verifier.tamper import said

SECOND_US = 1_000_000


def _both_watch(mini: Miniature) -> tuple[str, int]:
    """Let the last two trainees watch at the same time; return the first session and the other's start."""
    start = mini.clock.now()
    session = mini.watch(3, 1, 60)
    mini.clock.set(start)
    mini.clock.advance(20)
    began = mini.now_us()
    mini.watch(4, 1, 60)
    for who in (3, 4):
        mini.record(
            evidence.enrolment_stream(mini.enrolments[who]),
            "identity.merged",
            {"case": "k1", "merge": "m1", "kept": who == 3, "second": False, "at_us": mini.now_us()},
            by="admin-1",
            reason="同一人",
            basis="身份证",
        )
    return session, began


def _yields(mini: Miniature, session: str, start_us: int, end_us: int) -> None:
    mini.record(
        evidence.enrolment_stream(mini.enrolments[3]),
        "credit.yields",
        {"part": 1, "parts": 1, "stretches": [[session, start_us, end_us]], "at_us": mini.now_us()},
    )


def test_time_under_two_enrolments_of_one_person_is_refused(tmp_path: Path) -> None:
    """Without the entry that lets one yield the bundle is invalid; with it there is a finding."""

    def forgotten(mini: Miniature) -> None:
        _both_watch(mini)

    def recorded(mini: Miniature) -> None:
        session, began = _both_watch(mini)
        _yields(mini, session, began, began + 60 * SECOND_US)

    made = make(tmp_path / "forgotten", forgotten)
    report = verify(made.export.bundle, made.trust)
    assert report.verdict is Verdict.INVALID
    assert said(report, "counted_twice")
    made = make(tmp_path / "recorded", recorded)
    report = verify(made.export.bundle, made.trust)
    assert report.verdict is Verdict.VALID_WITH_FINDINGS, "\n".join(report.lines("en"))
    assert "records_united" in [one.code for one in report.findings]


def test_a_session_that_never_was_cannot_yield(tmp_path: Path) -> None:
    """No ledger is made of an entry about a session that was not opened."""
    with pytest.raises(BadFact, match="never opened"):
        make(tmp_path, lambda mini: _yields(mini, "0" * 26, 0, SECOND_US))
