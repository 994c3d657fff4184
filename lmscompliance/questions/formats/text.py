"""Tidying text that came out of a spreadsheet cell or a text file."""

from __future__ import annotations

import re
import unicodedata

from lmscompliance.rules.text_answer import normalise

_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_SPACES = str.maketrans({"\u00a0": " ", "\u3000": " ", "\t": " ", "\u2028": "\n", "\u2029": "\n", "\v": "\n"})
_PAIRS = (("(", ")"), ("（", "）"), ("[", "]"), ("【", "】"), ("《", "》"))


def clean(raw: str) -> str:
    """Return ``raw`` trimmed, with one kind of space and line end and no invisible characters.

    Spreadsheets write some characters as ``_x000D_`` (ECMA-376, ST_Xstring). Control characters are left
    out because PostgreSQL cannot hold all of them and nobody can see them.
    """
    decoded = _ESCAPED.sub(lambda found: chr(int(found[1], 16)), raw)
    lines = decoded.replace("\r\n", "\n").replace("\r", "\n").translate(_SPACES)
    kept = (c for c in lines if c == "\n" or unicodedata.category(c) not in {"Cc", "Cf", "Cs", "Cn"})
    return "".join(kept).strip()


def fingerprint(text: str) -> str:
    """Return what two wordings share when only width, spaces or closing stops tell them apart.

    Unlike written answers, wordings differ by case: MΩ is not mΩ.
    """
    capitals = (character for character in unicodedata.normalize("NFKC", text) if character.isupper())
    return f"{normalise(text)}\n{''.join(capitals)}"


def balanced(text: str) -> bool:
    """Tell whether every bracket in ``text`` closes; a half-width one may close a full-width one."""
    folded = text.replace("（", "(").replace("）", ")")
    return all(folded.count(left) == folded.count(right) for left, right in _PAIRS)
