"""Corrections and objections by command."""

from __future__ import annotations

from contextlib import nullcontext

import pytest
from click.testing import CliRunner

from lmscompliance.cli.main import main
from lmscompliance.completion import disputes, service
from lmscompliance.completion.objections import Objection
from tests.completion.classroom import open_classroom
from tests.support.app import trainee

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def room(services, tmp_path, monkeypatch):
    """Return a class somebody learnt in, which the commands work on."""
    monkeypatch.setenv("LC_ALL", "en_US.UTF-8")
    monkeypatch.setattr("lmscompliance.cli.credit.services", lambda: nullcontext(services))
    room = open_classroom(services, tmp_path)
    room.learn(0)
    return room


def _run(*arguments):
    return CliRunner().invoke(main, ["credit", *arguments])


def _account(room):
    return service.status(room.services, room.class_id, room.enrolment()).account


def test_a_stretch_is_excluded_objected_to_and_restored_by_commands(room):
    """Each command names what it works on, and the record says who decided."""
    (session,) = [one.session for one in _account(room).sessions()]
    when = ("--from", "2021-02-01T08:00:10", "--to", "2021-02-01 08:00:30")
    which = ("--class", "D1", "--trainee", "1", "--session", session)
    done = _run("exclude", *which, *when, "--reason", "代学", "--by", "王主任")
    assert done.exit_code == 0, done.output
    assert dict(_account(room).excluded) == {"corrected": 20}
    start = room.hall.clock.now().replace(hour=8, minute=0, second=10)
    us = int(start.timestamp()) * 1_000_000
    gap = Objection(session, us, us + 20_000_000)
    dispute = disputes.raise_objection(room.services, trainee(), room.class_id, gap, "是我本人")
    listed = _run("disputes").output
    assert all(part in listed for part in (dispute, "D1", "08:00:10–08:00:30", "是我本人"))
    decided = _run(
        "decide", dispute, "--class", "D1", "--decision", "upheld", "--reason", "属实", "--by", "李"
    )
    assert decided.exit_code == 0, decided.output
    assert not _account(room).excluded
    assert dispute not in _run("disputes").output


def test_what_does_not_exist_is_named(room):
    """A wrong number, session or stretch is refused with what to do."""
    when = ("--from", "2021-02-01T08:00:10", "--to", "2021-02-01T09:00:30", "--reason", "x", "--by", "y")
    (session,) = [one.session for one in _account(room).sessions()]
    for trainee_number, given, words in (
        ("9", session, "no trainee number 9"),
        ("1", "nothing", "no such session"),
        ("1", session, "must lie within the session"),
    ):
        refused = _run("exclude", "--class", "D1", "--trainee", trainee_number, "--session", given, *when)
        assert refused.exit_code == 1
        assert words in refused.output
