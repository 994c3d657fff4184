"""What banks call difficult."""

from __future__ import annotations

import pytest

from lmscompliance.questions.formats.levels import level


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("易", "easy"), ("简单", "easy"), ("较易", "easy"), ("低", "easy"), ("初级", "easy"),
        ("中", "medium"), ("中等", "medium"), ("一般", "medium"), ("中等偏难", "medium"), ("适中", "medium"),
        ("难", "hard"), ("较难", "hard"), ("困难", "hard"), ("高级", "hard"), ("ＨＡＲＤ", "hard"),
        ("", ""), ("0.7", ""), ("3", ""), ("★★★", ""),
    ],
)  # fmt: skip
def test_levels(words: str, expected: str):
    """Words of any width and case give a level; numbers, of which nobody knows which way they run, none."""
    assert level(words) == expected
