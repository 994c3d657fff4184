"""A paper's questions in words: options, right answers, points. Part of the ledger's edition."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from lmscompliance.kernel.jcs import Json
from lmscompliance.rules.pictured import offered

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def options(item: Mapping[str, Json]) -> str:
    """Return a question's options, lettered, one a line; both columns of a matching question."""
    shown = item.get("options")
    if isinstance(shown, dict):
        left, right = _texts(shown.get("left")), _texts(shown.get("right"))
        lines = [f"{number}. {text}" for number, text in enumerate(left, 1)]
        return "\n".join(lines + [f"{_letter(place)}. {text}" for place, text in enumerate(right)])
    return "\n".join(f"{_letter(place)}. {text}" for place, text in enumerate(offered(item)))


def answer(item: Mapping[str, Json]) -> str:
    """Return a question's right answer in words."""
    key = item.get("key")
    kind = item.get("kind")
    if not isinstance(key, list):
        return ""
    if kind == "true_false":
        return "正确" if key[:1] == [True] else "错误"
    if kind in {"single", "multiple"}:
        texts = offered(item)
        places = sorted(place for place in key if isinstance(place, int) and 0 <= place < len(texts))
        return "\n".join(f"{_letter(place)}. {texts[place]}" for place in places)
    if kind == "matching":
        return "；".join(
            f"{number}-{_letter(place)}" for number, place in enumerate(key, 1) if isinstance(place, int)
        )
    if kind == "numeric":
        return " 或 ".join(_with_tolerance(part) for part in key)
    return " 或 ".join(map(str, key))


def answer_texts(item: Mapping[str, Json]) -> list[str]:
    """Return a question's right answer free of the order in which this paper shows its options."""
    key, shown = item.get("key"), item.get("options")
    places = [place for place in key if type(place) is int] if isinstance(key, list) else []
    if isinstance(shown, dict):
        left, right = _texts(shown.get("left")), _texts(shown.get("right"))
        pairs = zip(left, places, strict=False)
        return sorted(f"{text}\n{right[place] if 0 <= place < len(right) else ''}" for text, place in pairs)
    texts = offered(item)
    if texts and places:
        return sorted(texts[place] for place in places if 0 <= place < len(texts))
    return [str(part) for part in key] if isinstance(key, list) else []


def points(item: Mapping[str, Json]) -> Decimal:
    """Return what a question is worth."""
    return Decimal(str(item.get("points")))


def _with_tolerance(part: Json) -> str:
    if not isinstance(part, list):
        return str(part)
    exact = len(part) < 2 or str(part[1]).strip("0.") == ""  # noqa: PLR2004  # value and tolerance
    return str(part[0]) if exact and part else "±".join(map(str, part))


def _letter(place: int) -> str:
    return _LETTERS[place] if 0 <= place < len(_LETTERS) else str(place + 1)


def _texts(values: Json) -> Sequence[str]:
    return [str(text) for text in values] if isinstance(values, list) else []
