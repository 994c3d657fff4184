"""A class from filing to exam by commands alone, on files as people send them."""

from __future__ import annotations

import csv
import json
import stat
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from lmscompliance.cli.main import main
from tests.house.world import write_roster

REAL = Path(__file__).parents[1] / "data" / "real"


@pytest.fixture(autouse=True)
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Point the command at an empty data directory and an English terminal."""
    monkeypatch.setenv("LC_ALL", "en_US.UTF-8")
    monkeypatch.setenv("COMPLIANCE_DATA_DIR", str(tmp_path / "data"))
    return tmp_path / "data"


def _run(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def _good(*arguments: object) -> str:
    result = _run(*arguments)
    assert result.exit_code == 0, result.output
    return result.output


def _file_class(code: str = "TC-1") -> str:
    return _good(
        "class", "file", "--code", code, "--title", "设备操作工班", "--policy", "liusu-youji-2021",
        "--uscc", "91350100M000100Y43", "--enterprise", "太仓某某机械", "--district", "城厢镇",
    )  # fmt: skip


def test_a_class_lives_by_commands(tmp_path: Path, data_dir: Path) -> None:
    """File, plan, questions, exam, approval, roster, sealing: each says what it did."""
    _good("db", "upgrade")
    assert "TC-1" in _file_class()
    assert "lessons" in _good("plan", "import", REAL / "教学计划.xlsx", "--class", "TC-1")
    report = json.loads(_good("questions", "import", REAL / "questions", "--topic", "岗位技能", "--json"))
    assert report["rows"] == report["imported"] + len(report["refused"])
    assert "version 1" in _good("exam", "publish", "--class", "TC-1")
    _good("class", "approve", "--code", "TC-1", "--filing-number", "备2021-1")
    imported = _run("roster", "import", write_roster(tmp_path / "r.csv", 1), "--class", "TC-1", "--json")
    assert json.loads(imported.stdout)["rows"] == 2
    assert "0/2" in _good("class", "list")
    assert "sealed" in _good("seal")
    (codes,) = (data_dir / "codes").iterdir()
    assert stat.S_IMODE(codes.stat().st_mode) == 0o600
    with codes.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))
    assert [row[2] for row in rows[1:]] == ["张一", "王二"]


def test_W29_a_class_is_led_from_state_to_state() -> None:
    """A draft is filed and returned with a reason; the steps are listed."""
    _good("db", "upgrade")
    _good(
        "class", "file", "--code", "TC-2", "--title", "设备操作工班", "--policy", "demo-short",
        "--uscc", "91350100M000100Y43", "--enterprise", "太仓某某机械", "--district", "城厢镇", "--draft",
        "--from", "2099-03-01", "--to", "2099-03-31",
    )  # fmt: skip
    assert "filed" in _good("class", "step", "--code", "TC-2", "--to", "filed", "--by", "张经办")
    refused = _run("class", "step", "--code", "TC-2", "--to", "draft", "--by", "李审核")
    assert refused.exit_code == 1
    _good("class", "step", "--code", "TC-2", "--to", "draft", "--by", "李审核", "--reason", "缺承诺书")
    lines = _good("class", "life", "--code", "TC-2").splitlines()
    assert [line.split("  ")[1] for line in lines[:3]] == ["draft", "filed", "draft"]
    assert "李审核  缺承诺书" in lines[2]
    assert len(lines) == 3


def test_codes_can_be_replaced_but_no_file_is(tmp_path: Path) -> None:
    """New codes go to a file of one's choice, never over an existing one."""
    _good("db", "upgrade")
    _file_class()
    roster = write_roster(tmp_path / "r.csv", 1)
    _good("roster", "import", roster, "--class", "TC-1", "--codes", tmp_path / "first.csv")
    again = _run("roster", "reissue", "--class", "TC-1", "--codes", tmp_path / "first.csv")
    assert again.exit_code == 1
    _good("roster", "reissue", "--class", "TC-1", "--codes", tmp_path / "second.csv")
    first, second = (
        (tmp_path / name).read_text(encoding="utf-8-sig") for name in ("first.csv", "second.csv")
    )
    assert first != second


def test_a_refusal_is_one_line_in_the_readers_language(monkeypatch: pytest.MonkeyPatch) -> None:
    """Unknown classes and codes taken twice are refused with exit code 1, in English or Chinese."""
    _good("db", "upgrade")
    _file_class()
    refused = _run("class", "approve", "--code", "NONE")
    assert refused.exit_code == 1
    assert "NONE" in refused.output
    assert len(refused.output.splitlines()) == 1
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    chinese = _run("class", "approve", "--code", "NONE").output
    assert chinese != refused.output
    assert "NONE" in chinese


def test_a_half_given_window_is_a_wrong_call() -> None:
    """--from without --to is a usage error."""
    result = _run(
        "class", "file", "--code", "X", "--title", "x", "--policy", "demo-short", "--uscc", "x",
        "--enterprise", "x", "--district", "x", "--from", "2021-02-01",
    )  # fmt: skip
    assert result.exit_code == 2


def test_checks_need_no_settings_and_report_as_data(monkeypatch: pytest.MonkeyPatch) -> None:
    """``roster check`` and ``questions check`` read files only; refused rows are a result.

    What rare characters are shown with may be said, and has to be right.
    """
    monkeypatch.delenv("COMPLIANCE_DATA_DIR")
    roster = json.loads(_good("roster", "check", REAL / "花名册.xlsx", "--json"))
    assert roster["rows"] == len(roster["accepted"]) + len(roster["refused"])
    assert roster["refused"]
    assert set(roster) == {"rows", "accepted", "refused"}
    assert "refused" in _good("roster", "check", REAL / "花名册.xlsx")
    monkeypatch.setenv("COMPLIANCE_FONTS_DIR", str(REAL))
    result = _run("roster", "check", REAL / "花名册.xlsx")
    assert (result.exit_code, "no folder with a readable font" in result.output) == (2, True)
    bank = json.loads(_good("questions", "check", REAL / "questions", "--json"))
    assert bank["rows"] == bank["imported"] + len(bank["refused"])
    assert "questions" in _good("questions", "check", REAL / "questions")


def test_a_file_that_is_none_of_ours_is_refused(tmp_path: Path) -> None:
    """Something that is no roster at all is exit code 1 with a reason."""
    junk = tmp_path / "junk.xlsx"
    junk.write_bytes(b"not a spreadsheet")
    result = _run("roster", "check", junk)
    assert result.exit_code == 1
    assert "junk.xlsx" in result.output


def test_T38_W37_an_exported_ledger_verifies_and_is_sampled_and_an_altered_one_does_not(
    tmp_path: Path,
) -> None:
    """``ledger export`` makes whole files; ``verify`` ends 0 or 3 for them and 1 for a changed byte."""
    _good("db", "upgrade")
    _file_class()
    _good("plan", "import", REAL / "教学计划.xlsx", "--class", "TC-1")
    _good("class", "approve", "--code", "TC-1")
    _good("roster", "import", write_roster(tmp_path / "r.csv", 1), "--class", "TC-1")
    out = tmp_path / "out"
    assert "Ledger:" in _good("ledger", "export", "--class", "TC-1", "--out", out)
    names = sorted(path.name for path in out.iterdir())
    assert names == ["TC-1.lmsev.zip", "TC-1.pdf", "TC-1.tlog-proof", "TC-1.trust", "TC-1.xlsx"]
    verified = _run("verify", out / "TC-1.lmsev.zip", "--trust", out / "TC-1.trust", "--json")
    report = json.loads(verified.stdout)
    assert verified.exit_code in {0, 3}, report
    assert report["verdict"].startswith("valid")
    assert _run("verify", out / "TC-1.lmsev.zip").exit_code == 2
    whole = ("verify", out / "TC-1.lmsev.zip", "--trust", out / "TC-1.trust", "--sample", 5)
    assert _run(*whole).exit_code == 2, "a sample needs its seed"
    assert "Sample (seed “s”, 2 of 2): numbers in the class 1, 2" in _run(*whole, "--seed", "s").stdout
    sampled = json.loads(_run(*whole, "--seed", "s", "--json").stdout)
    assert sampled == {**report, "sample": {"seed": "s", "trainees": [1, 2]}}
    untold = _run("verify", out / "TC-1.lmsev.zip", "--sample", 5, "--seed", "s")
    assert "Sample" not in untold.stdout, "nothing is drawn from what nobody vouches for"
    data = bytearray((out / "TC-1.lmsev.zip").read_bytes())
    data[len(data) // 2] ^= 1
    (out / "bad.lmsev.zip").write_bytes(data)
    assert _run("verify", out / "bad.lmsev.zip", "--trust", out / "TC-1.trust").exit_code == 1


def test_a_doubtful_question_is_shown_with_its_reason_and_confirmed(monkeypatch: pytest.MonkeyPatch) -> None:
    """``questions awaiting`` says where, what and why; ``questions confirm`` takes it off the list."""
    _good("db", "upgrade")
    told = _good("questions", "import", REAL / "questions" / "电梯司机.xlsx")
    assert "电梯司机.xlsx [Sheet1] row 131: " in told
    assert "电梯司机.xlsx [Sheet1] row 191 (duplicate): " in told
    waiting = json.loads(_good("questions", "awaiting", "--json"))
    assert [(one["file"], one["row"]) for one in waiting] == [
        ("电梯司机.xlsx", row) for row in (132, 134, 137)
    ]
    assert waiting[0]["topic"] == "岗位技能"
    shown = _good("questions", "awaiting")
    assert waiting[0]["id"] in shown
    assert "row 132" in shown
    assert waiting[0]["reason"] in shown
    assert f"* {'ABCDE'[waiting[0]['key'][0]]}. " in shown
    assert "3 questions wait" in shown
    assert "1 questions" in _good("questions", "confirm", waiting[0]["id"])
    _good("questions", "confirm", *(one["id"] for one in waiting))
    assert json.loads(_good("questions", "awaiting", "--json")) == []
    assert _run("questions", "confirm", "nothing").exit_code == 1
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    assert "0 题待确认" in _good("questions", "awaiting", "--bank", "电梯司机")


def test_a_topic_is_exported_and_comes_back_unchanged(tmp_path: Path) -> None:
    """``questions export`` says what it wrote, overwrites nothing, and its file changes nothing."""
    _good("db", "upgrade")
    _good("questions", "import", REAL / "questions" / "电梯司机.xlsx")
    path = tmp_path / "lift.gift"
    asked = ("questions", "export", path, "--topic", "岗位技能", "--format", "gift")
    told = _good(*asked)
    assert "3 more wait to be confirmed" in told
    report = json.loads(_good("questions", "import", path, "--json"))
    assert (report["added"], report["changed"], report["refused"]) == (0, 0, [])
    assert f"{report['unchanged']} questions were written" in told
    assert _run(*asked).exit_code == 1
    done = json.loads(
        _good(
            "questions", "export", tmp_path / "a.xlsx", "--topic", "岗位技能", "--bank", "电梯司机", "--json"
        )
    )
    assert (done["exported"], done["waiting"], done["unwritable"]) == (report["unchanged"], 3, [])
