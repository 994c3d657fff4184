"""Marks that people give for essays (简答题): two who do not see each other, a third where they differ.

A machine cannot mark an essay, so its paper has no score until every essay that was answered is settled.
One that was left blank earns nothing and needs nobody. The product and the verifier run the same lines.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Protocol

from lmscompliance.kernel.jcs import Json
from lmscompliance.rules.marking import HUMAN_KINDS, Item, exact_sum, is_answered, part

PAIR = 2
"""How many people mark every essay."""
_ALL = 3


class Terms(Protocol):
    """What settling needs of a policy's exam terms."""

    @property
    def essay_tolerance_permille(self) -> int:
        """How far two marks may lie apart, in thousandths of the question's points."""
        ...

    @property
    def essay_third_mark(self) -> str:
        """``nearest`` or ``decides``."""
        ...


def to_mark(items: Sequence[Item], answers: Sequence[Json]) -> list[int]:
    """Return the numbers (from 1) of the questions of a paper that people have to mark."""
    return [
        number
        for number, (item, answer) in enumerate(zip(items, answers, strict=False), 1)
        if item.kind in HUMAN_KINDS and is_answered(answer)
    ]


def needed(marks: Sequence[Decimal], full: Decimal, terms: Terms) -> bool:
    """Tell whether a question worth ``full`` points needs a further mark."""
    if len(marks) < PAIR:
        return True
    return len(marks) < _ALL and abs(marks[0] - marks[1]) * 1000 > full * terms.essay_tolerance_permille


def settled(marks: Sequence[Decimal], full: Decimal, terms: Terms) -> Decimal | None:
    """Return what ``marks``, in the order they were given, come to; ``None`` while one is missing.

    Two within the tolerance give their mean. Else a third mark is asked for: it holds by itself
    (``decides``), or gives the mean with the nearer of the first two (``nearest``; of two equally near ones
    with the higher). Means are rounded down to hundredths, as part marks are.
    """
    if needed(marks, full, terms):
        return None
    if len(marks) == PAIR:
        return _mean(marks[0], marks[1])
    third = marks[PAIR]
    if terms.essay_third_mark == "decides":
        return third
    return _mean(third, min(marks[:PAIR], key=lambda one: (abs(one - third), -one)))


def _mean(one: Decimal, other: Decimal) -> Decimal:
    total = exact_sum([one, other])
    return part(total, Fraction(1, 2))
