"""Destruction by command: held, released by two, ordered, confirmed, and proved by a receipt."""

from __future__ import annotations

import json
from contextlib import nullcontext

import pytest
from click.testing import CliRunner

from lmscompliance.cli.main import main
from lmscompliance.evidence.sealer import seal_all
from lmscompliance.extension.signing import signer_of
from lmscompliance.storage.transaction import reading
from lmscompliance.training import queries
from tests.house.world import build

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def code(services, tmp_path, monkeypatch):
    """Return the code of a class whose every term is over, and on which a hold stands."""
    monkeypatch.setenv("LC_ALL", "en_US.UTF-8")
    monkeypatch.setattr("lmscompliance.cli.retention.services", lambda: nullcontext(services))
    class_id = build(services, tmp_path / "world").mine.objects["class_id"]
    services.clock.advance(4 * 366 * 86_400)
    with reading(services.database) as session:
        return queries.class_by_id(session, class_id).code


def _run(*arguments, status=0):
    done = CliRunner().invoke(main, ["retention", *map(str, arguments)])
    assert done.exit_code == status, done.output
    return done.output


def test_a_class_is_destroyed_by_two_and_the_receipt_comes_with_the_seal(services, code, tmp_path):
    """A hold refuses, one person alone gets nowhere, and what is not sealed yet has no receipt."""
    of_class = ("--class", code)
    (held,) = [one for one in json.loads(_run("list", "--json")) if one["code"] == code]
    assert (held["state"], held["holds"]) == ("held", 1)
    assert "hold" in _run("purge", *of_class, "--dry-run", status=1)
    listed = _run("list").split(code, 1)[1].splitlines()
    hold = next(word for word in listed[1].split() if len(word) == 26)
    _run("release", *of_class, hold, "--reason", "审计结束", "--by", "anna")
    _run("release", *of_class, hold, "--by", "anna", status=1)
    _run("release", *of_class, hold, "--by", "bert")
    assert "nothing was changed" in _run("purge", *of_class, "--dry-run")
    _run("purge", *of_class, status=1)
    _run("purge", *of_class, "--by", "anna")
    _run("withdraw", *of_class)
    _run("purge", *of_class, "--by", "anna")
    _run("purge", *of_class, "--by", "anna", status=1)
    assert "certificate" in _run("purge", *of_class, "--by", "bert")
    out = tmp_path / "receipts"
    assert "not sealed yet" in _run("certificate", *of_class, "--out", out)
    before = set(out.glob("*.tlog-proof"))
    seal_all(services, signer_of(services))
    assert "confirmed by bert" in _run("certificate", *of_class, "--out", out)
    assert len(set(out.glob("*.tlog-proof")) - before) == 1
