"""The vault's keys by command, on a data directory of its own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from lmscompliance.cli.main import main


def _run(data: Path, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["--data-dir", str(data), *arguments])


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a data directory with a filed class, whose enterprise is sealed in the log's disclosures."""
    monkeypatch.setenv("LC_ALL", "en_US.UTF-8")
    assert _run(tmp_path, "db", "upgrade").exit_code == 0
    filed = _run(
        tmp_path, "class", "file", "--code", "K1", "--title", "T", "--policy", "liusu-youji-2021",
        "--uscc", "91350100M000100Y43", "--enterprise", "E", "--district", "D",
    )  # fmt: skip
    assert filed.exit_code == 0, filed.output
    return tmp_path


def _keys(data: Path) -> list[list[str]]:
    return [line.split()[:4] for line in _run(data, "keys", "list").output.splitlines()]


def test_a_key_for_the_national_cipher_replaces_the_first(data: Path, monkeypatch) -> None:
    """Added, then everything is sealed with it; the old one is kept until it has been idle for a while."""
    assert _keys(data) == [["encryption", "1", "AES-256-GCM", "2"], ["index", "1", "HMAC-SHA-256", "0"]]
    monkeypatch.setenv("COMPLIANCE_VAULT_CIPHER", "SM4-GCM")
    assert "Added key 2" in _run(data, "keys", "add").output
    early = _run(data, "keys", "retire", "1")
    assert early.exit_code == 1
    assert "cannot be retired" in early.output
    assert "2 rows were made anew" in _run(data, "keys", "rotate").output
    assert _keys(data)[:2] == [["encryption", "1", "AES-256-GCM", "0"], ["encryption", "2", "SM4-GCM", "2"]]
    assert "retire it after" in _run(data, "keys", "retire", "1").output
    assert _run(data, "log", "fsck").exit_code == 0, "a disclosure no longer opens"


def test_a_ring_for_a_secret_manager_is_printed_and_nothing_changed(data: Path, monkeypatch) -> None:
    """With a command for the keys, the new ring goes to the manager by hand."""
    before = (data / "vault.json").read_text()
    monkeypatch.setenv("COMPLIANCE_VAULT_KEYS_COMMAND", f"cat {data / 'vault.json'}")
    printed = _run(data, "keys", "add", "--print")
    assert sorted(json.loads(printed.output)["encryption"]) == ["1", "2"]
    assert (data / "vault.json").read_text() == before
    refused = _run(data, "keys", "add")
    assert refused.exit_code == 1
    assert "--print" in refused.output
