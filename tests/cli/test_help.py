"""``--help`` reads well in both languages."""

from __future__ import annotations

import re
import shlex
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from lmscompliance.cli.helping import chinese, examples
from lmscompliance.cli.main import HELP, VERBS, Verbs, main


def _commands() -> Iterator[tuple[str, click.Command]]:
    """Yield every command with its path; the top of all has an empty one."""
    yield "", main
    context = click.Context(main)
    for name in VERBS:
        yield from _below(name, Verbs.get_command(main, context, name))


def _below(path: str, command: click.Command) -> Iterator[tuple[str, click.Command]]:
    yield path, command
    if isinstance(command, click.Group):
        for name, one in command.commands.items():
            yield from _below(f"{path} {name}", one)


@pytest.fixture(params=["zh_CN.UTF-8", "en_US.UTF-8"])
def terminal(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return the language of the terminal."""
    monkeypatch.setenv("LC_ALL", request.param)
    return request.param


def test_every_help_has_a_chinese_text_and_no_text_is_stale(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each command with its options, and nothing else, stands in the Chinese texts."""
    monkeypatch.setenv("LC_ALL", "en_US.UTF-8")
    wanted = {}
    for path, command in _commands():
        options = {one.opts[0] for one in command.params if isinstance(one, click.Option)}
        # The top's version is click's own option, and explained by click.
        wanted[path] = {"help"} | (options - {"--version"} if path == "" else options)
    told = {path: set(texts) for path, texts in chinese().items()}
    assert told.keys() == wanted.keys()
    for path, names in wanted.items():
        assert told[path] == names, path


def test_every_help_fits_the_terminal_and_speaks_its_language(terminal: str) -> None:
    """No line is wider than eighty columns, nothing is cut off, and Chinese help is Chinese throughout."""
    for path, _ in list(_commands()):
        shown = CliRunner().invoke(main, [*path.split(), "--help"], terminal_width=78)
        assert shown.exit_code == 0, shown.output
        assert "..." not in shown.output.replace("[ARGS]...", "").replace("PATH...", "").replace("ID...", "")
        for line in shown.output.splitlines():
            columns = sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in line)
            assert columns <= 80, line
        told = [line.strip() for line in shown.output.splitlines()]
        for line in examples().get(path, "").splitlines():
            assert line.strip() in told, "an example stands as it is typed"
        if terminal.startswith("zh"):
            assert "Options" not in shown.output
            assert "Show " not in shown.output


def test_each_example_is_a_call_the_command_understands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The command it stands at takes its arguments and options; every verb shows one."""
    monkeypatch.chdir(tmp_path)
    commands = dict(_commands())
    for path, example in examples().items():
        words = shlex.split(example.replace("\\\n", " "))
        for name in words:  # what it names as a file is there
            if re.fullmatch(r"[\w-]+(\.\w+)+", name):
                (tmp_path / name).touch()
        verbs = path.split()
        assert words[: len(verbs) + 1] == ["lmscompliance", *verbs]
        commands[path].make_context(path, words[len(verbs) + 1 :])
    assert {path.split()[0] for path in examples()} == VERBS.keys()


def test_the_lists_of_verbs_agree() -> None:
    """What is listed without importing a verb is what the verb is called."""
    assert HELP.keys() == VERBS.keys()


@pytest.mark.parametrize(
    ("call", "told"),
    [
        ("nonsense", "没有命令 'nonsense'。"),
        ("--nonsense", "没有选项 '--nonsense'。"),
        ("db upgrde", "没有命令 'upgrde'。是否想用 'upgrade'？"),
        ("demo --port", "选项 '--port' 后面须给出取值。"),
        ("demo --port=abc", "'--port' 的取值不对：'abc' 不是整数。"),
        ("demo --port=70000", "70000 不在范围 0<=x<=65535 内。"),
        ("demo --headless", "--headless 须同时用 --out 给出目录。"),
        ("demo --headless=1", "选项 '--headless' 不需要取值。"),
        ("db upgrade more", "多出了参数：more"),
        ("verify", "缺少参数 'BUNDLE'。"),
        ("class step --code=a --reason=b --by=c", "缺少选项 '--to'。"),
        ("class file --from=soon", "'--from' 的取值不对：'soon' 的格式应为 '%Y-%m-%d'。"),
        ("plan import nowhere --class=a", "'FILE' 的取值不对：'nowhere' 不存在。"),
        ("plan import . --class=a", "'.' 是目录，这里须给出文件。"),
        ("keys add --kind=nothing", "'nothing' 不是可选的值，可选："),
    ],
)
def test_a_wrong_call_is_explained_in_chinese(call: str, told: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What click says in English reaches a Chinese terminal in Chinese, and still ends with 2."""
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    shown = CliRunner().invoke(main, call.split())
    assert shown.exit_code == 2
    assert told in shown.stderr
    assert "错误：" in shown.stderr
    for english in ("Error", "Usage", "Try ", "Invalid", "Missing", "No such"):
        assert english not in shown.stderr
