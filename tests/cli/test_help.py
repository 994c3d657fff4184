"""``--help`` reads well in both languages."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

import click
import pytest
from click.testing import CliRunner

from lmscompliance.cli.helping import chinese
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
        if terminal.startswith("zh"):
            assert "Options" not in shown.output
            assert "Show " not in shown.output


def test_the_lists_of_verbs_agree() -> None:
    """What is listed without importing a verb is what the verb is called."""
    assert HELP.keys() == VERBS.keys()
