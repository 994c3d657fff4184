"""What holds of credit whatever is thrown at it."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from lmscompliance.policy import REASONS, STATES
from lmscompliance.rules.credit import account
from lmscompliance.rules.facts import MARKS, Beat, ClassFact, Correction, Segment, SessionFact
from tests.rules.build import CLASS, START, TERMS, S, lesson
from tests.rules.slow_judge import judge_each_second

LESSONS = [lesson("L0", 1, seconds=0), lesson("L1", 2, seconds=40), lesson("L2", 3, seconds=400)]

instants = st.integers(-100 * S, 900 * S).map(lambda offset: START * S + offset)
beats = st.builds(
    Beat,
    seq=st.integers(0, 12),
    offset_ms=st.integers(-50_000, 400_000),
    position_ms=st.one_of(st.integers(-1000, 500_000), st.integers(-(2**53), 2**53)),
    state=st.sampled_from(STATES),
    mark=st.sampled_from(("", "", "", *MARKS)),
)


corrections = st.lists(
    st.builds(
        Correction,
        correction=st.sampled_from("abc"),
        effect=st.sampled_from(("exclude", "restore")),
        start_us=instants,
        end_us=instants,
        at_us=st.integers(0, 2),
    ),
    max_size=3,
    unique_by=lambda one: one.correction,
).map(tuple)
# The instants above lie around 08:00 in Shanghai, so these stretches begin and end among them.
terms = st.builds(
    replace,
    st.just(TERMS),
    hours_of_day=st.sampled_from(((), ("08:03-08:10",), ("07:00-08:02", "08:04-24:00"), ("08:05-08:01",))),
    daily_cap_seconds=st.sampled_from((None, None, 30, 200)),
    period_caps=st.sampled_from(((), ("08:02-08:06/60",), ("08:05-08:01/50", "08:00-24:00/100"))),
    repeat_after_permille=st.sampled_from((1000, 1000, 1, 500)),
)
midnights = st.sampled_from((0, -8 * 3600))
"""Moves everything to where a day of Shanghai begins."""


@st.composite
def steady_beats(draw):
    """Draw what a mostly honest page sends, so that much of it is credited."""
    offset, position, found = 0, draw(st.integers(0, 1000)), []
    for seq in range(draw(st.integers(0, 8))):
        step = draw(st.integers(1, 95_000))
        offset, position = offset + step, position + step
        found.append(
            Beat(seq, offset, position, draw(st.sampled_from(("playing", "playing", "playing", "hidden"))))
        )
    return found


@st.composite
def sessions(draw):
    """Draw sessions with torn, doubled, disordered and forged beats."""
    found = []
    for number in range(draw(st.integers(0, 5))):
        name = f"s{number}"
        opened = draw(instants)
        segments = tuple(
            Segment(
                name,
                n,
                start,
                start + draw(st.integers(0, 300 * S)),
                "length",
                tuple(given_beats),
                draw(st.sampled_from((None, None, start + S, start + 600 * S, start + 600 * S + 1))),
            )
            for n, (start, given_beats) in enumerate(
                draw(
                    st.lists(
                        st.tuples(
                            st.one_of(st.just(opened), instants),
                            st.one_of(steady_beats(), st.lists(beats, max_size=8)),
                        ),
                        max_size=3,
                    )
                )
            )
        )
        found.append(
            SessionFact(
                session=name,
                lesson=draw(st.sampled_from(("L0", "L1", "L2", "L3"))),
                opened_us=opened,
                closed_us=draw(st.one_of(st.none(), instants)),
                superseded_us=draw(st.one_of(st.none(), st.none(), instants)),
                segments=segments,
                corrections=draw(st.one_of(st.just(()), corrections)),
            )
        )
    return found


@st.composite
def classes(draw):
    """Draw a class whose edges may fall anywhere."""
    edges = st.one_of(st.just(CLASS.window_start_us), instants)
    return ClassFact(
        id="c",
        code="C",
        title="c",
        policy_id=CLASS.policy_id,
        policy_version=1,
        policy_digest=CLASS.policy_digest,
        window_start_us=draw(edges),
        window_end_us=draw(st.one_of(st.just(CLASS.window_end_us), instants)),
        approved_us=draw(st.one_of(st.none(), edges)),
    )


@settings(max_examples=300, deadline=None)
@given(sessions(), classes(), terms)
def test_every_second_gets_exactly_one_verdict(given_sessions, class_fact, given_terms):
    """The intervals of each session cover it without hole or overlap, and sums equal the wall clock."""
    result = account(given_sessions, LESSONS, given_terms, class_fact)
    for one in result.sessions():
        reached = one.start_s
        for interval in one.intervals:
            assert interval.start_s == reached < interval.end_s
            assert interval.reason is None or interval.reason in REASONS
            reached = interval.end_s
        assert reached == one.end_s
        assert one.wall_seconds == one.credited_seconds + sum(one.excluded.values())
    assert result.wall_seconds == sum(one.wall_seconds for one in result.sessions())
    assert result.wall_seconds == sum(interval.seconds for interval in result.intervals)
    assert result.credited_seconds == sum(result.by_lesson(one.id) for one in LESSONS)


@settings(max_examples=300, deadline=None)
@given(sessions(), classes(), terms)
def test_no_second_of_a_person_is_credited_twice(given_sessions, class_fact, given_terms):
    """Credited intervals of one enrolment never overlap, and none lies outside approval and window."""
    credited = [
        one
        for one in account(given_sessions, LESSONS, given_terms, class_fact).intervals
        if one.reason is None
    ]
    for before, after in pairwise(credited):
        assert before.end_s <= after.start_s
    for one in credited:
        assert class_fact.approved_us is not None
        assert one.start_s * S >= max(class_fact.approved_us, class_fact.window_start_us)
        assert one.end_s * S <= class_fact.window_end_us


@settings(max_examples=200, deadline=None)
@given(sessions(), classes(), terms)
def test_no_lesson_or_limit_credits_more_than_it_holds(given_sessions, class_fact, given_terms):
    """Whatever is sent, a lesson's credit is capped by the plan and a day's by the policy."""
    result = account(given_sessions, LESSONS, given_terms, class_fact)
    # All of it lies within one day.
    assert result.credited_seconds <= (given_terms.daily_cap_seconds or 10**9)
    for one in LESSONS:
        assert 0 <= result.by_lesson(one.id) <= one.planned_seconds
    assert result.by_lesson("L3") == 0


@settings(max_examples=200, deadline=None)
@given(sessions(), classes(), terms, st.randoms(use_true_random=False))
def test_the_order_of_arrival_changes_nothing(given_sessions, class_fact, given_terms, chance: random.Random):
    """Sessions, segments, corrections and beats in any order, beats doubled or moved: one verdict."""
    expected = account(given_sessions, LESSONS, given_terms, class_fact)
    shuffled = []
    for one in given_sessions:
        segments = [replace(s, beats=_shuffled([*s.beats, *s.beats[:2]], chance)) for s in one.segments]
        shuffled.append(
            SessionFact(
                session=one.session,
                lesson=one.lesson,
                opened_us=one.opened_us,
                closed_us=one.closed_us,
                superseded_us=one.superseded_us,
                segments=_shuffled(segments, chance),
                corrections=_shuffled(one.corrections, chance),
            )
        )
    lessons = list(_shuffled(LESSONS, chance))
    assert account(_shuffled(shuffled, chance), lessons, given_terms, class_fact) == expected


@settings(max_examples=200, deadline=None)
@given(sessions(), classes(), terms, st.permutations(REASONS))
def test_precedence_never_changes_what_is_credited(given_sessions, class_fact, given_terms, order):
    """The order of reasons only names the reason; the credited seconds are the same under each."""
    plain = account(given_sessions, LESSONS, given_terms, class_fact)
    other = account(given_sessions, LESSONS, replace(given_terms, precedence=tuple(order)), class_fact)
    assert other.credited_seconds == plain.credited_seconds
    assert [one for one in other.intervals if one.reason is None] == [
        one for one in plain.intervals if one.reason is None
    ]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(0, 200_000), max_size=30), st.integers(0, 10**9))
def test_a_forged_position_never_earns_more_than_wall_clock(offsets, position):
    """However the position jumps, nobody earns a second that did not pass."""
    forged = tuple(
        Beat(seq, offset, (position * (seq + 1)) % (2**53), "playing") for seq, offset in enumerate(offsets)
    )
    last = max(offsets, default=0)
    fact = SessionFact(
        "s",
        "L2",
        START * S,
        START * S + last * 1000,
        segments=(Segment("s", 0, START * S, START * S + last * 1000, "end", forged),),
    )
    result = account([fact], LESSONS, TERMS, CLASS)
    assert result.credited_seconds <= last // 1000
    assert Counter(result.excluded).total() + result.credited_seconds == last // 1000


@settings(max_examples=200, deadline=None)
@given(sessions(), classes(), terms, midnights)
def test_the_verdict_equals_that_of_a_second_by_second_reading_of_the_rules(
    given_sessions, class_fact, given_terms, shift
):
    """A slow judge that asks each rule about each second alone comes to the same result."""
    given_sessions = [_moved(one, shift * S) for one in given_sessions]
    class_fact = replace(
        class_fact,
        approved_us=None if class_fact.approved_us is None else class_fact.approved_us + shift * S,
        window_start_us=class_fact.window_start_us + shift * S,
        window_end_us=class_fact.window_end_us + shift * S,
    )
    fast = account(given_sessions, LESSONS, given_terms, class_fact)
    slow = judge_each_second(given_sessions, LESSONS, given_terms, class_fact)
    assert {
        (one.session, second): one.reason
        for one in fast.intervals
        for second in range(one.start_s, one.end_s)
    } == slow


def _moved(one, by_us):
    """Return a session with all its instants moved."""
    return replace(
        one,
        opened_us=one.opened_us + by_us,
        closed_us=None if one.closed_us is None else one.closed_us + by_us,
        superseded_us=None if one.superseded_us is None else one.superseded_us + by_us,
        segments=tuple(
            replace(each, start_us=each.start_us + by_us, end_us=each.end_us + by_us) for each in one.segments
        ),
        corrections=tuple(
            replace(each, start_us=each.start_us + by_us, end_us=each.end_us + by_us)
            for each in one.corrections
        ),
    )


def _shuffled(items, chance):
    copy = list(items)
    chance.shuffle(copy)
    return tuple(copy)
