"""What the documents promise: every setting, verb and room is described, and nothing that is not there."""

from __future__ import annotations

import re
from dataclasses import MISSING, fields

import click

from lmscompliance.cli.main import VERBS, main
from lmscompliance.kernel.settings import PREFIX, Settings
from tests.house.sources import PACKAGE, ROOT


def _rows(text: str) -> list[list[str]]:
    return [
        [cell.strip() for cell in line.strip().strip("|").split("|")]
        for line in text.splitlines()
        if line.startswith("| `")
    ]


def test_every_setting_is_documented_and_no_other() -> None:
    """docs/configuration.md lists exactly the fields of ``Settings``, required ones as such."""
    text = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
    documented = {row[0].strip("`"): row for row in _rows(text)}
    assert documented.keys() == {PREFIX + field.name.upper() for field in fields(Settings)}
    for field in fields(Settings):
        required = field.default is MISSING and field.default_factory is MISSING
        assert ("(required)" in documented[PREFIX + field.name.upper()][2]) == required


def test_defaults_are_documented_as_they_are() -> None:
    """Where a default is a plain value the document shows it."""
    text = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
    documented = {row[0].strip("`"): row[2].strip("`") for row in _rows(text)}
    for name in (
        "trusted_proxies",
        "url_prefix",
        "log_origin",
        "platform_name",
        "locale",
        "scheduler",
        "fast_lane",
        "beat_affinity",
    ):
        default = next(field.default for field in fields(Settings) if field.name == name)
        assert documented[PREFIX + name.upper()] == str(default)


def test_every_room_is_described() -> None:
    """docs/architecture.md names every room there is and none that is not."""
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    described = {name for row in _rows(text) for name in re.findall(r"`(\w+)`", row[0].replace("\\", ""))}
    # A cell with "a \| b" is cut at the bar; the second room's name is then the next cell.
    described |= {name for row in _rows(text) for name in re.findall(r"^`(\w+)`$", row[1])}
    rooms = {path.name for path in PACKAGE.iterdir() if (path / "__init__.py").is_file()} | {"services"}
    assert described == rooms


def test_every_verb_has_help() -> None:
    """Each command and subcommand says in a sentence what it does."""
    context = click.Context(main)
    for name in VERBS:
        command = main.get_command(context, name)
        assert command is not None
        commands = [command, *(command.commands.values() if isinstance(command, click.Group) else ())]
        for one in commands:
            assert one.help, f"{name} {one.name}"
