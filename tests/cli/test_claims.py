"""A claim by commands alone: from what it would come to, to the money that is asked back."""

from __future__ import annotations

import re
from contextlib import contextmanager
from datetime import datetime

import pytest
from click.testing import CliRunner

from lmscompliance.cli import claims as verbs
from lmscompliance.cli.main import main
from lmscompliance.kernel.clock import SHANGHAI
from tests.claims.office import closed_class, paying, table
from tests.identity.sheets import person

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def run(services, tmp_path, monkeypatch):
    """Return a runner of ``lmscompliance claims`` for a closed class of two, and its services."""
    given = paying(services)
    closed_class(given, tmp_path, "A")

    @contextmanager
    def opened():
        yield given

    monkeypatch.setenv("LC_ALL", "en_US.UTF-8")
    monkeypatch.setattr(verbs, "services", opened)

    def run(verb, *arguments, code=0):
        asked = ["claims", verb, "--class", "A", *map(str, arguments)]
        result = CliRunner().invoke(main, asked)
        assert result.exit_code == code, result.output
        return result.output

    return run, given


def test_a_claim_by_commands(run, tmp_path):
    """Each verb does what its page does and says so; a refusal ends with 1 and what to do."""
    run, given = run
    assert "2 people, 2 entitled, 600 yuan" in run("preview")
    assert "1000 yuan" in run("preview", "--suppose", "subsidy.per_person=500")
    assert "cannot be" in run("preview", "--suppose", "subsidy.per_person=many", code=1)
    assert "kept" in run("project", "--name", "焊工", "--level", 5, "--online", "12.5", "--by", "c")
    others = table(tmp_path / "l.csv", "身份证号,月份", f"{person(9)[3]},2021-02")
    assert "1 rows" in run("import", "--kind", "insured", "--by", "c", others)
    others.write_text("身份证号,月份\n" + "1101,二月\n" * 30)
    bad = run("import", "--kind", "insured", "--by", "c", "--report", tmp_path / "bad.csv", others, code=1)
    assert "row 2, id_number: " in bad
    assert "row 2, month: it must be a month such as 2021-02" in bad
    assert not re.search("[\u3000-\u9fff]", bad)
    lines = (tmp_path / "bad.csv").read_text(encoding="utf-8-sig").splitlines()
    assert lines[0] == 'row,column,"what is wrong, and what to do"'
    assert len(lines) == 61
    payee = (
        "--bank",
        "农商行",
        "--holder",
        "企业",
        "--account",
        "6220",
        "--handler",
        "张",
        "--responsible",
        "李",
    )
    claim = re.search(r"[0-9a-z]{26}", run("submit", *payee, "--by", "c"))[0]
    run("return", "--claim", claim, "--reason", "wrong account", "--by", "b")
    claim = re.search(r"[0-9a-z]{26}", run("submit", *payee, "--by", "c"))[0]
    given.clock.set(datetime(2021, 7, 1, 12, tzinfo=SHANGHAI))
    run("decide", "--claim", claim, "--reference", "审-1", "--by", "b")
    run("pay", "--claim", claim, "--yuan", 600, "--reference", "V", "--by", "b")
    assert "remaining 0 yuan" in run("pay", "--claim", claim, "--yuan", 1, "--by", "b", code=1)
    run("claw-back", "--claim", claim, "--number", 2, "--yuan", 300, "--reason", "代学", "--by", "b")
    run("claw-back", "--claim", claim, "--number", 9, "--yuan", 1, "--reason", "x", "--by", "b", code=1)
    listed = run("list")
    assert "wrong account" in listed
    assert re.search(r"decided +2/2 +600 +审-1", listed)
    run("pack", "--claim", claim, "--purpose", "报送", "--out", tmp_path / "pack")
    run("pack", "--claim", claim, "--file", "list", "--purpose", "报送", "--out", tmp_path / "pack")
    assert sorted(one.name for one in (tmp_path / "pack").iterdir()) == ["补贴申报-A.csv", "补贴申报-A.xlsx"]
