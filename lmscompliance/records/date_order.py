"""Whether the day, the month or the year comes first in a log's dates: 03/04/21 may be any.

A file has one way of writing. A reading that no calendar allows or that lies in the future is out, and so is
one whose day is padded where another number is not: Moodle writes 6/08/20. Of what is left, three things
speak: the language of the headings, that a log is in the order of time, and the period in which the class
learnt. Where they say nothing, or contradict each other, nobody guesses.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, tzinfo
from itertools import pairwise

from lmscompliance.records.moodle_time import ORDERS, Written

_A_FEW = 100
"""One row in so many may stand out of the order of time: clocks are set back."""
_MOST, _HARDLY_ANY = 0.5, 0.1


def order_of(
    written: Sequence[Written],
    zone: tzinfo,
    now: datetime,
    *,
    usual: Collection[str] = (),
    period: tuple[datetime, datetime] | None = None,
) -> str | None:
    """Return the one order that fits all of a file's times; ``None`` where that cannot be told.

    ``usual`` are the orders that the headings' language writes, ``period`` is when the class learnt.
    """
    doubtful = [one for one in written if one.numbers is not None]
    if not doubtful:
        return ORDERS[0]
    readings = {order: [one.on(order, zone) for one in doubtful] for order in ORDERS}
    faults = {order: _faults(times, now) for order, times in readings.items()}
    left = {order for order in ORDERS if faults[order] == min(faults.values())}
    left = _unpadded(doubtful, left) or left
    if not _alike(readings, left):
        voices = (set(usual), _rows_in_order(readings, left), _within(readings, left, period))
        left = left.intersection(*filter(None, voices))
    return min(left, key=ORDERS.index) if _alike(readings, left) else None


def _alike(readings: Mapping[str, Sequence[datetime | None]], orders: Collection[str]) -> bool:
    return len({tuple(readings[order]) for order in orders}) == 1


def _faults(times: Sequence[datetime | None], now: datetime) -> tuple[int, int]:
    known = [one for one in times if one is not None]
    return len(times) - len(known), sum(one > now for one in known)


def _unpadded(written: Sequence[Written], orders: Collection[str]) -> set[str]:
    """Return the orders whose day is alone is written without a leading zero; none if all are alike."""
    columns = list(zip(*(one.numbers for one in written if one.numbers is not None), strict=True))
    bare = {at for at, column in enumerate(columns) if any(len(one) == 1 for one in column)}
    padded = {at for at, column in enumerate(columns) if any(one[0] == "0" for one in column)} - bare
    return {one for one in orders if bare == {one.index("d")} and one.index("m") in padded}


def _rows_in_order(readings: Mapping[str, Sequence[datetime | None]], orders: Collection[str]) -> set[str]:
    """Return the orders by which the rows rise or fall in time, if it is not so by all of them."""
    fitting = set()
    for order in orders:
        pairs = list(pairwise(one for one in readings[order] if one is not None))
        breaks = min(sum(a < b for a, b in pairs), sum(a > b for a, b in pairs))
        if breaks <= len(pairs) // _A_FEW:
            fitting.add(order)
    return fitting


def _within(
    readings: Mapping[str, Sequence[datetime | None]],
    orders: Collection[str],
    period: tuple[datetime, datetime] | None,
) -> set[str]:
    """Return the orders by which not nearly all rows lie outside the period, if most do by one of them."""
    if period is None:
        return set()
    first, last = period
    share = {
        order: sum(one is not None and first <= one < last for one in readings[order]) / len(readings[order])
        for order in orders
    }
    if max(share.values()) < _MOST:
        return set()
    return {order for order in orders if share[order] > _HARDLY_ANY}
