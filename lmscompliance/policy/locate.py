"""Finds the line of each key in a TOML file, because ``tomllib`` keeps no positions.

Only used to say where an error is, and only on text that ``tomllib`` has already accepted; a key it cannot
place (inside an inline table, say) is reported at the nearest key that holds it.
"""

from __future__ import annotations

import re
import tomllib

Path = tuple[str, ...]

_KEY_PART = re.compile(r"""\s*(?:([A-Za-z0-9_-]+)|"((?:[^"\\]|\\.)*)"|'([^']*)')\s*""")
_SYNTAX_ERROR = re.compile(r"^(.*) \(at line (\d+), column (\d+)\)$", re.DOTALL)
_MULTILINE = ('"""', "'''")


def lines(text: str) -> dict[Path, int]:
    """Return the line (from 1) on which each key path of ``text`` is written."""
    found: dict[Path, int] = {}
    table: Path = ()
    scanner = _Scanner()
    for number, line in enumerate(text.splitlines(), start=1):
        if scanner.between_statements:
            stripped = line.lstrip()
            if stripped.startswith("["):
                table, _ = _key(stripped.lstrip("["))
                found.setdefault(table, number)
                continue
            path, rest = _key(stripped)
            if path and rest.startswith("="):
                for depth in range(1, len(path) + 1):
                    found.setdefault(table + path[:depth], number)
        scanner.feed(line)
    return found


def line_of(found: dict[Path, int], key: Path) -> int:
    """Return the line of ``key``, or of the nearest key around it; 1 when there is none."""
    for length in range(len(key), 0, -1):
        if key[:length] in found:
            return found[key[:length]]
    return 1


def syntax_error(error: tomllib.TOMLDecodeError, text: str) -> tuple[int, str]:
    """Return the line and the bare message of what ``tomllib`` refused."""
    match = _SYNTAX_ERROR.match(str(error))
    if match:
        return int(match[2]), match[1]
    return max(1, len(text.splitlines())), str(error).removesuffix(" (at end of document)")


def _key(text: str) -> tuple[Path, str]:
    """Split a dotted key off the start of ``text``; return its parts and what follows."""
    parts: list[str] = []
    position = 0
    while match := _KEY_PART.match(text, position):
        parts.append(next(group for group in match.groups() if group is not None))
        position = match.end()
        if not text.startswith(".", position):
            break
        position += 1
    return tuple(parts), text[position:]


class _Scanner:
    """Follows strings and brackets across lines, to know whether the next line begins a statement."""

    def __init__(self) -> None:
        self._quote = ""
        self._depth = 0

    @property
    def between_statements(self) -> bool:
        """Whether no multi-line string or array is open."""
        return not self._quote and self._depth == 0

    def feed(self, line: str) -> None:
        """Take in one line that is not a table header."""
        at = 0
        while at < len(line):
            if self._quote:
                at = self._inside_string(line, at)
            elif line[at] == "#":
                return
            elif line[at] in "\"'":
                self._quote = line[at : at + 3] if line.startswith(_MULTILINE, at) else line[at]
                at += len(self._quote)
            else:
                self._depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(line[at], 0)
                at += 1

    def _inside_string(self, line: str, at: int) -> int:
        if line[at] == "\\" and '"' in self._quote:
            return at + 2
        if line.startswith(self._quote, at):
            at += len(self._quote)
            if len(self._quote) == len(_MULTILINE[0]):
                # One or two more quotes before the end belong to the text.
                while line.startswith(self._quote[0], at):
                    at += 1
            self._quote = ""
            return at
        return at + 1
