"""What the way beats arrive says: reports that knew no answer, and days that nearly always came late."""

from __future__ import annotations

from dataclasses import replace

from lmscompliance.rules.arrivals import arrivals
from lmscompliance.rules.facts import UNANSWERED
from lmscompliance.rules.rhythm import findings
from tests.rules.build import DAY, NOTICE, TERMS, session, us, watch

ANOMALY = NOTICE.anomaly


def _blind(fact, count):
    """Return ``fact`` with its first beats marked as sent without an answer."""
    segment = fact.segments[0]
    beats = tuple(
        replace(beat, mark=UNANSWERED) if place < count else beat for place, beat in enumerate(segment.beats)
    )
    return replace(fact, segments=(replace(segment, beats=beats),))


def _late(fact, arrived):
    segment = fact.segments[0]
    return replace(fact, segments=(replace(segment, arrived_us=us(arrived)),))


def test_beats_that_read_no_answer_are_shown():
    """Ten of a day are shown with their sessions, nine are a broken connection, and days are apart."""
    script = _blind(session(watch(0, 1200)), 10)
    (found,) = findings([script], ANOMALY, TERMS)
    assert (found.kind, found.severity, found.facts, found.sessions) == (
        "unanswered",
        "high",
        {"beats": 10},
        ("s1",),
    )
    assert list(arrivals([_blind(session(watch(0, 1200)), 9)], ANOMALY)) == []
    apart = [
        _blind(session(watch(0, 1200)), 6),
        _blind(session(watch(DAY, DAY + 1200), name="s2", opened=DAY), 6),
    ]
    assert list(arrivals(apart, ANOMALY)) == []


def test_a_day_that_came_late_is_shown():
    """An hour and four fifths of a day delivered afterwards are shown; a tunnel or a mixed day is not."""
    late = _late(session(watch(0, 4000)), 4100)
    (found,) = arrivals([late], ANOMALY)
    assert (found.kind, found.facts) == (
        "mostly_late",
        {"late_seconds": 4000, "seconds": 4000, "times": 1},
    )
    live = session(watch(5000, 6001), name="s2", opened=5000)
    assert list(arrivals([late, live], ANOMALY)) == []
    assert list(arrivals([_late(session(watch(0, 3500)), 3600)], ANOMALY)) == []


def test_order_changes_nothing_and_zero_switches_off():
    """Whatever order sessions come in; a policy that says 0 looks for neither."""
    some = [
        _blind(session(watch(n * 2000, n * 2000 + 900), name=f"s{n}", opened=n * 2000), 5) for n in range(3)
    ]
    assert list(arrivals(some, ANOMALY)) == list(arrivals(reversed(some), ANOMALY)) != []
    off = replace(ANOMALY, unanswered_beats=0, late_seconds=0)
    assert list(arrivals([*some, _late(session(watch(0, 9000), name="x"), 9100)], off)) == []
