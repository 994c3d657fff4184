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
    return [(place, char) for place, char in enumerate(text, 1) if ord(char) not in shown]


@cache
def _shown() -> frozenset[int]:
    # Read once a process and when first asked for: a third of a second, and two megabytes for good.
    with TTFont(path(), lazy=True) as font:
        return frozenset(font.getBestCmap())
