"""Cases of identity and verifications by command."""

from __future__ import annotations

from contextlib import nullcontext

import pytest
from click.testing import CliRunner

from lmscompliance.cli.main import main
from lmscompliance.storage.transaction import transaction
from lmscompliance.training import verifying
from lmscompliance.training.models import Enrolment
from tests.persons.two_classes import NAME, RIGHT, WRONG, twice

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def made(services, tmp_path, monkeypatch):
    """Return two classes that one person is in under two numbers."""
    monkeypatch.setenv("LC_ALL", "en_US.UTF-8")
    monkeypatch.setattr("lmscompliance.cli.identity.services", lambda: nullcontext(services))
    return twice(services, tmp_path)


def _run(*arguments, status=0):
    done = CliRunner().invoke(main, ["identity", *arguments])
    assert done.exit_code == status, done.output
    return done.output


def test_a_case_is_listed_shown_and_merged(made):
    """Nothing whole is printed, each step says what it did, and settled cases are listed on request alone."""
    (line,) = _run("cases", "list").splitlines()
    case_id = line.split()[0]
    shown = _run("cases", "show", case_id)
    assert "two_people" in shown
    assert not any(whole in shown for whole in (NAME, RIGHT, WRONG))
    both = ("--class", "A", "--trainee", "1", "--other-class", "B", "--other-trainee", "1")
    assert _run("cases", "open", *both).strip() == case_id
    said = ("--reason", "号码录错", "--by", "王主任")
    _run("cases", "merge", case_id, "--keep", "second", "--basis", "身份证", *said)
    assert _run("cases", "list") == "(There is none.)\n"
    assert "united" in _run("cases", "list", "--all")
    _run("cases", "separate", case_id, *said)
    _run("cases", "decide", case_id, "--decision", "two_people", *said)
    assert "settled" in _run("cases", "decide", case_id, "--decision", "suspect", *said, status=1)
    _run("cases", "show", "0" * 26, status=1)


def test_a_verification_is_decided(made):
    """The open one is listed masked and decided once."""
    room = made.wrong
    with transaction(made.services.database) as session:
        one = session.get_one(Enrolment, (room.class_id, room.enrolment("wrong-1")))
        row = verifying.begin(session, made.services, one, verifying.REVIEW, "manual")
    listed = _run("verifications", "list", "--class", "A")
    assert row.id in listed
    assert WRONG not in listed
    decide = ("verifications", "decide", row.id, "--class", "A", "--decision", "pass", "--reason", "到场")
    _run(*decide, "--by", "王主任")
    _run(*decide, "--by", "王主任", status=1)
