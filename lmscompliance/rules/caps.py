"""How much counts at most: a lesson's length, a day's limit, a limit for a time of day.

Time against which nothing speaks is credited in its order. From the second on at which a lesson or a limit
is full, further time of that lesson, day or time of day is marked; so what is beyond one limit never uses
up another.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from lmscompliance.policy.terms import CreditTerms
from lmscompliance.rules.daytime import WHOLE_DAY, DayTime
from lmscompliance.rules.facts import LessonFact
from lmscompliance.rules.run import Run

_PERMILLE = 1000


@dataclass(slots=True)
class _Lesson:
    """What a lesson still takes; ``left_to_repeat`` until further sessions of it are repeats."""

    left: int
    left_to_repeat: int
    full_at: int | None = None
    holder: Run | None = None
    """The session in which the lesson was completed, and ``held_since`` when."""
    held_since: int | None = None


@dataclass(slots=True)
class Limit:
    """What one occurrence of a limited time of day, ``until`` its end, still takes."""

    left: int
    until: int
    bit: int
    full_at: int | None = None


def mark_full(
    runs: Sequence[Run],
    lessons: Iterable[LessonFact],
    terms: CreditTerms,
    bits: Mapping[str, int],
    attended: Sequence[Run] = (),
) -> None:
    """Credit unmarked time in its order and mark what comes after a lesson or a limit was full.

    No two unmarked pieces of ``runs`` may overlap, nor two of ``attended`` (offline lessons); then their
    starts put them in one order. Where both lie at one time, the session's counts first.
    """
    held = {lesson.id: _taking(lesson.planned_seconds, terms) for lesson in lessons}
    for run in reversed(runs):
        lesson = held.setdefault(run.fact.lesson, _taking(0, terms))
        lesson.full_at = run.start if lesson.left <= 0 else None
    limits = Limits(terms, bits)
    for start, end, learning, staying in _together(_unmarked(runs), _unmarked(attended)):
        for low, high, over in limits.parts(start, end):
            free = low
            if learning is not None:
                free += _credit(held[learning.fact.lesson], over, low, high, learning)
            if staying is not None:
                staying.mark(low, free, bits["overlap"])
                _attend(over, free, high, staying)
    for run in runs:
        lesson = held[run.fact.lesson]
        if lesson.held_since is not None and lesson.holder is not run:
            run.mark(lesson.held_since, run.end, bits["repeat"])
        elif lesson.full_at is not None:
            run.mark(lesson.full_at, run.end, bits["over_length"])
        for limit in limits.full():
            run.mark(limit.full_at or 0, limit.until, limit.bit)


def _taking(planned_seconds: int, terms: CreditTerms) -> _Lesson:
    left = planned_seconds * terms.lesson_cap_permille // _PERMILLE
    return _Lesson(left, min(left, max(1, planned_seconds * terms.repeat_after_permille // _PERMILLE)))


def _unmarked(runs: Sequence[Run]) -> list[tuple[int, int, Run]]:
    """Return what nothing speaks against, in the order of time."""
    unmarked = [(piece.start, piece.end, run) for run in runs for piece in run.pieces if not piece.mask]
    return sorted(unmarked, key=lambda entry: entry[0])


def _together(
    learning: Sequence[tuple[int, int, Run]], staying: Sequence[tuple[int, int, Run]]
) -> Iterator[tuple[int, int, Run | None, Run | None]]:
    """Yield both in the order of time, each cut where the other begins or ends."""
    if not staying:
        yield from ((start, end, run, None) for start, end, run in learning)
        return
    edges = sorted({edge for start, end, _ in (*learning, *staying) for edge in (start, end)})
    sides: list[dict[int, Run]] = []
    for pieces in (learning, staying):
        side: dict[int, Run] = {}
        for start, end, run in pieces:
            side.update(dict.fromkeys(edges[bisect_left(edges, start) : bisect_left(edges, end)], run))
        sides.append(side)
    for low, high in pairwise(edges):
        if low in sides[0] or low in sides[1]:
            yield low, high, sides[0].get(low), sides[1].get(low)


def _take(limits: Iterable[Limit], low: int, high: int, most: int) -> int:
    """Return how many seconds of ``[low, high)`` all ``limits`` still take, ``most`` at most; take them."""
    taken = max(0, min(high - low, most, *(limit.left for limit in limits)))
    for limit in limits:
        limit.left -= taken
        if taken and limit.left == 0:
            limit.full_at = low + taken
    return taken


def _attend(limits: Sequence[Limit], low: int, high: int, staying: Run) -> None:
    """Count ``[low, high)`` of an offline lesson as far as the limits take it, and mark the rest."""
    taken = _take(limits, low, high, high - low)
    for limit in limits:
        if limit.left == 0:
            staying.mark(low + taken, high, limit.bit)


def _credit(lesson: _Lesson, limits: Sequence[Limit], low: int, high: int, run: Run) -> int:
    """Return how many seconds of ``[low, high)`` counted, from its beginning on."""
    if lesson.full_at is not None or (lesson.holder is not None and lesson.holder is not run):
        return 0
    taken = _take(limits, low, high, lesson.left)
    if taken <= 0:
        return 0
    if lesson.holder is None and taken >= lesson.left_to_repeat:
        lesson.holder, lesson.held_since = run, low + lesson.left_to_repeat
    lesson.left_to_repeat -= taken
    lesson.left -= taken
    if lesson.left == 0:
        lesson.full_at = low + taken
    return taken


class Limits:
    """The policy's limits of a day and of times of day, one ``Limit`` for each occurrence."""

    def __init__(self, terms: CreditTerms, bits: Mapping[str, int]) -> None:
        """Begin with nothing taken; ``bits`` says what marks the time after a limit was full."""
        found = [(DayTime.parse(text), bits["period_cap"]) for text in terms.period_caps]
        self._times = [(time, time.cap_s or 0, bit) for time, bit in found]
        if terms.daily_cap_seconds is not None:
            self._times.append((WHOLE_DAY, terms.daily_cap_seconds, bits["daily_cap"]))
        self._met: dict[tuple[int, int], Limit] = {}

    def parts(self, start: int, end: int) -> Iterator[tuple[int, int, list[Limit]]]:
        """Cut ``[start, end)`` where a limited time begins or ends; yield each part with its limits."""
        if not self._times:
            yield start, end, []
            return
        touching: list[tuple[int, int, Limit]] = []
        for number, (time, cap, bit) in enumerate(self._times):
            for low, high in time.occurrences(start, end):
                limit = self._met.setdefault((number, low), Limit(cap, high, bit))
                touching.append((low, high, limit))
        edges = {start, end}
        edges.update(edge for low, high, _ in touching for edge in (low, high) if start < edge < end)
        ordered = sorted(edges)
        for low, high in pairwise(ordered):
            yield low, high, [limit for since, until, limit in touching if since <= low and high <= until]

    def take(self, start: int, end: int, most: int) -> int:
        """Return how many seconds of ``[start, end)`` still count, ``most`` at most, and take them."""
        total = 0
        for low, high, over in self.parts(start, end):
            total += _take(over, low, high, most - total)
        return total

    def full(self) -> list[Limit]:
        """Return the occurrences that took all they could."""
        return [limit for limit in self._met.values() if limit.full_at is not None]
