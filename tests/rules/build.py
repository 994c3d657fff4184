"""Short ways to write facts down, so that a test shows only what it is about."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal

from lmscompliance.policy import Catalogue
from lmscompliance.policy.terms import ExamTerms
from lmscompliance.rules.facts import AttemptFact, Beat, ClassFact, LessonFact, Segment, SessionFact

S = 1_000_000
DAY = 86_400
START = 1_612_137_600
"""2021-02-01 08:00 in Shanghai, in seconds."""

NOTICE = Catalogue.builtin().get("liusu-youji-2021")
TERMS = NOTICE.credit
CLASS = ClassFact(
    id="class",
    code="C1",
    title="class",
    policy_id=NOTICE.id,
    policy_version=NOTICE.version,
    policy_digest=NOTICE.digest,
    window_start_us=(START - 8 * 3600) * S,
    window_end_us=(START - 8 * 3600 + 28 * DAY) * S,
    approved_us=(START - 8 * 3600) * S,
)
TOPICS = NOTICE.topics.required


def marking(multiple="all_or_nothing", matching="all_or_nothing") -> ExamTerms:
    """Return exam terms that give part marks in these ways."""
    return replace(NOTICE.exam, multiple_marking=multiple, matching_marking=matching)


def lesson(name="L1", ordinal=1, seconds=1800, hours="1", topic=TOPICS[0]) -> LessonFact:
    """Return a lesson."""
    return LessonFact(name, ordinal, topic, "course", f"lesson {name}", "录播", Decimal(hours), seconds)


def session(
    beats: Iterable[tuple], *, name="s1", lesson="L1", opened=0, closed=None, superseded=None
) -> SessionFact:
    """Return a session of ``(second, position second, state)`` beats; seconds count from ``START``.

    It closes at its last beat unless ``closed`` says otherwise; fractions of seconds are allowed.
    """
    beats = list(beats)
    end = closed if closed is not None else max([opened, *(beat[0] for beat in beats)])
    facts = tuple(
        Beat(seq, round((at - opened) * 1000), round(position * 1000), state)
        for seq, (at, position, state) in enumerate(beats)
    )
    start_us, end_us = us(opened), us(end)
    return SessionFact(
        session=name,
        lesson=lesson,
        opened_us=start_us,
        closed_us=end_us,
        close_reason="end",
        superseded_us=None if superseded is None else us(superseded),
        segments=(Segment(name, 0, start_us, end_us, "end", facts),),
    )


def watch(start, end, position=0, every=60) -> list[tuple]:
    """Return the beats of somebody who watches from ``start`` to ``end`` at the lesson's own speed."""
    instants = [*range(start, end, every), end]
    return [(at, position + at - start, "playing") for at in instants]


def us(second: float) -> int:
    """Return the instant ``second`` seconds after ``START`` in microseconds."""
    return START * S + round(second * S)


def attempt(number, score=None, **changes) -> AttemptFact:
    """Return an attempt, graded when ``score`` is given."""
    fact = AttemptFact(
        attempt=f"a{number}",
        number=number,
        opened_us=us(number * 10_000),
        deadline_us=us(number * 10_000 + 3600),
        submitted_us=None if score is None else us(number * 10_000 + 600),
        closed_by=None if score is None else "trainee",
        score=None if score is None else Decimal(score),
        passed=None,
    )
    return replace(fact, **changes)
