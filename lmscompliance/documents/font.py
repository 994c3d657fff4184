"""The font that documents embed (Noto Sans SC), and what it can show.

It holds nearly every Chinese character of the first Unicode block and of extension A, and a few hundred of
the later ones, which is where some rare characters of names stand.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pylopdf_fonts_zh_cn
from fontTools.ttLib import TTFont


def path() -> Path:
    """Return the font's file."""
    return pylopdf_fonts_zh_cn.sans_path()


def missing(text: str) -> list[tuple[int, str]]:
    """Return each character of ``text`` that the font cannot show, with its place, counted from 1."""
    shown = _shown()
    if shown.issuperset(text):
        return []
    return [(place, char) for place, char in enumerate(text, 1) if char not in shown]


def spelled(text: str) -> str:
    """Return ``text`` with each character that the font cannot show as its number: 〔U+2CAAA〕.

    For documents that have to be made whatever stands in them; a document in somebody's honour is rather
    refused (``missing``).
    """
    shown = _shown()
    if shown.issuperset(text):
        return text
    return "".join(char if char in shown else f"〔U+{ord(char):04X}〕" for char in text)


@cache
def _shown() -> frozenset[str]:
    # Read once a process and when first asked for: a third of a second, and four megabytes for good.
    # Line ends, tabs and places to break a word are layout and need no glyph.
    with TTFont(path(), lazy=True) as font:
        return frozenset(map(chr, font.getBestCmap())) | {"\n", "\t", "\u200b"}
