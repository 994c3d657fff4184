"""A corrected key of the bank, as it reads against the options of a frozen paper, whatever their order."""

from __future__ import annotations

from collections.abc import Mapping

from lmscompliance.kernel.jcs import Json
from lmscompliance.rules.pictured import offered


class BrokenPaper(ValueError):
    """The paper does not show what the corrected key speaks of."""

    def __init__(self, text: str) -> None:
        """Say which option, or left side, is not there."""
        super().__init__(f"the paper does not show {text!r}")
        self.text = text


def shown_key(frozen: Mapping[str, Json], correct: Mapping[str, Json]) -> list[Json]:
    """Return the key of ``correct`` (kind, options and key as the bank has them) in the terms of ``frozen``.

    Options that are pictures are named as ``pictured.worded`` does.

    Raises ``BrokenPaper`` when the frozen question shows other options.
    """
    options, key = _list(correct["options"]), _list(correct["key"])
    if correct["kind"] in {"single", "multiple"}:
        right = [options[place] for place in key if isinstance(place, int)]
        shown: list[Json] = [*offered(frozen)]
        return [*sorted(_index(shown, text) for text in right)]
    if correct["kind"] == "matching":
        sides = frozen["options"] if isinstance(frozen["options"], dict) else {}
        pairs = {str(pair[0]): pair[1] for pair in key if isinstance(pair, list)}
        rights = _list(sides.get("right"))
        return [_index(rights, _pair(pairs, str(left))) for left in _list(sides.get("left"))]
    return key


def _pair(pairs: Mapping[str, Json], left: str) -> Json:
    if left not in pairs:
        raise BrokenPaper(left)
    return pairs[left]


def _index(shown: list[Json], text: Json) -> int:
    if text not in shown:
        raise BrokenPaper(str(text))
    return shown.index(text)


def _list(value: Json) -> list[Json]:
    return value if isinstance(value, list) else []
