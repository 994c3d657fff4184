"""What a trainee still needs to complete the training, and whether there is time left for it.

The shortest way that the plan offers: a lesson of each topic still missing, then those lessons that bring the
most 课时 for their seconds, then longer ones until the average is reached. Lessons that took place and were
missed are no way any more.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from types import MappingProxyType

from lmscompliance.kernel.clock import from_micros, shanghai_day
from lmscompliance.kernel.messages import text
from lmscompliance.policy.notice import Notice
from lmscompliance.rules.completion import TrainingVerdict
from lmscompliance.rules.facts import OFFLINE, ONLINE, ClassFact
from lmscompliance.rules.hours import LessonProgress, average_minutes, total_hours
from lmscompliance.rules.marking import exact_sum, plain

_SECOND_US = 1_000_000
NOTHING: Mapping[str, int] = MappingProxyType({})
"""No lesson waits for its quiz."""


@dataclass(frozen=True, slots=True)
class Need:
    """课时 of one topic that are still to be done, in the seconds to their ends; ``lessons`` by ordinal."""

    topic: str
    hours: Decimal
    seconds: int
    lessons: tuple[int, ...]

    def message(self, last: date, locale: str = "zh_CN") -> str:
        """Return what to do until when."""
        return text(
            "rules.need",
            locale,
            hours=plain(self.hours),
            topic=self.topic,
            minutes=-(-self.seconds // 60),
            last=last,
        )


@dataclass(frozen=True, slots=True)
class Forecast:
    """What is still needed, until the last day of training.

    ``obstacle`` is a code of this room's messages: why the training cannot be completed any more; empty while
    it can, or is complete.
    """

    needs: tuple[Need, ...]
    last_day: date
    obstacle: str = ""
    quizzes: tuple[int, ...] = ()
    """Lessons whose quiz is still to be passed, by ordinal; what waits for it is needed no more."""

    @property
    def seconds(self) -> int:
        """The learning time that all of it takes, at least."""
        return sum(one.seconds for one in self.needs)


def forecast(
    training: TrainingVerdict,
    fact: ClassFact,
    notice: Notice,
    now_us: int,
    waiting: Mapping[str, int] = NOTHING,
) -> Forecast:
    """Return what is still needed of a training, as of ``now_us``.

    ``waiting`` are seconds of lessons that will count once the lesson's quiz is passed.
    """
    last_day = shanghai_day(from_micros(fact.window_end_us - 1))
    if training.met:
        return Forecast((), last_day)
    lessons = [_released(one, waiting.get(one.lesson.id, 0)) for one in training.lessons]
    quizzes = tuple(one.lesson.ordinal for one in lessons if waiting.get(one.lesson.id))
    chosen = _shortest(lessons, notice, now_us)
    needs = tuple(_needs(chosen, notice))
    counted = [one for one in lessons if one.complete] + [_done(one, notice) for one in chosen]
    if not _reaches(counted, notice):
        return Forecast(needs, last_day, "forecast_plan_short", quizzes)
    if any(one.reason == "attendance_short" for one in training.missing) and not any(
        one.lesson.mode != ONLINE for one in chosen
    ):
        return Forecast(needs, last_day, "forecast_attendance", quizzes)
    online = sum(_full(one, notice) - one.credited_seconds for one in chosen if one.lesson.mode == ONLINE)
    if online > _time_left(fact, notice, now_us):
        return Forecast(needs, last_day, "forecast_no_time", quizzes)
    return Forecast(needs, last_day, quizzes=quizzes)


def _released(one: LessonProgress, seconds: int) -> LessonProgress:
    """Return the lesson as it will be once its quiz is passed."""
    credited = one.credited_seconds + seconds
    return replace(one, credited_seconds=credited, complete=credited >= one.needed_seconds > 0)


def _shortest(lessons: Sequence[LessonProgress], notice: Notice, now_us: int) -> list[LessonProgress]:
    open_ = [one for one in lessons if not one.complete and one.needed_seconds and _takes_place(one, now_us)]
    counted = [one for one in lessons if one.complete]
    chosen: list[LessonProgress] = []

    def take(one: LessonProgress) -> None:
        chosen.append(one)
        open_.remove(one)
        counted.append(_done(one, notice))

    known = {one.lesson.topic for one in counted}
    for topic in notice.topics.required:
        of_topic = [one for one in open_ if one.lesson.topic == topic]
        if topic not in known and of_topic:
            take(min(of_topic, key=_cost))
    while open_ and total_hours(counted) < notice.hours.min_total:
        take(min(open_, key=_cost))
    while open_ and average_minutes(counted) < Fraction(notice.hours.min_average_minutes):
        take(max(open_, key=lambda one: (Fraction(one.needed_seconds) / _hours(one), -one.lesson.ordinal)))
    return sorted(chosen, key=lambda one: one.lesson.ordinal)


def _takes_place(one: LessonProgress, now_us: int) -> bool:
    return one.lesson.mode == ONLINE or (one.lesson.ends_us or 0) > now_us


def _cost(one: LessonProgress) -> tuple[Fraction, int]:
    return Fraction(one.missing_seconds) / _hours(one), one.lesson.ordinal


def _hours(one: LessonProgress) -> Fraction:
    # A lesson of no 课时 brings nothing, so it costs more than any other.
    return Fraction(one.lesson.class_hours) or Fraction(1, 1_000_000)


def _full(one: LessonProgress, notice: Notice) -> int:
    """Return the seconds of a lesson that is learnt to its end, as far as they are credited."""
    planned = one.lesson.planned_seconds
    share = planned if one.lesson.mode == OFFLINE else planned * notice.credit.lesson_cap_permille // 1000
    return max(one.credited_seconds, one.needed_seconds, share)


def _done(one: LessonProgress, notice: Notice) -> LessonProgress:
    return LessonProgress(one.lesson, _full(one, notice), one.needed_seconds, complete=True)


def _reaches(counted: Sequence[LessonProgress], notice: Notice) -> bool:
    taught = {one.lesson.topic for one in counted}
    return (
        total_hours(counted) >= notice.hours.min_total
        and average_minutes(counted) >= Fraction(notice.hours.min_average_minutes)
        and taught.issuperset(notice.topics.required)
    )


def _needs(chosen: Iterable[LessonProgress], notice: Notice) -> Iterable[Need]:
    by_topic: dict[str, list[LessonProgress]] = {}
    for one in chosen:
        by_topic.setdefault(one.lesson.topic, []).append(one)
    for topic, some in by_topic.items():
        yield Need(
            topic=topic,
            hours=exact_sum(one.lesson.class_hours for one in some),
            seconds=sum(_full(one, notice) - one.credited_seconds for one in some),
            lessons=tuple(one.lesson.ordinal for one in some),
        )


def _time_left(fact: ClassFact, notice: Notice, now_us: int) -> int:
    """Return how many seconds can still be credited, by the window and the limit of a day."""
    start_us = max(now_us, fact.window_start_us)
    left = max(0, fact.window_end_us - start_us) // _SECOND_US
    cap = notice.credit.daily_cap_seconds
    if cap is None or not left:
        return left
    first, last = (shanghai_day(from_micros(instant)) for instant in (start_us, fact.window_end_us - 1))
    return min(left, ((last - first).days + 1) * cap)
