"""Area codes (行政区划代码, GB/T 2260): which six digits ever named a place.

A hint and nothing more. Abolished codes live on in real numbers, and a code may be newer than this list.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

_LIST = Path(__file__).with_name("areas.txt")
_PROVINCE = 2


def is_known(code: str) -> bool:
    """Tell whether the six digits ``code`` were ever an area code."""
    return code in _codes()


def is_province(code: str) -> bool:
    """Tell whether the two digits ``code`` begin the area codes of a province."""
    return code in _provinces()


@cache
def _codes() -> frozenset[str]:
    lines = (line.split() for line in _LIST.read_text(encoding="utf-8").splitlines() if line[:1].isdigit())
    return frozenset(prefecture + county for prefecture, *counties in lines for county in counties)


@cache
def _provinces() -> frozenset[str]:
    return frozenset(code[:_PROVINCE] for code in _codes())
