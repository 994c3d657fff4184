"""One trainee's record as it is shown: every session, and every stretch that did not count, with why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from lmscompliance.completion.judging import TraineeStatus
from lmscompliance.kernel.clock import from_micros, shanghai_day
from lmscompliance.rules import reasons
from lmscompliance.rules.account import SessionAccount
from lmscompliance.rules.facts import LessonFact

_SECOND_US = 1_000_000


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch of a session; ``reason`` is empty where it counted."""

    start_us: int
    end_us: int
    seconds: int
    reason: str


@dataclass(frozen=True, slots=True)
class SessionShown:
    """A session with what counted of it; ``running`` ones may still grow."""

    session: str
    lesson: LessonFact | None
    start_us: int
    end_us: int
    wall_seconds: int
    credited_seconds: int
    excluded: Mapping[str, int]
    stretches: Sequence[Stretch]
    running: bool


@dataclass(frozen=True, slots=True)
class ReasonShown:
    """Why seconds did not count: in a word, in a sentence, and by what."""

    reason: str
    seconds: int
    label: str
    explanation: str
    clause: str


def sessions(status: TraineeStatus) -> list[SessionShown]:
    """Return every session, the latest first."""
    lessons = {lesson.id: lesson for lesson in status.course.lessons}
    running = {fact.session for fact in status.sessions if fact.closed_us is None}
    return [
        _session(one, lessons.get(one.lesson), one.session in running)
        for one in reversed(status.account.sessions())
    ]


def excluded(status: TraineeStatus, locale: str) -> list[ReasonShown]:
    """Return why time did not count, the largest share first."""
    notice = status.course.notice
    return [
        ReasonShown(
            reason=reason,
            seconds=seconds,
            label=reasons.label(reason, locale),
            explanation=reasons.explanation(reason, notice, locale),
            clause=reasons.cite(reason, notice, locale),
        )
        for reason, seconds in sorted(
            status.account.excluded.items(), key=lambda entry: (-entry[1], entry[0])
        )
    ]


@dataclass(frozen=True, slots=True)
class ReportedShown:
    """A session that another system reported."""

    record: str
    lesson: LessonFact | None
    format: str
    start_us: int
    end_us: int
    seconds: int
    counted_seconds: int


def reported(status: TraineeStatus) -> list[ReportedShown]:
    """Return every session that other systems reported, the latest first."""
    lessons = {lesson.id: lesson for lesson in status.course.lessons}
    return [
        ReportedShown(
            record=one.record,
            lesson=lessons.get(one.lesson),
            format=one.format,
            start_us=one.start_s * _SECOND_US,
            end_us=one.end_s * _SECOND_US,
            seconds=one.seconds,
            counted_seconds=status.elsewhere_counted.get(one.record, 0),
        )
        for one in reversed(status.elsewhere)
    ]


def last_day(status: TraineeStatus) -> date:
    """Return the last Shanghai day on which learning can count."""
    return shanghai_day(from_micros(status.course.fact.window_end_us) - timedelta(microseconds=1))


def stage(status: TraineeStatus, now_us: int) -> str:
    """Return where the class stands: ``unapproved``, ``early``, ``late`` or ``open``."""
    fact = status.course.fact
    if now_us >= fact.window_end_us:
        return "late"
    if fact.approved_us is None and status.course.notice.credit.after_approval:
        return "unapproved"
    return "early" if now_us < fact.window_start_us else "open"


def _session(account: SessionAccount, lesson: LessonFact | None, running: bool) -> SessionShown:  # noqa: FBT001  # private
    return SessionShown(
        session=account.session,
        lesson=lesson,
        start_us=account.start_s * _SECOND_US,
        end_us=account.end_s * _SECOND_US,
        wall_seconds=account.wall_seconds,
        credited_seconds=account.credited_seconds,
        excluded=account.excluded,
        stretches=[
            Stretch(one.start_s * _SECOND_US, one.end_s * _SECOND_US, one.seconds, one.reason or "")
            for one in account.intervals
        ],
        running=running,
    )
