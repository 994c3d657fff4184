"""How questions did: difficulty and discrimination from what each paper earned. Plain values in and out.

Difficulty p is the share of its points that a question earned on average (1: everybody had it right).
Discrimination is told in two ways, each over the papers that had the question: ``correlation``, the
point-biserial correlation of its marks with those of the rest of the paper, and ``upper_lower``, p among the
best 27 % of papers less p among the worst (Kelley 1939). Figures are for people; no verdict rests on them.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from statistics import StatisticsError, correlation

FEWEST = 10
"""With fewer papers discrimination is chance, and is not given."""
_GROUP = 0.27


@dataclass(frozen=True, slots=True)
class Taken:
    """What one paper earned on one question: ``points`` of ``full``, and the whole paper's score."""

    points: Decimal
    full: Decimal
    answered: bool
    score: Decimal

    @property
    def share(self) -> float:
        """The part of the points that was earned."""
        return float(self.points / self.full)


@dataclass(frozen=True, slots=True)
class Figures:
    """How often a question was drawn, left blank and wholly right, and what that says of it."""

    drawn: int
    blank: int
    right: int
    difficulty: float
    correlation: float | None
    upper_lower: float | None

    @property
    def suspicious(self) -> bool:
        """Whether the better papers did worse on it, as they do when a key is wrong."""
        return any(value is not None and value < 0 for value in (self.correlation, self.upper_lower))


def figures(taken: Sequence[Taken]) -> Figures:
    """Return the figures of one question; ``taken`` has at least one paper."""
    enough = len(taken) >= FEWEST
    return Figures(
        drawn=len(taken),
        blank=sum(not one.answered for one in taken),
        right=sum(one.points == one.full for one in taken),
        difficulty=_mean(one.share for one in taken),
        correlation=_correlation(taken) if enough else None,
        upper_lower=_upper_lower(taken) if enough else None,
    )


def _correlation(taken: Sequence[Taken]) -> float | None:
    # Against the rest of the paper: a question always agrees with itself.
    try:
        return correlation([one.share for one in taken], [float(one.score - one.points) for one in taken])
    except StatisticsError:
        return None


def _upper_lower(taken: Sequence[Taken]) -> float:
    size = max(1, math.floor(len(taken) * _GROUP + 0.5))
    ranked = sorted(taken, key=lambda one: one.score)
    return _mean(one.share for one in ranked[-size:]) - _mean(one.share for one in ranked[:size])


def _mean(values: Iterable[float]) -> float:
    listed = list(values)
    return math.fsum(listed) / len(listed)
