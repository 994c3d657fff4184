"""The stage wakes everybody in the order of one clock."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from lmscompliance.demo.stage import play
from lmscompliance.kernel.clock import SHANGHAI, ManualClock

START = datetime(2021, 2, 1, 8, 0, tzinfo=SHANGHAI)


def _at(minutes: int) -> datetime:
    return START + timedelta(minutes=minutes)


def test_scripts_go_on_in_the_order_of_the_clock() -> None:
    """Whoever is due first acts first, at the very instant asked for; equals act in the order of the cast."""
    clock = ManualClock(START)
    seen: list[tuple[str, datetime]] = []

    def script(name: str, *minutes: int) -> Iterator[datetime]:
        for minute in minutes:
            yield _at(minute)
            seen.append((name, clock.now()))

    play(clock, [script("a", 1, 4), script("b", 2, 4), script("c", 3)], until=_at(10))
    assert seen == [("a", _at(1)), ("b", _at(2)), ("c", _at(3)), ("a", _at(4)), ("b", _at(4))]
    assert clock.now() == _at(10)


def test_the_curtain_falls_on_whoever_is_not_done() -> None:
    """What would come after the end never happens, and the clock stands at the end."""
    clock = ManualClock(START)
    acted = []

    def script() -> Iterator[datetime]:
        yield _at(5)
        acted.append(clock.now())
        yield _at(15)
        acted.append(clock.now())

    play(clock, [script()], until=_at(10))
    assert acted == [_at(5)]
    assert clock.now() == _at(10)


def test_time_never_runs_backwards() -> None:
    """Somebody who asks for an instant that is over goes on now."""
    clock = ManualClock(START)
    seen = []

    def late() -> Iterator[datetime]:
        yield _at(5)
        yield _at(1)
        seen.append(clock.now())

    play(clock, [late()], until=_at(10))
    assert seen == [_at(5)]
