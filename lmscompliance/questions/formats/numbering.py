"""Takes the running number off a question without eating stems such as ``5S`` or ``1949年``.

A number is only taken for numbering when its punctuation leaves no doubt, or when the rows around it carry
on the count: ``16.2：1绕法`` loses ``16.`` because the row above is 15, while a lone ``1.5mm`` keeps all.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

_LEAD = re.compile(r"[（(]?\s*第?\s*(\d{1,4})(?!\d)")
_CERTAIN = re.compile(r"(\d{1,4})\s*[、．.)）]\s*(?![\d\s])")
_ORDINAL = re.compile(r"第\s*(\d{1,4})\s*题\s*[、．.：:,，]?\s*")
_LIKELY = (
    re.compile(r"(\d{1,4})\s*[、．.)），,：:]\s*"),
    re.compile(r"[（(]\s*(\d{1,4})\s*[)）]\s*"),
    re.compile(r"(\d{1,4})\s+"),
    re.compile(
        r"(\d{1,4})(?=[\u4e00-\u9fff《“（(])(?![年月日号个人只种次名条层台米度周岁吨千公斤时分秒元万亿倍级类])"
    ),
)


def lead(stem: str) -> int | None:
    """Return the number ``stem`` begins with, whatever it means."""
    found = _LEAD.match(stem)
    return int(found[1]) if found else None


def strip(stem: str, *, continues: bool) -> str:
    """Return ``stem`` without its running number.

    ``continues`` says that the rows around it count on from its leading number.
    """
    patterns = [_ORDINAL, _CERTAIN, *(_LIKELY if continues else ())]
    for pattern in patterns:
        found = pattern.match(stem)
        rest = stem[found.end() :] if found else ""
        if found and rest:
            again = re.match(rf"{found[1]}\s*[、．.]\s*(?=\D)", rest)
            return rest[again.end() :] if again else rest
    return stem


def continuing(leads: Sequence[int | None]) -> list[bool]:
    """Tell for each row whether the row above or below it counts on from its own leading number."""
    told = []
    for at, number in enumerate(leads):
        before = leads[at - 1] if at else None
        after = leads[at + 1] if at + 1 < len(leads) else None
        told.append(number is not None and (before == number - 1 or after == number + 1))
    return told
