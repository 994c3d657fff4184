"""Presence checks in the evidence: what they void is recomputed, and none of them can be left out."""

from __future__ import annotations

import zipfile
from pathlib import Path

from lmscompliance.verifier import Verdict, verify
from tests.ledgers.miniature import Miniature
from tests.verifier.conftest import make
from tests.verifier.tamper import check, entries, said, take_apart, with_entries


def _misses(made: Miniature) -> None:
    """Let one trainee pass a check, miss the next one, and never make up for it."""
    made.ask(3, made.watch(3, 1, 40), 0, passed=True)
    made.ask(3, made.watch(3, 2, 40), 1, passed=None)
    made.watch(3, 3, 20)


def test_a_missed_check_is_recomputed_from_the_leaves(tmp_path: Path) -> None:
    """The ledger excludes what the miss voids, and the verifier comes to the same cells."""
    made = make(tmp_path, _misses)
    report = verify(made.export.bundle, made.trust)
    assert report.verdict is Verdict.VALID, "\n".join(report.lines("en"))
    with zipfile.ZipFile(made.export.workbook) as book:
        detail = book.read("xl/worksheets/sheet3.xml").decode()
    assert "未通过在场验证 40 秒" in detail


def test_leaving_out_a_missed_check_is_noticed(tmp_path: Path) -> None:
    """Without its leaf the stream has a hole, and the cells no longer follow from what is left."""
    made = make(tmp_path, _misses)
    files = take_apart(made.export.bundle)
    found = entries(files)
    missed = next(leaf for _, leaf in found if leaf.t == "presence.missed")
    kept = with_entries(files, [one for one, leaf in found if leaf != missed])
    report = check(kept, made.trust, tmp_path)
    assert report.verdict is Verdict.INVALID
    assert said(report, "missing") == [{"stream": missed.stream, "n": missed.n}]


def test_a_check_that_was_never_decided_cannot_be_followed_by_another(tmp_path: Path) -> None:
    """A platform that records no miss and simply asks again makes no ledger."""

    def hushes(made: Miniature) -> None:
        session = made.watch(3, 1, 40)
        made.ask(3, session, 0, passed=True, decide=False)
        made.ask(3, session, 1, passed=True)

    try:
        made = make(tmp_path, hushes)
    except ValueError as refused:
        assert "another is open" in str(refused)  # noqa: PT017  # the ledger is built while it is exported
    else:
        assert verify(made.export.bundle, made.trust).verdict is Verdict.INVALID
