"""Sessions out of another system's events, and what of them a policy lets count."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from lmscompliance.policy.terms import ReportedTerms
from lmscompliance.rules import credit
from lmscompliance.rules.facts import Stay
from lmscompliance.rules.reported import (
    Event,
    Reported,
    credited,
    fault,
    sessions,
    union_seconds,
    with_reported,
)
from tests.rules.build import CLASS, lesson, session, us, watch
from tests.rules.build import NOTICE as S1

LESSON = lesson()

IDLE = 1800
START = CLASS.window_start_us // 1_000_000 + 86_400 * 3
EVENTS = st.lists(
    st.builds(
        Event,
        st.integers(0, 40_000),
        st.sampled_from([0, 0, 0, 60, 600, 4000]),
        st.sampled_from(["", "", "A", "B"]),
        st.sampled_from(["", "", "g"]),
    ),
    max_size=40,
)


def _covered(events: list[Event]) -> set[int]:
    """Second by second: between two events of a group no further apart than the idle time."""
    seconds: set[int] = set()
    for group in {event.group for event in events}:
        reached: int | None = None
        for event in sorted(one for one in events if one.group == group):
            end = event.at_s + event.length_s
            if reached is not None and event.at_s - reached <= IDLE:
                seconds |= set(range(reached, event.at_s))
            seconds |= set(range(event.at_s, end))
            reached = end if reached is None else max(reached, end)
    return seconds


@given(EVENTS, st.randoms())
def test_sessions_cover_what_the_rule_says_and_nothing_else(events, random):
    """The seconds are those of a second-by-second reading, whatever the order and however lessons cut."""
    found = sessions(events, IDLE)
    random.shuffle(events)
    assert sessions(events, IDLE) == found
    assert {second for one in found for second in range(one.start_s, one.end_s)} == _covered(events)
    assert union_seconds(found) == len(_covered(events))
    assert all(fault(one) == "" for one in found)
    plain = [replace(event, lesson="") for event in events]
    assert union_seconds(sessions(plain, IDLE)) == union_seconds(found)


@given(EVENTS)
def test_sessions_of_one_group_never_overlap(events):
    """A person's time in one system is not counted twice."""
    for group in ("", "g"):
        own = [one for one in sessions(events, IDLE) if one.group == group]
        assert sum(one.seconds for one in own) == union_seconds(own)


def test_a_pause_of_exactly_the_idle_time_goes_on():
    """Only a longer one ends the session."""
    assert [one.seconds for one in sessions([Event(0), Event(IDLE)], IDLE)] == [IDLE]
    assert [one.seconds for one in sessions([Event(0), Event(IDLE + 1)], IDLE)] == [0, 0]


def test_an_altered_session_is_found_out():
    """A start, an end or a moment that does not keep the stated rule is a fault."""
    (one,) = sessions([Event(0), Event(600), Event(900)], IDLE)
    assert fault(replace(one, end_s=one.end_s + IDLE + 1))
    assert fault(replace(one, moments=((0, 0), (900, 0), (600, 0))))
    assert fault(replace(one, moments=((10, 0),)))
    assert fault(replace(one, idle_seconds=500))
    assert fault(replace(one, moments=()))


def _counting(on: bool):  # noqa: FBT001  # reads well at the call
    notice = replace(S1)
    object.__setattr__(notice, "reported", ReportedTerms(idle_minutes=30, credited=on))
    return notice


def _reported(record: str, start: int, seconds: int, lesson: str = LESSON.id) -> Reported:
    return Reported(record, lesson, start, start + seconds, IDLE, ((0, seconds),))


def test_nothing_counts_unless_the_policy_says_so():
    """The house's default excludes every reported second."""
    live = credit.account([], [LESSON], S1.credit, CLASS)
    one = _reported("r", START, 600)
    assert credited([one], live, [LESSON], S1, CLASS) == {"r": 0}
    assert with_reported(live, [one], {"r": 0}).by_lesson(LESSON.id) == 0


def test_what_counts_is_limited_by_lesson_window_and_itself():
    """Overlapping reports count once, up to the lesson's length, never outside the window or the plan."""
    live = credit.account([], [LESSON], S1.credit, CLASS)
    some = [
        _reported("a", START, 600),
        _reported("b", START + 300, 600),
        _reported("c", START + 7200, LESSON.planned_seconds),
        _reported("d", START + 90_000, 60, lesson="elsewhere"),
        _reported("e", CLASS.window_start_us // 1_000_000 - 600, 600),
    ]
    counted = credited(some, live, [LESSON], _counting(on=True), CLASS)
    assert counted == {"a": 600, "b": 300, "c": LESSON.planned_seconds - 900, "d": 0, "e": 0}
    account = with_reported(live, some, counted)
    assert account.by_lesson(LESSON.id) == LESSON.planned_seconds
    assert (account.wall_seconds, account.credited_seconds) == (0, 0)


def test_what_counts_leaves_offline_lessons_their_time_and_their_share_of_the_day():
    """A report from the classroom counts nothing, and the day is full for both together."""
    notice = S1.supposing({"reported.credited": True, "credit.daily_cap_seconds": 1000})
    begin = us(0) // 1_000_000
    stays = [Stay("F1", begin, begin + 600)]
    account = credit.account([], [LESSON], notice.credit, CLASS, stays=stays)
    some = [_reported("a", begin + 300, 300), _reported("b", begin + 600, 900)]
    assert credited(some, account, [LESSON], notice, CLASS) == {"a": 0, "b": 400}
    elsewhere = replace(LESSON, mode="offline")
    assert credited(some, account, [elsewhere], notice, CLASS) == {"a": 0, "b": 0}


def test_what_counts_is_limited_by_what_live_time_left_of_the_day():
    """A day's limit and that of a time of day hold for both together; the next day begins anew."""
    seen = session(watch(0, 600), lesson=LESSON.id, opened=0)
    notice = _counting(on=True)
    terms = replace(notice.credit, daily_cap_seconds=1000, period_caps=())
    object.__setattr__(notice, "credit", terms)
    live = credit.account([seen], [LESSON], terms, CLASS)
    assert live.credited_seconds == 600
    begin = us(0) // 1_000_000
    some = [_reported(name, begin + at, 300) for name, at in (("a", 700), ("b", 1100), ("c", 86_400))]
    assert credited(some, live, [LESSON], notice, CLASS) == {"a": 300, "b": 100, "c": 300}
    object.__setattr__(notice, "credit", replace(terms, period_caps=("00:00-00:00/700",)))
    assert credited(some, live, [LESSON], notice, CLASS) == {"a": 100, "b": 0, "c": 300}
