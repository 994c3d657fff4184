"""A filing from its forms to the bureau's answer by commands alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from lmscompliance.cli.main import main
from tests.files.samples import picture

CODE = ("--code", "TC-9")
BY = ("--by", "张经办")


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "en_US.UTF-8")
    monkeypatch.setenv("COMPLIANCE_DATA_DIR", str(tmp_path / "data"))


def _run(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def _good(*arguments: object) -> str:
    result = _run(*arguments)
    assert result.exit_code == 0, result.output
    return result.output


def _draft(policy: str, first: str, last: str) -> None:
    _good("db", "upgrade")
    drafted = _good(
        "class", "file", *CODE, "--title", "设备操作工班", "--policy", policy, "--draft",
        "--uscc", "91350100M000100Y43", "--enterprise", "太仓某某机械", "--district", "城厢镇",
        "--from", first, "--to", last,
    )  # fmt: skip
    assert "is drafted" in drafted


def test_T8_a_filing_goes_to_the_bureau_and_back_by_commands(tmp_path: Path) -> None:
    """Forms, scans, pack, dispatch, receipt, return: each says what it did, a refusal ends with 1."""
    _draft("liusu-youji-2021", "2021-02-01", "2021-02-28")
    _good("filing", "form", *CODE, "--kind", "application", "--to", tmp_path)
    assert (tmp_path / "项目制培训申请表-TC-9.pdf").read_bytes().startswith(b"%PDF-")
    lacking = _run("filing", "check", *CODE)
    assert lacking.exit_code == 1
    assert "四.2" in lacking.output
    scan = tmp_path / "scan.png"
    scan.write_bytes(picture())
    assert "digest" in _good("filing", "upload", scan, *CODE, "--kind", "plan", *BY)
    assert _run("filing", "upload", scan, *CODE, "--kind", "letter", *BY).exit_code == 1
    _good("filing", "declare", *CODE, "--output-yuan", "120000000", "--above-scale", *BY)
    text = tmp_path / "notice.txt"
    text.write_text("培训目的和意义", encoding="utf-8")
    _good("filing", "notice", text, *CODE, "--title", "通知", *BY)
    assert _good("filing", "readers", *CODE).startswith("序号,姓名,阅读时间")
    assert "notice-0.txt" in _good("filing", "pack", *CODE, "--to", tmp_path)
    assert (tmp_path / "申报材料-TC-9.zip").is_file()
    _good("filing", "recipient", "--policy", "liusu-youji-2021", "--name", "城厢受理点", *BY)
    _good("filing", "dispatch", *CODE, "--means", "email", *BY)
    # The command's own day is Shanghai's, which this machine's may be behind.
    day = (datetime.now(UTC) + timedelta(hours=8)).date()
    received = _run("filing", "receipt", *CODE, "--dispatch", "0", "--on", day, *BY)
    assert received.exit_code == 0, received.output
    assert "城厢受理点" in _good("filing", "log", *CODE)
    late = _run("filing", "submit", *CODE, *BY)
    assert late.exit_code == 1
    assert "2021-02-23" in late.output
    assert _run("filing", "reminders").stdout == ""


def test_W13_a_project_is_filed_and_approved_by_commands(tmp_path: Path) -> None:
    """Catalogue, award, licence, standard and number, until nothing is missing."""
    _draft("wudi-gongjiang-draft", "2099-01-01", "2099-02-28")

    def file(name: str, content: str) -> Path:
        (tmp_path / name).write_text(content, encoding="utf-8")
        return tmp_path / name

    plan = "类别,课件名称,授课形式,课时,时长(分钟),上课时间,地点\n"
    plan += "".join(f"理论,课{n},录播,1,45,,\n" for n in range(1, 15))
    plan += "".join(f"技能,课{n},线下,1,45,2099-01-{n - 10:02} 09:00-09:45,车间\n" for n in range(15, 36))
    _good("plan", "import", file("plan.csv", plan), "--class", "TC-9")
    catalogue = file("c.csv", "项目编号,项目名称,职业\nP1,机器人操作,工业机器人系统操作员\n")
    policy = ("--policy", "wudi-gongjiang-draft")
    _good("project", "catalogue", catalogue, *policy, "--published", "2023-02-01", "--source", "局网站", *BY)
    assert "P1" in _good("project", "search", "机器人", *policy)
    _good("project", "choose", *CODE, "--project", "P1", *BY)
    _good("project", "award", *CODE, "--number", "采1", "--on", "2023-03-01", *BY)
    _good("project", "evaluation", *CODE, "--number", "评1", "--on", "2023-03-01", "--failed", *BY)
    _good("project", "licence", *CODE, "--number", "民1", "--until", "2099-12-31", *BY)
    items = file("s.csv", "条目编号,条目名称\n1.1,安全操作\n")
    _good("project", "standard", items, "--title", "操作员", "--level", "四级", *BY)
    mapping = file("m.csv", "课时序号,标准条目\n" + "".join(f"{n},1.1\n" for n in range(1, 36)))
    assert "1 of the standard's 1" in _good("project", "map", mapping, *CODE, "--standard", "操作员", *BY)
    for number, kind in enumerate(("award", "licence")):
        scan = tmp_path / f"{kind}.png"
        scan.write_bytes(picture(size=(20 + number, 20)))
        _good("filing", "upload", scan, *CODE, "--kind", kind, *BY)
    _good("filing", "check", *CODE)
    _good("filing", "submit", *CODE, *BY)
    _good("filing", "return", *CODE, "--reason", "补材料", *BY)
    _good("filing", "submit", *CODE, *BY)
    assert _run("filing", "approve", *CODE, *BY).exit_code == 1
    _good("filing", "approve", *CODE, "--number", "备1", *BY)
