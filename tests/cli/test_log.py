"""``lmscompliance log fsck`` on a database of its own; ``log mirror`` is tried with the log it copies."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from lmscompliance.cli.main import main


def _run(data: Path, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["--data-dir", str(data), *arguments])


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a data directory with a sealed log of one class."""
    monkeypatch.setenv("LC_ALL", "en_US.UTF-8")
    assert _run(tmp_path, "db", "upgrade").exit_code == 0
    filed = _run(
        tmp_path, "class", "file", "--code", "K1", "--title", "T", "--policy", "liusu-youji-2021",
        "--uscc", "91350100M000100Y43", "--enterprise", "E", "--district", "D",
    )  # fmt: skip
    assert filed.exit_code == 0, filed.output
    assert _run(tmp_path, "seal").exit_code == 0
    return tmp_path


def test_a_sound_log_ends_with_zero(data: Path) -> None:
    """What was looked at is counted."""
    checked = _run(data, "log", "fsck")
    assert checked.exit_code == 0, checked.output
    assert (
        "1 entries: 1 sealed, 0 waiting; 1 checkpoints, 0 cosignatures, 0 timestamps, 2 kept values; "
        "0 problems." in checked.output
    )


def test_whatever_is_wrong_is_printed(data: Path) -> None:
    """A removed guard and an altered leaf are named, and the command ends with 1."""
    with sqlite3.connect(data / "compliance.sqlite3") as database:
        database.execute("DROP TRIGGER compliance_evidence_entry_no_change")
        database.execute("UPDATE compliance_evidence_entry SET leaf = x'7b7d'")
    database.close()
    checked = _run(data, "log", "fsck")
    assert checked.exit_code == 1
    assert "the guard compliance_evidence_entry_no_change is missing" in checked.output
    assert "the leaf's bytes do not have the recorded hash" in checked.output
