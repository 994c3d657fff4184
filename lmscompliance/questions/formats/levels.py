"""Reads what banks call a question's difficulty: easy, medium or hard, in their own words."""

from __future__ import annotations

import re
import unicodedata

from lmscompliance.rules.blueprint import EASY, HARD, MEDIUM

# What stands in the middle first: 中等偏难 is medium, 难易适中 too.
_WORDS = (
    (MEDIUM, re.compile(r"中|一般|普通|适中|medium|normal")),
    (EASY, re.compile(r"易|简单|低|初|基础|easy|simple")),
    (HARD, re.compile(r"难|高|hard|difficult")),
)


def level(words: str) -> str:
    """Return the level that ``words`` name, empty when they name none.

    A bare number names none: in one bank 0.9 is easy because nine in ten know it, in another it is hard.
    """
    folded = unicodedata.normalize("NFKC", words).casefold()
    return next((name for name, pattern in _WORDS if pattern.search(folded)), "")
