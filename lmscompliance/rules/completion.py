"""Whether a trainee has completed the training (notice T17–T19, W16)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from lmscompliance.policy.notice import Notice
from lmscompliance.rules import blended, hours
from lmscompliance.rules.account import Account
from lmscompliance.rules.attendance import NONE, Attendance
from lmscompliance.rules.blended import Share
from lmscompliance.rules.facts import ClassFact, LessonFact
from lmscompliance.rules.hours import LessonProgress, TopicProgress, rounded_down
from lmscompliance.rules.marking import exact_sum, plain
from lmscompliance.rules.verdict import NotMet, Verdict, met, not_met


@dataclass(frozen=True, slots=True)
class TrainingVerdict:
    """All that is met and missing of the training.

    ``total_hours`` are the 课时 of counted lessons; ``average_minutes`` and ``equivalent_hours`` (折合课时)
    are rounded down to two decimals for show, the verdicts rest on the exact values.
    """

    total_hours: Decimal
    average_minutes: Decimal
    equivalent_hours: Decimal
    credited_seconds: int
    by_topic: Mapping[str, TopicProgress]
    lessons: tuple[LessonProgress, ...]
    verdicts: tuple[Verdict, ...]

    @property
    def actual(self) -> Share:
        """The 课时 of counted lessons, by how they were taught."""
        return blended.planned(one.lesson for one in self.lessons if one.complete)

    @property
    def met(self) -> bool:
        """Whether every rule is met."""
        return all(verdict.met for verdict in self.verdicts)

    @property
    def missing(self) -> tuple[NotMet, ...]:
        """The rules that are not met."""
        return tuple(verdict for verdict in self.verdicts if isinstance(verdict, NotMet))


def training_verdict(
    class_fact: ClassFact,
    lessons: Iterable[LessonFact],
    account: Account,
    notice: Notice,
    attended: Attendance = NONE,
) -> TrainingVerdict:
    """Judge one enrolment's training by the terms of ``notice``: sessions online, attendance offline.

    Raises ``ValueError`` when ``notice`` is not the one the class was filed under: a verdict by another
    policy would be worth nothing.
    """
    if notice.digest != class_fact.policy_digest:
        msg = f"class {class_fact.code} is bound to policy {class_fact.policy_digest}, not {notice.digest}"
        raise ValueError(msg)
    progress = hours.lesson_progress(
        lessons, account, notice.hours, attended, notice.attendance.completion_ratio
    )
    topics = hours.topic_progress(progress)
    total = hours.total_hours(progress)
    average = hours.average_minutes(progress)
    credited = sum(one.credited_seconds for one in progress)
    return TrainingVerdict(
        total_hours=total,
        average_minutes=rounded_down(average),
        equivalent_hours=rounded_down(Fraction(credited, 60) / Fraction(notice.hours.minutes_per_class_hour)),
        credited_seconds=credited,
        by_topic=topics,
        lessons=progress,
        verdicts=(*_verdicts(progress, topics, total, average, notice), *_rate(attended, notice)),
    )


def _verdicts(
    lessons: Sequence[LessonProgress],
    topics: Mapping[str, TopicProgress],
    total: Decimal,
    average: Fraction,
    notice: Notice,
) -> list[Verdict]:
    verdicts = [_total(total, notice)]
    if notice.hours.min_average_minutes > 0:
        verdicts.append(_average(lessons, average, notice))
    if notice.topics.required:
        verdicts.append(_topics(topics, notice))
    return verdicts


def _total(total: Decimal, notice: Notice) -> Verdict:
    rule, needed = "hours.min_total", notice.hours.min_total
    have, need = plain(total), plain(needed)
    if total >= needed:
        return met(notice, rule, have=have, need=need)
    missing = plain(exact_sum((needed, -total)))
    return not_met(notice, rule, "hours_short", have=have, need=need, missing=missing)


def _average(lessons: Sequence[LessonProgress], average: Fraction, notice: Notice) -> Verdict:
    rule, needed = "hours.min_average_minutes", notice.hours.min_average_minutes
    have, need = plain(rounded_down(average)), plain(needed)
    if average >= Fraction(needed):
        return met(notice, rule, have=have, need=need)
    reason = "average_short" if any(one.complete for one in lessons) else "average_unknown"
    return not_met(notice, rule, reason, have=have, need=need)


def _topics(topics: Mapping[str, TopicProgress], notice: Notice) -> Verdict:
    rule, required = "topics.required", notice.topics.required
    missing = [topic for topic in required if topic not in topics or not topics[topic].lessons_complete]
    if not missing:
        return met(notice, rule, topics="、".join(required))
    return not_met(notice, rule, "topics_missing", topics="、".join(missing))


def _rate(attended: Attendance, notice: Notice) -> list[Verdict]:
    rule, needed = "attendance.min_rate", notice.attendance.min_rate
    if needed <= 0 or not attended.lessons:
        return []
    have = f"{plain(rounded_down(attended.rate * 100))}%"
    need = f"{plain(needed * 100)}%"
    if attended.rate >= Fraction(needed):
        return [met(notice, rule, have=have, need=need)]
    return [not_met(notice, rule, "attendance_short", have=have, need=need)]
