"""Plays many people's scripts in the order of one clock.

A script is a generator that yields the instant at which it wants to go on. The stage always wakes the
earliest one, sets the clock to that instant and lets it act; equal instants go in the order of the cast,
so a play with one seed is one play.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from datetime import datetime

from lmscompliance.kernel.clock import ManualClock

Script = Iterator[datetime]


def play(clock: ManualClock, scripts: Iterable[Script], *, until: datetime) -> None:
    """Run every script to its end or to ``until``, whichever comes first."""
    queue: list[tuple[datetime, int, Script]] = []
    for order, script in enumerate(scripts):
        _continue(queue, order, script)
    while queue:
        instant, order, script = heapq.heappop(queue)
        if instant > until:
            break  # so is everybody who is still waiting
        clock.set(max(instant, clock.now()))
        _continue(queue, order, script)
    clock.set(max(until, clock.now()))


def _continue(queue: list[tuple[datetime, int, Script]], order: int, script: Script) -> None:
    instant = next(script, None)
    if instant is not None:
        heapq.heappush(queue, (instant, order, script))
