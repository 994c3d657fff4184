"""The command: lazy verbs, one clear line for an error, exit codes, settings from the environment."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib import resources
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from lmscompliance.cli.environment import settings_from
from lmscompliance.cli.language import language
from lmscompliance.cli.main import main
from lmscompliance.kernel.errors import Misconfigured


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LC_ALL", "LC_MESSAGES", "COMPLIANCE_DATA_DIR", "COMPLIANCE_POLICY_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", "en_US.UTF-8")


def _run(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def _alone(code: str) -> None:
    """Run ``code`` in an interpreter that has imported nothing yet."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_help_lists_the_verbs_without_importing_them() -> None:
    """``--help`` names every verb and loads none."""
    code = (
        "import sys\n"
        "from click.testing import CliRunner\n"
        "from lmscompliance.cli import main\n"
        "result = CliRunner().invoke(main, ['--help'])\n"
        "assert result.exit_code == 0 and 'ledger' in result.output\n"
        "heavy = {'flask', 'sqlalchemy', 'pydantic', 'xlsxwriter'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    _alone(code)


def test_verify_loads_the_verifier_and_nothing_of_the_platform(tmp_path: Path) -> None:
    """An auditor's command needs neither Flask nor SQLAlchemy, and says unverifiable for a missing file."""
    code = (
        "import sys\n"
        "from click.testing import CliRunner\n"
        "from lmscompliance.cli import main\n"
        f"result = CliRunner().invoke(main, ['verify', {str(tmp_path / 'none.zip')!r}])\n"
        "assert result.exit_code == 2, result.output\n"
        "platform = {'flask', 'sqlalchemy', 'pydantic', 'alembic', 'lmscompliance.services'}\n"
        "loaded = platform & set(sys.modules)\n"
        "assert not loaded, loaded\n"
    )
    _alone(code)


def test_an_unreadable_trust_file_is_named(tmp_path: Path) -> None:
    """A wrong path is a wrong call, not a verdict about the bundle."""
    result = _run("verify", tmp_path / "b.zip", "--trust", tmp_path / "t.txt")
    assert result.exit_code == 2
    assert "t.txt cannot be read" in result.output


def test_a_trust_file_that_is_no_text_is_named_and_not_a_traceback(tmp_path: Path) -> None:
    """Octets that no terminal can show are told as escapes, and a long word is not told whole."""
    (tmp_path / "t.trust").write_bytes("信任日志".encode("gb18030") * 100)
    (tmp_path / "b.zip").write_bytes(b"")
    result = _run("verify", tmp_path / "b.zip", "--trust", tmp_path / "t.trust")
    assert result.exit_code == 1, result.output
    assert result.exception is None or isinstance(result.exception, SystemExit)
    assert "\\udcd0" in result.stdout
    assert len(result.stdout) < 2000


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"LANG": "zh_CN.UTF-8"}, "zh_CN"),
        ({"LANG": "en_GB.UTF-8"}, "en"),
        ({"LANG": "en_GB.UTF-8", "LC_ALL": "zh_SG.UTF-8"}, "zh_CN"),
        ({"LANG": "C.UTF-8"}, "zh_CN"),
        ({"LANG": ""}, "zh_CN"),
    ],
)
def test_messages_speak_the_terminals_language(
    environment: dict[str, str], expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """LC_ALL, LC_MESSAGES and LANG decide, in this order."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert language() == expected


def test_policies_are_listed_shown_and_checked_without_settings(tmp_path: Path) -> None:
    """The policy verbs need no data directory."""
    listed = _run("policy", "list", "--json")
    assert listed.exit_code == 0
    digests = {one["id"]: one["digest"] for one in json.loads(listed.output)}
    assert "liusu-youji-2021" in digests
    shown = _run("policy", "show", "liusu-youji-2021")
    assert "太人社培[2021]1号" in shown.output
    assert digests["liusu-youji-2021"] in shown.output
    exact = _run("policy", "show", "liusu-youji-2021", "--json")
    assert json.loads(exact.output)["id"] == "liusu-youji-2021"
    assert _run("policy", "show", "nothing").exit_code == 1
    bad = tmp_path / "bad.toml"
    bad.write_text("id = 1\n", encoding="utf-8")
    checked = _run("policy", "check", bad)
    assert checked.exit_code == 1
    assert "bad.toml:1" in checked.output
    assert json.loads(_run("policy", "check", bad, "--json").output)["ok"] is False
    good = resources.files("lmscompliance").joinpath("policy", "notices", "liusu-youji-2021.toml")
    assert digests["liusu-youji-2021"] in _run("policy", "check", good).output
    text = tmp_path / "notice.txt"
    text.write_text("something else", encoding="utf-8")
    assert _run("policy", "check", good, "--notice", text).exit_code == 1


def test_a_platforms_own_policies_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """COMPLIANCE_POLICY_DIR adds files; a missing directory is a wrong setting."""
    monkeypatch.setenv("COMPLIANCE_POLICY_DIR", str(tmp_path / "none"))
    assert _run("policy", "list").exit_code == 2


def test_a_missing_data_directory_names_the_remedy() -> None:
    """Verbs that need the database say which setting is missing."""
    result = _run("class", "list")
    assert result.exit_code == 2
    assert "COMPLIANCE_DATA_DIR" in result.output
    assert "Traceback" not in result.output


def test_a_database_that_was_never_migrated_names_the_remedy(tmp_path: Path) -> None:
    """Every verb but ``db upgrade`` refuses an old schema."""
    result = _run("--data-dir", tmp_path, "class", "list")
    assert result.exit_code == 2
    assert "lmscompliance db upgrade" in result.output
    assert _run("--data-dir", tmp_path, "db", "check").exit_code == 2
    assert _run("--data-dir", tmp_path, "db", "upgrade").exit_code == 0
    assert "up to date" in _run("--data-dir", tmp_path, "db", "upgrade").output
    assert _run("--data-dir", tmp_path, "db", "check").exit_code == 0
    listed = _run("--data-dir", tmp_path, "class", "list")
    assert (listed.stdout, listed.stderr) == ("", "(There is none.)\n")


def test_settings_come_from_the_environment(tmp_path: Path) -> None:
    """Numbers and truth values are read from text; the option stands above the variable."""
    settings = settings_from(
        {
            "COMPLIANCE_DATA_DIR": "/elsewhere",
            "COMPLIANCE_TRUSTED_PROXIES": "2",
            "COMPLIANCE_SCHEDULER": "no",
            "PATH": "/bin",
        },
        tmp_path,
    )
    assert settings.data_dir == tmp_path
    assert settings.trusted_proxies == 2
    assert settings.scheduler is False
    assert len(settings.secret_key) >= 32


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("COMPLIANCE_TRUSTED_PROXIES", "two"),
        ("COMPLIANCE_SCHEDULER", "perhaps"),
        ("COMPLIANCE_TYPO", "x"),
        ("COMPLIANCE_LOCALE", "fr"),
    ],
)
def test_a_wrong_variable_is_named(name: str, value: str, tmp_path: Path) -> None:
    """A mistyped or unusable variable is refused by name."""
    with pytest.raises(Misconfigured, match=name):
        settings_from({name: value}, tmp_path)
