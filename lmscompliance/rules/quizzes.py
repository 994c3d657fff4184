"""Which time waits for its lesson's quiz to be passed (随堂测验).

A lesson may have a quiz: practice, which decides nothing, or one that releases the lesson's time. Who sets it
says so lesson by lesson, within what the policy permits. Everything follows from what was set and what was
handed in, whatever order that is handed in here.

A session waits when a quiz that releases was in force as it was opened, has been ever since, and none was
passed. So a quiz that is set later reaches back to nobody's sessions, one that is taken away releases what
waited, and what was once released stays so: facts about quizzes only ever add to credit.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from lmscompliance.kernel.clock import day_end, from_micros, shanghai_day, to_micros
from lmscompliance.policy.terms import QuizTerms
from lmscompliance.rules.account import AWAITING_QUIZ
from lmscompliance.rules.facts import SessionFact
from lmscompliance.rules.presence import Void

PRACTICE, REQUIRED, NONE = "practice", "required", "none"
USES = (PRACTICE, REQUIRED, NONE)
"""What a lesson's quiz is for; ``NONE`` takes it away."""
NEVER, ALWAYS = "never", "always"
_SECOND_US = 1_000_000


@dataclass(frozen=True, slots=True)
class QuizSetting:
    """From ``at_us`` on, ``version`` (from 1) of a lesson's quiz holds, for ``use``."""

    lesson: str
    version: int
    use: str
    at_us: int


@dataclass(frozen=True, slots=True)
class QuizTry:
    """A quiz on ``lesson`` that a trainee began by ``version``; ``handed_in_us`` is ``None`` until then."""

    quiz: str
    lesson: str
    version: int
    opened_us: int
    handed_in_us: int | None = None
    passed: bool = False


def releases(use: str, terms: QuizTerms) -> bool:
    """Tell whether a quiz that is set for ``use`` decides over its lesson's time."""
    if terms.release == ALWAYS:
        return use != NONE
    return use == REQUIRED and terms.release != NEVER


def passes(score: Decimal, full: Decimal, terms: QuizTerms) -> bool:
    """Tell whether a score passes a quiz of ``full`` points; compared without rounding."""
    return score * 1000 >= full * terms.pass_permille


def held_since(
    settings: Iterable[QuizSetting], tries: Iterable[QuizTry], terms: QuizTerms, *, by_us: int | None = None
) -> dict[str, int]:
    """Return the lessons whose quiz is still to be passed, and since when (µs) their sessions wait for it.

    ``tries`` are one trainee's. With ``by_us`` as of that instant.
    """
    known = [one for one in settings if by_us is None or one.at_us <= by_us]
    deciding = {(one.lesson, one.version) for one in known if releases(one.use, terms)}
    since: dict[str, int] = {}
    for one in sorted(known, key=lambda one: one.version):
        if (one.lesson, one.version) in deciding:
            since.setdefault(one.lesson, one.at_us)
        else:
            since.pop(one.lesson, None)
    for done in tries:
        handed_in = done.handed_in_us is not None and (by_us is None or done.handed_in_us <= by_us)
        if done.passed and handed_in and (done.lesson, done.version) in deciding:
            since.pop(done.lesson, None)
    return since


def not_before_us(tries: Iterable[QuizTry], terms: QuizTerms, now_us: int) -> int | None:
    """Return from when on one more quiz of a lesson may be begun; ``None`` when it may be at once.

    ``tries`` are one trainee's of that lesson, all handed in: those of the day are counted, and the last one
    asks for a pause.
    """
    made = [one for one in tries if one.opened_us <= now_us]
    day = shanghai_day(from_micros(now_us))
    today = sum(shanghai_day(from_micros(one.opened_us)) == day for one in made)
    free_us = max((one.handed_in_us or one.opened_us for one in made), default=None)
    free_us = now_us if free_us is None else free_us + terms.pause_seconds * _SECOND_US
    if terms.tries_per_day and today >= terms.tries_per_day:
        free_us = max(free_us, to_micros(day_end(day)))
    return free_us if free_us > now_us else None


def waiting(sessions: Iterable[SessionFact], since: Mapping[str, int]) -> tuple[Void, ...]:
    """Return the sessions that wait, given what ``held_since`` found."""
    return tuple(
        Void(one.session, None, None, AWAITING_QUIZ)
        for one in sessions
        if one.lesson in since and one.opened_us >= since[one.lesson]
    )
