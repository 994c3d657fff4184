"""When two written answers are the same: width, case and idle spaces do not count, digits do.

Unicode's compatibility forms are folded one character at a time, except those that carry meaning of their
own: a raised 2 is not a 2, so ``10²`` is not ``102``. The tables behind this are covered by Unicode's
stability policy, so an auditor's later Python folds the same way.
"""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal

_MEANINGFUL = ("<super>", "<sub>", "<fraction>")
_QUOTES = str.maketrans({"“": '"', "”": '"', "‘": "'", "’": "'"})
_BLANKS = re.compile(r"\s+")
_NUMBER = re.compile(r"[+-]?(?:[0-9]{1,40}(?:\.[0-9]{0,40})?|\.[0-9]{1,40})")


def normalise(text: str) -> str:
    """Return the form in which two written answers are compared.

    Full-width becomes half-width, case is folded, quotation marks are made alike, a closing full stop is
    dropped. A space counts only between two Latin letters or two digits, where leaving it out would make
    another word or number.
    """
    folded = "".join(_fold(character) for character in text).casefold().translate(_QUOTES)
    words = _BLANKS.sub(" ", unicodedata.normalize("NFC", folded)).strip().rstrip("。").strip()
    kept = []
    for position, character in enumerate(words):
        if character == " " and not _separates(words[position - 1], words[position + 1]):
            continue
        kept.append(character)
    return "".join(kept)


def number(text: str) -> Decimal | None:
    """Return the exact number that ``text`` spells in plain digits (at most 40 a side), else ``None``."""
    spelt = normalise(text)
    return Decimal(spelt) if _NUMBER.fullmatch(spelt) else None


def _fold(character: str) -> str:
    if unicodedata.decomposition(character).startswith(_MEANINGFUL):
        return character
    return unicodedata.normalize("NFKC", character)


def _separates(before: str, after: str) -> bool:
    if not (before.isascii() and after.isascii()):
        return False
    return (before.isalpha() and after.isalpha()) or (before.isdigit() and after.isdigit())
