"""Quizzes by commands: set, listed, changed, taken away; and a table that is not written over."""

from __future__ import annotations

from contextlib import contextmanager

import pytest
from click.testing import CliRunner
from sqlalchemy import func, select

from lmscompliance.cli import ledgers, quizzes
from lmscompliance.cli.main import main
from lmscompliance.identity.models import Look
from lmscompliance.storage.transaction import reading

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def run(room, monkeypatch):
    """Return a runner of commands about the room's class."""

    @contextmanager
    def opened():
        yield room.services

    monkeypatch.setenv("LC_ALL", "en_US.UTF-8")
    for verbs in (quizzes, ledgers):
        monkeypatch.setattr(verbs, "services", opened)

    def run(group, verb, *arguments, code=0):
        result = CliRunner().invoke(main, [group, verb, "--class", "D1", *map(str, arguments)])
        assert result.exit_code == code, result.output
        return result.output

    return run


def test_a_quiz_by_commands(run):
    """A quiz is set and listed; a change wants a reason, and one that was taken away is called so."""
    assert run("quiz", "list") == "(There is none.)\n"
    assert "is set (version 1)" in run(
        "quiz", "set", "--lesson", 2, "--use", "required", "--draw", "single:2"
    )
    assert run("quiz", "list").split()[:2] == ["2", "v1"]
    assert "--draw" in run("quiz", "set", "--lesson", 2, "--use", "practice", "--draw", "single", code=2)
    run("quiz", "set", "--lesson", 2, "--use", "practice", "--draw", "single:1", code=1)
    assert "no quiz any more" in run("quiz", "set", "--lesson", 2, "--use", "none", "--reason", "r")


def test_a_table_for_comparison_is_not_written_over(run, room, tmp_path):
    """A second table to the same place is refused in words, and nobody is recorded as having got it."""
    asked = ("--layout", "fiscal", "--purpose", "p", "--out", tmp_path / "new" / "place")
    written = run("ledger", "compare", *asked)
    assert (tmp_path / "new" / "place").is_dir()
    assert "exists already" in run("ledger", "compare", *asked, code=1)
    assert written.strip().endswith("-D1.csv")
    with reading(room.services.database) as session:
        assert session.scalar(select(func.count()).select_from(Look)) == 1
