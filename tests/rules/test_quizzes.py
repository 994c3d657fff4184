"""What a lesson's quiz holds back, and that passing it gives back exactly that."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from types import MappingProxyType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lmscompliance.policy import Catalogue
from lmscompliance.rules import reported
from lmscompliance.rules.credit import account
from lmscompliance.rules.quizzes import (
    NONE,
    PRACTICE,
    REQUIRED,
    USES,
    QuizSetting,
    QuizTry,
    held_since,
    passes,
    releases,
    waiting,
)
from lmscompliance.rules.reported import Reported
from tests.rules.build import CLASS, START, TERMS, S
from tests.rules.test_credit_properties import LESSONS, classes, sessions, terms
from tests.rules.test_reported import _counting

QUIZ = Catalogue.builtin().get("liusu-youji-2021").quiz
NAMES = ("L0", "L1", "L2", "L3")

moments = st.integers(-100 * S, 900 * S).map(lambda offset: START * S + offset)
set_ups = st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(USES), moments), max_size=6).map(
    lambda some: [
        QuizSetting(name, version, use, at_us)
        for version, (name, use, at_us) in enumerate(sorted(some, key=lambda one: one[2]), 1)
    ]
)


@st.composite
def quizzes(draw):
    """Draw settings, and quizzes that were taken by them."""
    held = draw(set_ups)
    taken = []
    for one in held:
        for number in range(draw(st.integers(0, 2))):
            opened = draw(moments)
            handed_in = draw(st.one_of(st.none(), st.integers(0, 60 * S).map(lambda by, at=opened: at + by)))
            passed = handed_in is not None and draw(st.booleans())
            taken.append(
                QuizTry(
                    f"{one.lesson}-{one.version}-{number}", one.lesson, one.version, opened, handed_in, passed
                )
            )
    return held, taken


def _held(found, name: str) -> list[tuple[int, int]]:
    return [(one.start_s, one.end_s) for one in found.intervals if one.lesson == name and one.reason is None]


@settings(max_examples=200, deadline=None)
@given(sessions(), classes(), terms, quizzes(), st.randoms(use_true_random=False))
def test_a_quiz_moves_what_counts_to_waiting_and_touches_no_other_second(
    given_sessions, class_fact, given_terms, facts, chance
):
    """Sums stay the wall clock, in whatever order facts come; passing changes exactly what waited."""
    held, taken = facts
    since = held_since(held, taken, QUIZ)
    free = account(given_sessions, LESSONS, given_terms, class_fact)
    found = account(given_sessions, LESSONS, given_terms, class_fact, waiting(given_sessions, since))
    assert found.wall_seconds == free.wall_seconds
    assert found.credited_seconds + found.excluded.get("awaiting_quiz", 0) == free.credited_seconds
    other = {reason: seconds for reason, seconds in found.excluded.items() if reason != "awaiting_quiz"}
    assert other == free.excluded
    opened = {one.session: one.opened_us for one in given_sessions}
    for one in found.intervals:
        if one.reason == "awaiting_quiz":
            assert opened[one.session] >= since[one.lesson]
        elif one.reason is None and one.lesson in since:
            assert opened[one.session] < since[one.lesson]
    for some in (held, taken, given_sessions):
        chance.shuffle(some)
    again = held_since(held, taken, QUIZ)
    assert again == since
    assert account(given_sessions, LESSONS, given_terms, class_fact, waiting(given_sessions, again)) == found


@settings(max_examples=200, deadline=None)
@given(quizzes(), moments)
def test_what_was_once_released_stays_released(facts, by_us):
    """A lesson whose quiz is passed, or was taken away, holds nothing of before that again."""
    held, taken = facts
    then, now = held_since(held, taken, QUIZ, by_us=by_us), held_since(held, taken, QUIZ)
    for name, since_us in now.items():
        assert since_us > by_us or then.get(name) == since_us


def _setting(version: int, use: str, at: int) -> QuizSetting:
    return QuizSetting("L1", version, use, (START + at) * S)


def _done(version: int, at: int, *, passed: bool = True) -> QuizTry:
    return QuizTry(f"q{at}", "L1", version, (START + at - 1) * S, (START + at) * S, passed)


@pytest.mark.parametrize(
    ("held", "taken", "since"),
    [
        ([], [], None),
        ([_setting(1, PRACTICE, 5)], [], None),
        ([_setting(1, REQUIRED, 5)], [], 5),
        ([_setting(1, REQUIRED, 5)], [_done(1, 9, passed=False)], 5),
        ([_setting(1, REQUIRED, 5)], [_done(1, 9)], None),
        ([_setting(1, REQUIRED, 5), _setting(2, REQUIRED, 8)], [], 5),
        ([_setting(1, REQUIRED, 5), _setting(2, REQUIRED, 8)], [_done(1, 7)], None),
        ([_setting(1, REQUIRED, 5), _setting(2, NONE, 8)], [], None),
        ([_setting(1, REQUIRED, 5), _setting(2, PRACTICE, 8), _setting(3, REQUIRED, 11)], [], 11),
        ([_setting(1, PRACTICE, 5), _setting(2, REQUIRED, 8)], [_done(1, 7)], 8),
        ([_setting(1, REQUIRED, 5)], [QuizTry("q", "L1", 1, START * S)], 5),
    ],
)
def test_since_when_a_lesson_waits(held, taken, since):
    """A passed practice quiz releases nothing, one that is open neither, an older one that decided does."""
    expected = {} if since is None else {"L1": (START + since) * S}
    assert held_since(held, taken, QUIZ) == expected


@pytest.mark.parametrize(
    ("release", "use", "decides"),
    [
        ("never", REQUIRED, False),
        ("by_lesson", PRACTICE, False),
        ("by_lesson", REQUIRED, True),
        ("always", PRACTICE, True),
        ("always", NONE, False),
    ],
)
def test_the_policy_decides_which_quizzes_release_hours(release, use, decides):
    """Never, for each lesson as it was set, or always."""
    assert releases(use, replace(QUIZ, release=release)) is decides


def test_passing_is_exact():
    """Two thirds of three points pass 666 thousandths and no more."""
    two, three = Decimal(2), Decimal(3)
    assert passes(two, three, replace(QUIZ, pass_permille=666))
    assert not passes(two, three, replace(QUIZ, pass_permille=667))


def test_a_notice_may_put_the_quiz_before_every_other_reason():
    """The policy's precedence decides here as everywhere: then every second of the lesson waits."""
    from tests.rules.build import session, watch

    seen = session(watch(0, 30), lesson="L1", opened=0)
    first = replace(TERMS, precedence=("awaiting_quiz", *TERMS.precedence))
    found = account([seen], LESSONS, first, CLASS, waiting([seen], {"L1": 0}))
    assert found.excluded == {"awaiting_quiz": found.wall_seconds}


def test_reported_time_of_a_lesson_waits_for_its_quiz_and_keeps_its_place():
    """Time from elsewhere is held as well; until then nothing else takes what it will take."""
    lesson = LESSONS[1]
    live = account([], LESSONS, TERMS, CLASS)
    some = [
        Reported(name, lesson.id, START + at, START + at + 30, 60, ((0, 30),))
        for name, at in (("a", 0), ("b", 100))
    ]
    args = (some, live, LESSONS, _counting(on=True), CLASS)
    assert reported.credited(*args) == {"a": 30, "b": 10}
    assert reported.credited(*args, held=MappingProxyType({lesson.id: (START + 50) * S})) == {"a": 30, "b": 0}
    assert reported.credited(*args, held=MappingProxyType({lesson.id: 0})) == {"a": 0, "b": 0}
