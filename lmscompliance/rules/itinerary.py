"""Coverage of a period by itinerary screenshots (行程卡): which days are shown, and which are missing.

A screenshot taken on a day shows a number of days up to it. Whether the day itself is among them is said
differently by different authorities, so the policy says it (notice T29, ``proofs.itinerary_*``).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from lmscompliance.kernel.clock import from_micros, shanghai_day
from lmscompliance.policy import ProofTerms
from lmscompliance.rules.facts import ClassFact

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, order=True)
class Days:
    """Consecutive days, both ends included."""

    first: date
    last: date

    def __str__(self) -> str:
        """Return them as people write them."""
        return str(self.first) if self.first == self.last else f"{self.first}～{self.last}"


def period(fact: ClassFact, terms: ProofTerms) -> Days:
    """Return the days that itineraries must cover: the notice's, else the training period's."""
    # The window's end is the first instant after its last day.
    first, last = (
        shanghai_day(from_micros(instant)) for instant in (fact.window_start_us, fact.window_end_us - 1)
    )
    return Days(terms.itinerary_from or first, terms.itinerary_to or last)


def shown(taken_on: date, terms: ProofTerms) -> Days:
    """Return the days that a screenshot taken on ``taken_on`` shows."""
    last = taken_on if terms.itinerary_counts_today else taken_on - _DAY
    return Days(last - (terms.itinerary_days - 1) * _DAY, last)


def gaps(seen: Iterable[Days], period: Days) -> tuple[Days, ...]:
    """Return the days of ``period`` that none of ``seen`` covers, in order; they may overlap in any way."""
    missing: list[Days] = []
    open_from = period.first
    for days in sorted(seen):
        if days.first > period.last:
            break
        if days.first > open_from:
            missing.append(Days(open_from, days.first - _DAY))
        open_from = max(open_from, days.last + _DAY)
    if open_from <= period.last:
        missing.append(Days(open_from, period.last))
    return tuple(missing)
