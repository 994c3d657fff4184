"""``--help`` with an example, and in Chinese: the same commands with other words, two columns a character.

The English texts stand at the commands; ``help.zh_CN.toml`` holds the Chinese ones, a table for each command.
``examples.toml`` holds calls of the commands that people meet first, the same in both languages.
"""

from __future__ import annotations

import copy
import tomllib
import unicodedata
from collections.abc import Iterable, Iterator
from functools import cache
from importlib import resources
from typing import Any

import click

_WORDS = {
    "Usage: ": "用法：",
    "Options": "选项",
    "Commands": "命令",
    "Show this message and exit.": "显示本帮助。",
    "Show the version and exit.": "显示版本号。",
}
_REMARKS = {"[required]": "[必填]", "[default: ": "[默认："}
_EXAMPLE = {"en": "Example:", "zh_CN": "示例："}
_AS_IT_IS = "\b\n"
"""What click takes from a paragraph that begins with it: its lines stay as they are."""
_GAP = 2
_NAMES = 34
"""How wide the column of names may get."""


def explained_in(language: str, command: click.Command, path: str = "") -> click.Command:
    """Return ``command`` and all below it with examples, and in Chinese for ``zh_CN``; itself left alone."""
    told = copy.copy(command)
    if language == "zh_CN":
        _translate(told, chinese().get(path, {}))
    if example := examples().get(path):
        lines = [_EXAMPLE[language], *example.strip().splitlines()]
        told.epilog = _AS_IT_IS + "\n  ".join(lines)
    if isinstance(told, click.Group):
        told.commands = {
            name: explained_in(language, one, f"{path} {name}".strip()) for name, one in told.commands.items()
        }
    return told


def _translate(told: click.Command, texts: dict[str, str]) -> None:
    told.context_class = _Context
    if "help" in texts:
        told.help = texts["help"]
        told.short_help = texts["help"].strip().partition("\n")[0]
    told.params = [_parameter(one, texts) for one in told.params]


@cache
def chinese() -> dict[str, dict[str, str]]:
    """Return the Chinese texts: for each command's path its ``help`` and one for each option."""
    return _read("help.zh_CN.toml")


@cache
def examples() -> dict[str, str]:
    """Return one call of each command that people meet first, by the command's path."""
    return _read("examples.toml")


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads(resources.files("lmscompliance").joinpath("cli", name).read_text(encoding="utf-8"))


def _parameter(parameter: click.Parameter, texts: dict[str, str]) -> click.Parameter:
    told = copy.copy(parameter)
    if isinstance(told, click.Option):
        told.help = texts.get(told.opts[0], told.help)
    return told


class _Formatter(click.HelpFormatter):
    """Click's layout, measured in columns and not in characters."""

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        """Write the line that shows how to call."""
        super().write_usage(prog, args, _WORDS["Usage: "] if prefix is None else prefix)

    def write_heading(self, heading: str) -> None:
        """Write a heading."""
        super().write_heading(_WORDS.get(heading, heading))

    def write_text(self, text: str) -> None:
        """Write paragraphs."""
        for number, paragraph in enumerate(text.split("\n\n")):
            if number:
                self.write("\n")
            whole = paragraph.removeprefix(_AS_IT_IS)
            room = self.width - self.current_indent
            for line in (
                _lines(" ".join(paragraph.split()), room) if whole == paragraph else whole.splitlines()
            ):
                self.write(" " * self.current_indent + line + "\n")

    def write_dl(
        self, rows: Iterable[tuple[str, str]], col_max: int = _NAMES, col_spacing: int = _GAP
    ) -> None:
        """Write names with what each means."""
        rows = list(rows)
        widest = min(max(_columns(name) for name, _ in rows), col_max)
        indent = self.current_indent + widest + col_spacing
        for name, meaning in rows:
            lines = list(_lines(_remarks(_WORDS.get(meaning, meaning)), self.width - indent)) or [""]
            room = widest - _columns(name)
            if room < 0:
                self.write(" " * self.current_indent + name + "\n")
                lines = [" " * indent + line for line in lines]
            else:
                self.write(" " * self.current_indent + name + " " * (room + col_spacing))
                lines = [lines[0], *(" " * indent + line for line in lines[1:])]
            self.write("\n".join(lines).rstrip() + "\n")


class _Context(click.Context):
    formatter_class = _Formatter


def _remarks(meaning: str) -> str:
    for english, word in _REMARKS.items():
        meaning = meaning.replace(english, word)
    return meaning


def _lines(text: str, room: int) -> Iterator[str]:
    """Break ``text`` between words, and anywhere between Chinese characters."""
    line = ""
    for piece in _pieces(text):
        if line and _columns((line + piece).rstrip()) > room and piece not in "，。、；：）":
            yield line.rstrip()
            line = ""
        line += piece if line else piece.lstrip()
    if line:
        yield line.rstrip()


def _pieces(text: str) -> Iterator[str]:
    """Cut ``text`` where a line may end: after a space, before and after a wide character."""
    piece = ""
    for char in text:
        if _columns(char) == 1:
            piece += char
            if char == " ":
                yield piece
                piece = ""
        else:
            if piece:
                yield piece
                piece = ""
            yield char
    if piece:
        yield piece


def _columns(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)
