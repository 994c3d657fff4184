"""The line level of GIFT: comments, categories, and where each question begins and ends."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lmscompliance.questions.formats.gift_text import hold, release

_CATEGORY = re.compile(r"\s*\$CATEGORY\s*[:：](.*)", re.IGNORECASE)
_PLACEHOLDERS = re.compile(r"^\$\w+\$$|^\$(?:course|system|module|cat\d*)\$?$|^top$", re.IGNORECASE)
_NEXT = re.compile(r"\n\s*(?=\S)")


@dataclass(frozen=True, slots=True)
class Block:
    """The text of one question with its escapes held, the line it begins on, and its category's path."""

    text: str
    line: int
    category: tuple[str, ...]


def blocks(source: str) -> Iterator[Block]:
    """Yield the questions of ``source``.

    A blank line ends a question, except inside its answers when the closing brace follows before another
    brace opens: exporters leave blank lines there, and a forgotten brace must not swallow the next question.
    """
    category: tuple[str, ...] = ()
    pending: list[str] = []
    start = 0
    lines = hold(source.replace("\r\n", "\n").replace("\r", "\n")).split("\n")
    for number, line in enumerate(lines, 1):
        if line.lstrip().startswith("//"):
            continue
        found = _CATEGORY.match(line) if not _open(pending) else None
        if found or (not line.strip() and not (_open(pending) and _closes(lines[number:]))):
            yield from _cut(pending, start, category)
            pending = []
            category = category_path(found[1]) if found else category
            continue
        start = start if pending else number
        pending.append(line)
    yield from _cut(pending, start, category)


def _open(lines: Sequence[str]) -> bool:
    text = "\n".join(lines)
    return text.rfind("{") > text.rfind("}")


def _closes(following: Sequence[str]) -> bool:
    braces = (
        sign for line in following if not line.lstrip().startswith("//") for sign in line if sign in "{}"
    )
    return next(braces, "{") == "}"


def _cut(lines: Sequence[str], start: int, category: tuple[str, ...]) -> Iterator[Block]:
    """Yield the question of ``lines``, or several when each begins on a line of its own without a gap."""
    text = "\n".join(lines)
    line = start
    while text.count("{") > 1:
        end = text.find("}") + 1
        following = _NEXT.search(text, end) if end else None
        if following is None or not 0 < end < text.find("{", text.find("{") + 1):
            break
        if "{" not in text[following.end() :] or "{" in text[end : following.end()]:
            break
        yield Block(text[: following.start()].strip(), line, category)
        line += text.count("\n", 0, following.end())
        text = text[following.end() :]
    if text.strip():
        yield Block(text.strip(), line, category)


def category_path(raw: str) -> tuple[str, ...]:
    """Return a category's own path; contexts such as ``$course$`` and ``top`` are Moodle's."""
    # A doubled slash is a slash within a name (Moodle's own rule for category paths).
    held = release(raw).replace("//", "\ufdef")
    parts = [part.replace("\ufdef", "/").strip() for part in held.split("/")]
    return tuple(part for part in parts if part and not _PLACEHOLDERS.match(part))
