"""Itineraries (行程卡): which days a screenshot shows, and which of a period none of them does."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lmscompliance.policy import Catalogue
from lmscompliance.rules.itinerary import Days, gaps, shown

TERMS = Catalogue.builtin().get("liusu-youji-2021").proofs
FEBRUARY = Days(date(2021, 2, 1), date(2021, 2, 28))
DAY = timedelta(days=1)


def _missing(*taken, counts_today, days=14):
    terms = replace(TERMS, itinerary_counts_today=counts_today, itinerary_days=days)
    return [str(one) for one in gaps([shown(date(2021, *one), terms) for one in taken], FEBRUARY)]


@pytest.mark.parametrize(
    ("taken", "counts_today", "missing"),
    [
        ([(2, 14), (2, 28)], True, []),
        ([(2, 14), (2, 28)], False, ["2021-02-14", "2021-02-28"][1:]),
        ([(2, 15), (3, 1)], True, ["2021-02-01"]),
        ([(2, 15), (3, 1)], False, []),
        ([(2, 28)], True, ["2021-02-01～2021-02-14"]),
        ([], True, ["2021-02-01～2021-02-28"]),
    ],
)
def test_T29_fourteen_days(taken, counts_today, missing):
    """Screenshots of 14 and 28 February, or of 15 February and 1 March, under both ways of counting today."""
    assert _missing(*taken, counts_today=counts_today) == missing


def test_T29_seven_days():
    """With the later card of seven days it takes four screenshots, and a forgotten one leaves a week."""
    assert _missing((2, 7), (2, 14), (2, 21), (2, 28), counts_today=True, days=7) == []
    assert _missing((2, 7), (2, 21), (2, 28), counts_today=True, days=7) == ["2021-02-08～2021-02-14"]


def test_the_notice_asks_for_all_of_february():
    """The days stand in the notice, not in code."""
    assert (TERMS.itinerary_from, TERMS.itinerary_to) == (FEBRUARY.first, FEBRUARY.last)
    assert TERMS.itinerary_days == 14


_days = st.integers(-20, 50).map(lambda n: FEBRUARY.first + n * DAY)
_ranges = st.tuples(_days, st.integers(0, 15)).map(lambda pair: Days(pair[0], pair[0] + pair[1] * DAY))


@given(st.lists(_ranges, max_size=8), st.randoms(use_true_random=False))
def test_gaps_are_the_days_nobody_shows(seen, random):
    """Day by day: a day of the period is in exactly one gap, or in something that was shown; in any order."""
    missing = gaps(seen, FEBRUARY)
    whole = [FEBRUARY.first + n * DAY for n in range(28)]
    expected = [day for day in whole if not any(one.first <= day <= one.last for one in seen)]
    assert [day for day in whole for one in missing if one.first <= day <= one.last] == expected
    shuffled = list(seen)
    random.shuffle(shuffled)
    assert gaps(shuffled, FEBRUARY) == missing
