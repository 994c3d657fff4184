"""Reads a quiz's form: the answers a page sends, in the form that marking reads."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from lmscompliance.kernel.jcs import Json

LONGEST = 500
"""Characters of a text that is typed; what is longer is cut, as the page's own field does."""
_MOST_DIGITS = 3

Given = Callable[[str], Sequence[str]]
"""Returns everything a form holds under a name, in order."""


def read(paper: Sequence[Mapping[str, Json]], given: Given) -> list[Json]:
    """Return one answer for each question of a frozen paper, ``None`` where there is none.

    What fits no question of its kind is no answer: marking gives it nothing either way.
    """
    return [_answer(str(one["kind"]), given(f"q{number}")) for number, one in enumerate(paper, 1)]


def _answer(kind: str, parts: Sequence[str]) -> Json:
    if kind in {"single", "multiple"}:
        return [place for place in map(_index, parts) if place is not None] or None
    if kind == "true_false":
        return [parts[0] == "true"] if parts and parts[0] in {"true", "false"} else None
    if kind == "matching":
        places: list[Json] = [_index(one) for one in parts]
        return places if any(one is not None for one in places) else None
    text = parts[0].replace("\x00", "").strip()[:LONGEST] if parts else ""
    return [text] if text else None


def _index(part: str) -> int | None:
    return int(part) if part.isascii() and part.isdigit() and len(part) <= _MOST_DIGITS else None
