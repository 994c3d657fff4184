"""Reads an answer cell: letters in any spelling, right and wrong in any spelling, or an option's own text."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from lmscompliance.questions.formats.text import fingerprint

_WORDS = {
    True: "正确 对 对的 正确的 是 正 √ ∨ v ✓ ✔ ☑ t true y yes r right 1",
    False: "错误 错 错的 错误的 不对 不正确 不是 否 非 误 × ✗ ✘ ✕ ╳ ☒ x f false n no w wrong 0",
}
_TRUTH = {word: said for said, words in _WORDS.items() for word in words.split()}

_PREFIX = re.compile(r"^(?:正确|标准|参考)?答案(?:是|为)?\s*[::]\s*|^(?:选|故选)\s*")
_BETWEEN = re.compile(r"[\s、,;/.+&|*#和与。\-]+")
_SPAN = re.compile(r"([A-J])\s*[-~—–至到]+\s*([A-J])")
_PLACES = re.compile(r"[1-9]{1,9}")
_LETTERS = re.compile(r"[A-J]{1,10}")
_LABELLED = re.compile(r"([A-J])\s*[.、::)]\s*(.+)|([A-J])\s+([^A-Za-z\s].*)", re.DOTALL)


def plain(cell: str) -> str:
    """Return the answer without the words some banks put before it, in half-width characters."""
    return _PREFIX.sub("", unicodedata.normalize("NFKC", cell)).strip().strip("()[]【】〔〕").strip()


def truth(cell: str) -> bool | None:
    """Return what a true/false answer says, or ``None`` when it says neither."""
    return _TRUTH.get(plain(cell).casefold().rstrip("。."))


def letters(cell: str) -> str | None:
    """Return the letters of ``A``, ``AB``, ``A、B``, ``A,B`` or ``ＡＢ``, repeats included, else ``None``."""
    span = _SPAN.fullmatch(plain(cell).upper())
    if span and ord(span[2]) - ord(span[1]) > 1:
        # All from A to D, or only the two: nobody but the author knows.
        return None
    joined = _BETWEEN.sub("", plain(cell)).upper()
    return joined if _LETTERS.fullmatch(joined) else None


def places(cell: str, labels: Sequence[str], texts: Sequence[str]) -> list[int] | None:
    """Return the indexes of the options that ``cell`` names, by letter or by text.

    ``None`` means that it names none; a letter without an option gives the index -1.
    """
    named = letters(cell)
    if named is not None:
        return [labels.index(letter) if letter in labels else -1 for letter in named]
    known = [fingerprint(text) for text in texts]
    if fingerprint(cell) in known:
        return [known.index(fingerprint(cell))]
    labelled = _LABELLED.fullmatch(plain(cell))
    if labelled:
        letter, text = (labelled[1] or labelled[3]), (labelled[2] or labelled[4])
        if letter in labels and known[labels.index(letter)] == fingerprint(text):
            return [labels.index(letter)]
    parts = [fingerprint(part) for part in re.split(r"[、,，;；|\n]+", cell) if part.strip()]
    if len(parts) > 1 and all(part in known for part in parts):
        return [known.index(part) for part in parts]
    return None


def positions(cell: str) -> list[int] | None:
    """Return the indexes of options that ``cell`` names by number: ``2``, ``1、3``, ``①③``, ``选项2``."""
    joined = _BETWEEN.sub("", plain(cell).replace("选项", "").replace("第", "").replace("项", ""))
    return [int(digit) - 1 for digit in joined] if _PLACES.fullmatch(joined) else None
