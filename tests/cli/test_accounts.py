"""Accounts by command: invited, given and denied, locked out and let in again."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from lmscompliance.cli.main import main


@pytest.fixture(autouse=True)
def _data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "en_US.UTF-8")
    monkeypatch.setenv("COMPLIANCE_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("COMPLIANCE_PUBLIC_URL", "https://learn.example")
    _good("db", "upgrade")


def _good(*arguments: str) -> str:
    result = CliRunner().invoke(main, ["accounts", *arguments] if arguments[0] != "db" else arguments)
    assert result.exit_code == 0, result.output
    return result.output


def _bad(*arguments: str) -> str:
    result = CliRunner().invoke(main, ["accounts", *arguments])
    assert result.exit_code == 1, result.output
    return result.output


def _lines() -> dict[str, str]:
    return {line.split()[0]: line for line in _good("list").splitlines()}


def test_an_account_lives_by_commands():
    """Each command does what it says, and the list shows it."""
    link = _good("invite", "boss", "--name", "老板", "--role", "administrator")
    token = re.search(r"https://learn\.example/compliance/invitation/(\S+)", link)
    assert token is not None
    assert len(token[1].rstrip(".")) > 20
    assert "老板" in _lines()["boss"]
    assert "administrator" in _lines()["boss"]
    _good("invite", "lijian", "--name", "李检", "--role", "inspector", "--scope", "城厢镇")
    _good("grant", "lijian", "--role", "inspector", "--scope", "沙溪镇")
    assert "inspector:城厢镇, inspector:沙溪镇" in _lines()["lijian"]
    _good("revoke", "lijian", "--role", "inspector", "--scope", "城厢镇")
    assert "城厢镇" not in _lines()["lijian"]
    before = _lines()["lijian"]
    _good("lock", "lijian")
    assert _lines()["lijian"] != before
    _good("unlock", "lijian")
    assert _lines()["lijian"] == before
    again = _good("reset", "lijian")
    assert "https://learn.example/compliance/invitation/" in again
    assert token[1] not in again


def test_what_does_not_go_is_said():
    """A login taken or unknown, a role not held, and the last administrator kept."""
    _good("invite", "boss", "--name", "老板", "--role", "administrator")
    assert "boss" in _bad("invite", "BOSS", "--name", "另一位", "--role", "inspector", "--scope", "*")
    assert "nobody" in _bad("lock", "nobody")
    assert "inspector" in _bad("revoke", "boss", "--role", "inspector")
    assert "administrator" in _bad("lock", "boss")
    assert "administrator" in _bad("revoke", "boss", "--role", "administrator")
