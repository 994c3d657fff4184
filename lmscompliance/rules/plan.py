"""Whether a training plan can lead to completion at all; one that cannot is refused when published."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from lmscompliance.kernel.messages import text
from lmscompliance.policy.notice import Notice
from lmscompliance.rules import reasons
from lmscompliance.rules.credit import account
from lmscompliance.rules.facts import OFFLINE, ONLINE, ClassFact, LessonFact, Stay
from lmscompliance.rules.hours import each_hour_seconds, needed_seconds, rounded_down
from lmscompliance.rules.marking import exact_sum, plain

_SECOND_US = 1_000_000
_FOR_EVER_US = 1 << 53


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a plan may not be published: a reason code, the policy key and clause behind it, the figures."""

    reason: str
    rule: str
    clause: str
    params: Mapping[str, str] = field(default_factory=dict)

    def message(self, locale: str = "zh_CN") -> str:
        """Return what is wrong and what to change, with the clause."""
        what = text(f"rules.{self.reason}", locale, **self.params)
        return f"{what}({self.clause})" if self.clause else what


def check_plan(lessons: Sequence[LessonFact], notice: Notice) -> list[Problem]:
    """Return every reason why somebody who learns the whole plan would not complete the training.

    The average is that of all lessons at the length that can be credited: a plan in which only a selection
    of lessons reaches it would fail exactly those who learn everything.
    """
    problems = [
        Problem("plan_lesson_empty", "", "", {"ordinal": str(lesson.ordinal), "title": lesson.title})
        for lesson in lessons
        if lesson.class_hours <= 0 or lesson.planned_seconds <= 0
    ]
    rule, each = "hours.min_each_minutes", notice.hours.min_each_minutes
    problems += [
        Problem(
            "plan_lesson_short",
            rule,
            notice.cite(rule),
            {"ordinal": str(lesson.ordinal), "title": lesson.title, "need": plain(each)},
        )
        for lesson in lessons
        if _creditable(lesson, notice) < each_hour_seconds(lesson, notice.hours)
    ]
    problems += _meetings(lessons)
    problems += _limited(lessons, notice)
    total = exact_sum(lesson.class_hours for lesson in lessons)
    rule = "hours.min_total"
    if total < notice.hours.min_total:
        params = {
            "have": plain(total),
            "need": plain(notice.hours.min_total),
            "missing": plain(exact_sum((notice.hours.min_total, -total))),
        }
        problems.append(Problem("plan_hours_short", rule, notice.cite(rule), params))
    rule = "hours.min_average_minutes"
    seconds = sum(_creditable(lesson, notice) for lesson in lessons)
    average = Fraction(seconds, 60) / Fraction(total) if total > 0 else Fraction(0)
    if total > 0 and average < Fraction(notice.hours.min_average_minutes):
        params = {"have": plain(rounded_down(average)), "need": plain(notice.hours.min_average_minutes)}
        problems.append(Problem("plan_average_short", rule, notice.cite(rule), params))
    rule = "topics.required"
    taught = {lesson.topic for lesson in lessons}
    missing = [topic for topic in notice.topics.required if topic not in taught]
    if missing:
        problems.append(
            Problem("plan_topics_missing", rule, notice.cite(rule), {"topics": "、".join(missing)})
        )
    return problems


def _creditable(lesson: LessonFact, notice: Notice) -> int:
    if lesson.mode == OFFLINE:
        return lesson.planned_seconds
    return lesson.planned_seconds * notice.credit.lesson_cap_permille // 1000


def _meetings(lessons: Sequence[LessonFact]) -> list[Problem]:
    """Return what keeps live and offline lessons from being attended to the end."""
    problems = []
    for lesson in lessons:
        if lesson.mode == ONLINE:
            continue
        params = {"ordinal": str(lesson.ordinal), "title": lesson.title}
        if lesson.starts_us is None or lesson.ends_us is None or lesson.ends_us <= lesson.starts_us:
            problems.append(Problem("plan_no_schedule", "", "", params))
        elif lesson.ends_us - lesson.starts_us < lesson.planned_seconds * _SECOND_US:
            minutes = plain(rounded_down(Fraction(lesson.ends_us - lesson.starts_us, 60 * _SECOND_US)))
            planned = plain(rounded_down(Fraction(lesson.planned_seconds, 60)))
            problems.append(
                Problem("plan_schedule_short", "", "", {**params, "minutes": minutes, "planned": planned})
            )
    return problems


def _limited(lessons: Sequence[LessonFact], notice: Notice) -> list[Problem]:
    """Return the live and offline lessons that limits of a day keep from counting, attended or not."""
    meetings = {
        lesson.id: lesson for lesson in lessons if lesson.mode != ONLINE and lesson.starts_us is not None
    }
    starts = {name: (lesson.starts_us or 0) // _SECOND_US for name, lesson in meetings.items()}
    stays = [Stay(name, starts[name], starts[name] + one.planned_seconds) for name, one in meetings.items()]
    always = ClassFact("", "", "", notice.id, notice.version, notice.digest, 0, _FOR_EVER_US, 0)
    counted = dict.fromkeys(meetings, 0)
    against: dict[str, dict[str, int]] = {name: {} for name in meetings}
    for part in account([], [], notice.credit, always, stays=stays).attended:
        if part.reason is None:
            counted[part.lesson] += part.seconds
        else:
            against[part.lesson][part.reason] = part.seconds
    problems = []
    for name, lesson in meetings.items():
        need = needed_seconds(lesson, notice)
        # Of lessons at one time each trainee may be meant to attend another.
        if counted[name] >= need or "overlap" in against[name] or not against[name]:
            continue
        reason = max(against[name], key=lambda one: against[name][one])
        params = {
            "ordinal": str(lesson.ordinal),
            "title": lesson.title,
            "why": reasons.label(reason),
            "minutes": plain(rounded_down(Fraction(counted[name], 60))),
            "need": plain(rounded_down(Fraction(need, 60))),
        }
        problems.append(
            Problem("plan_over_limit", reasons.TERM[reason], reasons.cite(reason, notice), params)
        )
    return problems
