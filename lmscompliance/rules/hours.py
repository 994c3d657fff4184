"""Class hours (课时) out of credited seconds, in exact arithmetic.

A lesson counts once its credited seconds reach the policy's share of its planned length and the policy's
minutes for each of its 课时, and then with all of them. The average is the credited minutes of counted
lessons divided by their 课时; it is compared by cross-multiplication, so no rounding decides. 折合课时 is
shown and never decides.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from math import ceil

from lmscompliance.policy.notice import Notice
from lmscompliance.policy.terms import HoursTerms
from lmscompliance.rules.account import Account
from lmscompliance.rules.attendance import NONE, Attendance
from lmscompliance.rules.facts import OFFLINE, LessonFact
from lmscompliance.rules.marking import exact_sum

_CENTS = 100


@dataclass(frozen=True, slots=True)
class LessonProgress:
    """How far a trainee is in one lesson; ``needed_seconds`` is where the lesson counts."""

    lesson: LessonFact
    credited_seconds: int
    needed_seconds: int
    complete: bool

    @property
    def missing_seconds(self) -> int:
        """What the lesson still lacks to count."""
        return max(0, self.needed_seconds - self.credited_seconds)


@dataclass(frozen=True, slots=True)
class TopicProgress:
    """Completed and planned 课时 of one topic, and its credited seconds."""

    topic: str
    hours: Decimal
    planned_hours: Decimal
    credited_seconds: int
    lessons_complete: int
    lessons: int


def lesson_progress(
    lessons: Iterable[LessonFact],
    account: Account,
    terms: HoursTerms,
    attended: Attendance = NONE,
    offline_ratio: Decimal = Decimal(1),
) -> tuple[LessonProgress, ...]:
    """Return the progress in every lesson, in the plan's order.

    An offline lesson has the seconds of its attendance and counts at ``offline_ratio``; what sessions may
    have recorded in it is nothing.
    """
    return tuple(
        _progress(lesson, attended.by_lesson(lesson.id), offline_ratio, terms)
        if lesson.mode == OFFLINE
        else _progress(lesson, account.by_lesson(lesson.id), terms.completion_ratio, terms)
        for lesson in sorted(lessons, key=lambda lesson: (lesson.ordinal, lesson.id))
    )


def topic_progress(lessons: Iterable[LessonProgress]) -> Mapping[str, TopicProgress]:
    """Return the progress in every topic, in the order in which the plan names them."""
    by_topic: dict[str, list[LessonProgress]] = {}
    for progress in lessons:
        by_topic.setdefault(progress.lesson.topic, []).append(progress)
    return {
        topic: TopicProgress(
            topic=topic,
            hours=total_hours(some),
            planned_hours=exact_sum(one.lesson.class_hours for one in some),
            credited_seconds=sum(one.credited_seconds for one in some),
            lessons_complete=sum(one.complete for one in some),
            lessons=len(some),
        )
        for topic, some in by_topic.items()
    }


def total_hours(lessons: Iterable[LessonProgress]) -> Decimal:
    """Return the 课时 of counted lessons."""
    return exact_sum(one.lesson.class_hours for one in lessons if one.complete)


def average_minutes(lessons: Sequence[LessonProgress]) -> Fraction:
    """Return the credited minutes of counted lessons per 课时, exactly; 0 while none counts."""
    hours = total_hours(lessons)
    if hours <= 0:
        return Fraction(0)
    seconds = sum(one.credited_seconds for one in lessons if one.complete)
    return Fraction(seconds, 60) / Fraction(hours)


def each_hour_seconds(lesson: LessonFact, terms: HoursTerms) -> int:
    """Return the credited seconds without which none of a lesson's 课时 counts (每课时不少于 N 分钟)."""
    return _seconds_for(terms.min_each_minutes, lesson.class_hours)


def needed_seconds(lesson: LessonFact, notice: Notice) -> int:
    """Return the credited seconds from which on a lesson counts."""
    offline = lesson.mode == OFFLINE
    ratio = notice.attendance.completion_ratio if offline else notice.hours.completion_ratio
    return _needed(lesson, ratio, notice.hours)


def rounded_down(value: Fraction) -> Decimal:
    """Return ``value`` (not negative) with two decimals, rounded down: 29.999 must not read as 30.00."""
    cents = value * _CENTS // 1
    return Decimal(f"{cents // _CENTS}.{cents % _CENTS:02}")


# The same few lessons are asked about for each of thousands of trainees.
@lru_cache(maxsize=4096)
def _share(ratio: Decimal, planned_seconds: int) -> int:
    return ceil(Fraction(ratio) * planned_seconds)


@lru_cache(maxsize=4096)
def _seconds_for(minutes: Decimal, class_hours: Decimal) -> int:
    return ceil(Fraction(minutes) * 60 * Fraction(class_hours))


def _progress(lesson: LessonFact, credited: int, ratio: Decimal, terms: HoursTerms) -> LessonProgress:
    needed = _needed(lesson, ratio, terms)
    return LessonProgress(lesson, credited, needed, complete=credited >= needed > 0)


def _needed(lesson: LessonFact, ratio: Decimal, terms: HoursTerms) -> int:
    return max(_share(ratio, lesson.planned_seconds), each_hour_seconds(lesson, terms))
