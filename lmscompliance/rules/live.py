"""When a live lesson was held: from its host's start to their end, within its schedule."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from lmscompliance.policy.terms import DeliveryTerms
from lmscompliance.rules.facts import LIVE, LessonFact


@dataclass(frozen=True, slots=True)
class Show:
    """A stretch for which a host held a live lesson; ``ended_us`` is ``None`` where they never ended it."""

    lesson: str
    started_us: int
    ended_us: int | None = None


def held(lessons: Iterable[LessonFact], shows: Mapping[str, Show], terms: DeliveryTerms) -> list[LessonFact]:
    """Return ``lessons`` with the stretches for which each live one was held (``held_us``).

    Nothing before the schedule's start or after its end is held. A host who never ended it held it to the
    schedule's end. Where the policy does not ask for a host, the schedule itself is what was held.
    """
    return [_held(one, shows.values(), terms) if one.mode == LIVE else one for one in lessons]


def _held(lesson: LessonFact, shows: Iterable[Show], terms: DeliveryTerms) -> LessonFact:
    starts, ends = lesson.starts_us or 0, lesson.ends_us or 0
    if not terms.live_by_host:
        return replace(lesson, held_us=((starts, ends),))
    stretches = [
        (max(starts, one.started_us), min(ends, ends if one.ended_us is None else one.ended_us))
        for one in shows
        if one.lesson == lesson.id
    ]
    return replace(lesson, held_us=tuple(sorted(one for one in stretches if one[0] < one[1])))
