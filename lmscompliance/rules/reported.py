"""Learning that another system recorded: sessions out of its events, and what of them a policy lets count.

Such records are imported after the fact, so they are never live evidence. A log says when somebody did
something and seldom how long it took: a session therefore reaches from its first event to its last, a pause
longer than the policy's idle time ends it, and nothing is made up for the time after the last event. The
product makes sessions by ``sessions``; the verifier checks by ``fault`` that a recorded one keeps the rule.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from lmscompliance.policy.notice import Notice
from lmscompliance.rules.account import Account
from lmscompliance.rules.attendance import taught_online
from lmscompliance.rules.caps import Limits
from lmscompliance.rules.facts import ClassFact, LessonFact

SECOND_US = 1_000_000
FULL = 2_000
"""Moments after which a session is closed and another begins at once: a leaf is at most 65,535 bytes."""


@dataclass(frozen=True, slots=True, order=True)
class Event:
    """One thing a system says a person did, in whole seconds since the epoch.

    ``length_s`` is how long it says it took (0 where it does not). ``lesson`` is empty where the event
    belongs to no lesson of the plan. ``group`` is the system's own session where it has such; events of
    different groups never meet in one session. ``turn`` orders events of one instant as the system lists
    them: many a log knows minutes only.
    """

    at_s: int
    length_s: int = 0
    lesson: str = ""
    group: str = ""
    turn: int = 0


@dataclass(frozen=True, slots=True)
class Reported:
    """A session as it is recorded: ``moments`` are (seconds after the start, length) of what was seen."""

    record: str
    lesson: str
    start_s: int
    end_s: int
    idle_seconds: int
    moments: tuple[tuple[int, int], ...]
    format: str = ""
    group: str = ""

    @property
    def seconds(self) -> int:
        """From the first event to the last."""
        return self.end_s - self.start_s


def sessions(events: Iterable[Event], idle_seconds: int) -> list[Reported]:
    """Return one person's events as sessions (``record`` still empty), by start.

    Within a session no pause is longer than ``idle_seconds``. An event of another lesson ends the session
    and begins the next at the same instant; one of no lesson belongs to the lesson it stands in. Of equal
    events at one instant the last says when it was its turn.
    """
    last: dict[tuple[int, int, str, str], Event] = {}
    for event in sorted(events, key=lambda one: one.turn):
        last[event.at_s, event.length_s, event.lesson, event.group] = event
    groups: dict[str, list[Event]] = {}
    for event in sorted(last.values(), key=lambda one: (one.at_s, one.length_s, one.turn, one.lesson)):
        groups.setdefault(event.group, []).append(event)
    found = [one for some in groups.values() for one in _of_group(some, idle_seconds)]
    return sorted(found, key=lambda one: (one.start_s, one.end_s, one.group, one.lesson))


def fault(one: Reported) -> str:
    """Return in what a recorded session breaks its own rule, or an empty text."""
    reached = 0
    if not one.moments or one.moments[0][0] != 0:
        return "a session begins with its first event"
    for (offset, length), (before, _) in zip(one.moments, ((0, 0), *one.moments), strict=False):
        if length < 0 or offset < before:
            return "its moments are out of order"
        if offset - reached > one.idle_seconds:
            return f"a pause of {offset - reached} s is longer than {one.idle_seconds} s"
        reached = max(reached, offset + length)
    if not reached <= one.seconds <= reached + one.idle_seconds:
        return f"it ends {one.seconds} s after its start, its last event at {reached} s"
    return ""


def union_seconds(some: Iterable[Reported]) -> int:
    """Return the seconds that at least one of the sessions covers."""
    total, reached = 0, 0
    for one in sorted(some, key=lambda one: one.start_s):
        start = max(one.start_s, reached)
        total += max(0, one.end_s - start)
        reached = max(reached, one.end_s)
    return total


def credited(
    some: Sequence[Reported],
    live: Account,
    lessons: Iterable[LessonFact],
    notice: Notice,
    class_fact: ClassFact,
    *,
    held: Mapping[str, int] | None = None,
) -> Mapping[str, int]:
    """Return the seconds of each session (by ``record``) that count; all 0 unless the policy lets them.

    Only time of a planned lesson, inside the window, after the approval where that is asked for, while no
    live session ran, no offline lesson was attended and no earlier reported one counted, and up to what live
    time left of the lesson and, with offline lessons, of the limits of its day. What began since its lesson
    is ``held`` by a quiz (``rules.quizzes``) takes its place there and counts for nothing.
    """
    if not notice.reported.credited:
        return {one.record: 0 for one in some}
    terms = notice.credit
    left = {
        one.id: one.planned_seconds * terms.lesson_cap_permille // 1000 - live.learnt(one.id)
        for one in taught_online(lessons)
    }
    opens, closes = -(-class_fact.window_start_us // SECOND_US), class_fact.window_end_us // SECOND_US
    if terms.after_approval:
        approved = class_fact.approved_us
        opens = closes if approved is None else max(opens, -(-approved // SECOND_US))
    taken = [(one.start_s, one.end_s) for one in live.sessions()]
    taken += [(one.start_s, one.end_s) for one in live.attended]
    limits = Limits(terms, {"daily_cap": 0, "period_cap": 0})
    for past in (*live.intervals, *live.attended):
        if past.learnt:
            limits.take(past.start_s, past.end_s, past.seconds)
    counted: dict[str, int] = {}
    waiting = held or {}
    for one in sorted(some, key=lambda one: (one.start_s, one.record)):
        seconds = 0
        for start, end in _free(max(one.start_s, opens), min(one.end_s, closes), taken):
            seconds += limits.take(start, end, max(0, left.get(one.lesson, 0) - seconds))
        holds = one.lesson in waiting and one.start_s * SECOND_US >= waiting[one.lesson]
        counted[one.record] = 0 if holds else seconds
        if seconds:
            left[one.lesson] -= seconds
            taken.append((one.start_s, one.end_s))
    return counted


def with_reported(live: Account, some: Iterable[Reported], counted: Mapping[str, int]) -> Account:
    """Return the account by which lessons are judged complete: live time and what counts of reported."""
    extra: dict[str, int] = {}
    for one in some:
        if counted[one.record]:
            extra[one.lesson] = extra.get(one.lesson, 0) + counted[one.record]
    return live.plus(extra) if extra else live


def _of_group(events: Sequence[Event], idle_seconds: int) -> list[Reported]:
    done: list[Reported] = []
    open_: _Open | None = None
    for event in events:
        if open_ is None or event.at_s - open_.reached > idle_seconds:
            if open_ is not None:
                done.append(open_.close(open_.reached, idle_seconds))
            open_ = _Open(event)
            continue
        if event.at_s == open_.start and not open_.lesson:
            open_.lesson = event.lesson
        if (event.lesson and event.lesson != open_.lesson) or len(open_.moments) >= FULL:
            done.append(open_.close(event.at_s, idle_seconds))
            open_ = open_.followed_by(event)
        open_.add(event)
    if open_ is not None:
        done.append(open_.close(open_.reached, idle_seconds))
    return done


class _Open:
    """A session that still takes events."""

    def __init__(self, event: Event) -> None:
        self.lesson = event.lesson
        self.group = event.group
        self.start = event.at_s
        self.reached = event.at_s + event.length_s
        self.moments: dict[int, int] = {event.at_s: event.length_s}

    def add(self, event: Event) -> None:
        # Several events at one instant are one moment: the longest says how far it reaches.
        self.moments[event.at_s] = max(self.moments.get(event.at_s, 0), event.length_s)
        self.reached = max(self.reached, event.at_s + event.length_s)

    def followed_by(self, event: Event) -> _Open:
        # What still runs when the lesson changes runs on in the next session: no time is lost or doubled.
        rest = max(0, self.reached - event.at_s)
        return _Open(Event(event.at_s, rest, event.lesson or self.lesson, event.group))

    def close(self, end: int, idle_seconds: int) -> Reported:
        moments = tuple((at - self.start, min(length, end - at)) for at, length in self.moments.items())
        return Reported("", self.lesson, self.start, end, idle_seconds, moments, group=self.group)


def _free(start: int, end: int, taken: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    free = [(start, end)] if end > start else []
    for low, high in taken:
        free = [
            part
            for a, b in free
            for part in (((a, min(b, low)), (max(a, high), b)) if low < b and high > a else ((a, b),))
            if part[1] > part[0]
        ]
    return free
