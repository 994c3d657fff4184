"""What became of a trainee's time: the result of ``credit.account``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

AWAITING_QUIZ = "awaiting_quiz"
"""The reason of time that has everything it needs but its lesson's quiz (``rules.quizzes``)."""


@dataclass(frozen=True, slots=True)
class Interval:
    """Whole seconds ``[start_s, end_s)`` since the epoch; ``reason`` is ``None`` where they are credited."""

    session: str
    lesson: str
    start_s: int
    end_s: int
    reason: str | None

    @property
    def seconds(self) -> int:
        """How long it is."""
        return self.end_s - self.start_s

    @property
    def learnt(self) -> bool:
        """Whether it is credited, or will be once its lesson's quiz is passed."""
        return self.reason in {None, AWAITING_QUIZ}


@dataclass(frozen=True, slots=True)
class SessionAccount:
    """What became of one session: ``wall_seconds == credited_seconds + sum(excluded.values())``."""

    session: str
    lesson: str
    start_s: int
    end_s: int
    credited_seconds: int
    excluded: Mapping[str, int]
    intervals: tuple[Interval, ...]

    @property
    def wall_seconds(self) -> int:
        """From opening to close."""
        return self.end_s - self.start_s


@dataclass(frozen=True, slots=True)
class Account:
    """What became of all sessions of one enrolment; ``intervals`` in the order of time.

    ``attended`` is what became of the offline lessons (with an empty ``session``); it shares the limits of
    a day with the sessions, and no second with them, and is in none of the sums.
    """

    intervals: tuple[Interval, ...]
    credited_seconds: int
    excluded: Mapping[str, int]
    _sessions: Mapping[str, SessionAccount] = field(repr=False)
    _lessons: Mapping[str, int] = field(repr=False)
    attended: tuple[Interval, ...] = ()

    @property
    def wall_seconds(self) -> int:
        """All seconds of all sessions."""
        return self.credited_seconds + sum(self.excluded.values())

    def sessions(self) -> list[SessionAccount]:
        """Return every session's account, by opening and id."""
        return list(self._sessions.values())

    def by_session(self, session: str) -> SessionAccount:
        """Return one session's account; ``KeyError`` for a session that was not handed in."""
        return self._sessions[session]

    def plus(self, seconds: Mapping[str, int]) -> Account:
        """Return this account with ``seconds`` more credited to each lesson by records from elsewhere.

        Sessions and sums stay those of live time.
        """
        lessons = {
            lesson: self.by_lesson(lesson) + seconds.get(lesson, 0) for lesson in {*self._lessons, *seconds}
        }
        return replace(self, _lessons=lessons)

    def learnt(self, lesson: str) -> int:
        """Return the seconds of a lesson's sessions that are credited or wait for nothing but its quiz."""
        return sum(one.seconds for one in self.intervals if one.lesson == lesson and one.learnt)

    def waiting(self) -> Mapping[str, int]:
        """Return the seconds of lessons that wait for nothing but their quiz; other lessons are left out."""
        found: dict[str, int] = {}
        for one in self.intervals:
            if one.reason == AWAITING_QUIZ:
                found[one.lesson] = found.get(one.lesson, 0) + one.seconds
        return found

    def by_lesson(self, lesson: str) -> int:
        """Return the seconds credited to a lesson (0 when there was none), at most its planned length."""
        return self._lessons.get(lesson, 0)
