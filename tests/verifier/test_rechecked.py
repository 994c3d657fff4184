"""Where the policy wants a verification before an exam, an attempt without one is found in the bundle."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from lmscompliance.policy import Catalogue
from lmscompliance.verifier import Verdict, verify
from tests.house.sources import PACKAGE
from tests.ledgers import miniature
from tests.verifier.conftest import make
from tests.verifier.tamper import said

RECHECK = """
[identity]
recheck_before_exam = {{ value = true, source = "house", rationale = "考前再次核验。" }}
recheck_seconds = {{ value = {seconds}, source = "house", rationale = "考前再次核验。" }}
"""


@pytest.mark.parametrize(("seconds", "verdict"), [(60, Verdict.INVALID), (86_400, Verdict.VALID)])
def test_an_attempt_needs_a_recent_verification(
    tmp_path: Path, monkeypatch, seconds: int, verdict: Verdict
) -> None:
    """The verification at registration is recent enough for a day, and not for a minute."""
    folder = tmp_path / "policies"
    folder.mkdir()
    text = (PACKAGE / "policy" / "notices" / "demo-short.toml").read_text(encoding="utf-8")
    text = text.replace("version = 1", "version = 2", 1) + RECHECK.format(seconds=seconds)
    (folder / "demo-short-2.toml").write_text(text, encoding="utf-8")
    policies = Catalogue.builtin().with_directory(folder)
    monkeypatch.setattr(miniature, "Catalogue", SimpleNamespace(builtin=lambda: policies))
    made = make(tmp_path)
    report = verify(made.export.bundle, made.trust)
    assert report.verdict is verdict, "\n".join(report.lines("en"))
    assert bool(said(report, "attempt_unverified")) is (verdict is Verdict.INVALID)
