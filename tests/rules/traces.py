"""Simulated learning: honest people with their browsers and lives, and the programs that stand in for them.

An honest page beats when its timer fires (late by some milliseconds), over a network that jitters; its
person pauses, looks away, seeks back and sleeps. Programs differ in what they forget of this.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

from lmscompliance.rules.facts import Beat, Segment, SessionFact
from tests.rules.build import DAY, START

LESSON = 1800


@dataclass
class Habits:
    """How somebody's page and network behave, in milliseconds."""

    late: float
    """Typical lateness of the timer."""
    jitter: float
    """Typical variation of the way to the server."""
    restless: float
    """Interruptions an hour."""


def habits(chance: random.Random) -> Habits:
    """Draw somebody: from a wired office to a phone on a train."""
    return Habits(chance.uniform(1.5, 12), chance.choice((1.0, 3.0, 10.0, 40.0)), chance.uniform(0.2, 6))


class Trace:
    """Builds one session beat by beat; times in seconds after ``START``, positions in seconds."""

    def __init__(self, name: str, at: float, lesson: str = "L") -> None:
        self.name, self.lesson, self.opened = name, lesson, at
        self.beats: list[tuple[float, float, str]] = [(at, 0.0, "playing")]

    def beat(self, at: float, position: float, state: str = "playing") -> None:
        """Add a beat as the server receives it."""
        self.beats.append((max(at, self.beats[-1][0]), position, state))

    @property
    def end(self) -> float:
        """When the last beat came."""
        return self.beats[-1][0]

    def fact(self) -> SessionFact:
        """Return the session as the rules see it."""
        start = round((START + self.opened) * 1000) * 1000
        beats = tuple(
            Beat(seq, round((at - self.opened) * 1000), round(position * 1000), state)
            for seq, (at, position, state) in enumerate(self.beats)
        )
        end = start + beats[-1].offset_ms * 1000
        return SessionFact(
            self.name,
            self.lesson,
            start,
            end,
            "end",
            None,
            (Segment(self.name, 0, start, end, "end", beats),),
        )


def honest_session(chance: random.Random, who: Habits, name: str, at: float, length: float = LESSON) -> Trace:
    """Watch a lesson to its end, with whatever comes between."""
    trace = Trace(name, at)
    now, position, next_break = at, 0.0, chance.expovariate(who.restless / 3600)
    while position < length:
        step = min(60.0, length - position)
        if next_break < step:
            now, position = now + next_break, position + next_break
            kind = chance.choice(("paused", "paused", "hidden"))
            trace.beat(_arrives(chance, who, now), position, kind)
            now += min(chance.expovariate(1 / 45), 600)
            if chance.random() < 0.2:
                position = max(0.0, position - 10)
            next_break = chance.expovariate(who.restless / 3600)
        else:
            # The next timer starts when the answer is there, so lateness adds up and no grid is kept.
            late = chance.expovariate(1000 / who.late)
            next_break -= step
            now, position = now + step + late, position + step + late
        trace.beat(_arrives(chance, who, now), position)
    return trace


def _arrives(chance: random.Random, who: Habits, now: float) -> float:
    return now + 0.02 + chance.expovariate(1000 / who.jitter)


def honest_month(seed: int) -> list[SessionFact]:
    """24 lessons over some weeks: two to six an evening or at work, whole days now and then."""
    chance = random.Random(seed)
    who = habits(chance)
    found: list[Trace] = []
    day = 0
    while len(found) < 24:
        at = day * DAY + chance.uniform(0, 12) * 3600
        for _ in range(min(chance.choice((2, 3, 4, 4, 6, 10)), 24 - len(found))):
            found.append(honest_session(chance, who, f"{seed}-{len(found)}", at))
            at = found[-1].end + chance.expovariate(1 / 300)
        day += chance.choice((1, 1, 2))
    return [trace.fact() for trace in found]


def sleeping_loop(seed: int, *, network_ms: float = 0.3) -> list[SessionFact]:
    """``while True: post(); sleep(60)`` on a server beside ours."""
    chance = random.Random(seed)
    found, at = [], 0.0
    for number in range(4):
        trace = Trace(f"loop-{seed}-{number}", at)
        position = 0.0
        while position < LESSON:
            at += 60 + 0.0004 + chance.expovariate(1000 / network_ms)
            position += 60
            trace.beat(at, position)
        found.append(trace.fact())
        at += 5
    return found


def fast_clock(seed: int, rate: float = 1.02) -> list[SessionFact]:
    """Learn in a virtual machine whose clock is turned up; otherwise an honest page."""
    found = []
    for fact in honest_month(seed)[:4]:
        (segment,) = fact.segments
        beats = tuple(
            Beat(one.seq, one.offset_ms, round(one.position_ms * rate), one.state) for one in segment.beats
        )
        found.append(
            SessionFact(
                fact.session,
                fact.lesson,
                fact.opened_us,
                fact.closed_us,
                fact.close_reason,
                None,
                (Segment(segment.session, 0, segment.start_us, segment.end_us, "end", beats),),
            )
        )
    return found


def all_night(seed: int, hours: int = 30) -> list[SessionFact]:
    """Play one lesson after the other, day and night, with an honest browser's timer."""
    chance = random.Random(seed)
    who = Habits(5, 10, 0.01)
    found: list[Trace] = []
    at = 0.0
    while at < hours * 3600:
        found.append(honest_session(chance, who, f"night-{seed}-{len(found)}", at))
        at = found[-1].end + chance.uniform(1, 5)
    return [trace.fact() for trace in found]


def in_background(seed: int) -> list[SessionFact]:
    """Cover the page soon after it was opened, again and again."""
    chance = random.Random(seed)
    found, at = [], 0.0
    for number in range(6):
        trace = Trace(f"back-{seed}-{number}", at)
        trace.beat(at + 60, 60)
        trace.beat(at + 90, 90, "hidden")
        for minute in range(1, 20):
            trace.beat(at + 90 + 60 * minute + chance.random(), 90, "hidden")
        found.append(trace.fact())
        at = trace.end + 10
    return found


def called_in(seed: int, people: int = 30, lessons: int = 24) -> dict[str, list[SessionFact]]:
    """Learn in a classroom: everybody presses play within half a minute of the teacher's word."""
    chance = random.Random(seed)
    who = {f"p{number}": habits(chance) for number in range(people)}
    found: dict[str, list[SessionFact]] = {name: [] for name in who}
    for lesson in range(lessons):
        word = (lesson // 4) * DAY + (lesson % 4) * 2400
        for name, one in who.items():
            at = word + min(chance.expovariate(1 / 8), 60)
            found[name].append(honest_session(chance, one, f"{name}-{lesson}", at).fact())
    return found


def farm(seed: int, people: int = 5, lessons: int = 8) -> dict[str, list[SessionFact]]:
    """One program that learns for several people at once."""
    chance = random.Random(seed)
    found: dict[str, list[SessionFact]] = {f"f{number}": [] for number in range(people)}
    for lesson in range(lessons):
        start = lesson * 2 * LESSON + chance.uniform(0, 600)
        for name, own in found.items():
            trace = Trace(f"{name}-{seed}-{lesson}", start + chance.uniform(0, 0.4))
            for minute in range(1, 31):
                trace.beat(start + 60 * minute + chance.uniform(0, 0.4), 60.0 * minute)
            own.append(trace.fact())
    return found
