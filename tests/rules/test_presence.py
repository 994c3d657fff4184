"""What missed presence checks take, and what make-ups give back."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lmscompliance.rules.credit import account
from lmscompliance.rules.facts import PresenceFact
from lmscompliance.rules.presence import voids
from tests.rules.build import CLASS, NOTICE, START, S, lesson, session, us, watch
from tests.rules.slow_judge import judge_each_second
from tests.rules.test_credit_properties import LESSONS, classes, sessions

TERMS = NOTICE.presence
CREDIT = NOTICE.credit
ANSWER = TERMS.answer_seconds


def check(number, issued, outcome, *, session="s1", asked=False, took=10) -> PresenceFact:
    """Return a check; ``outcome`` is passed, wrong, missed or open."""
    decided = {"open": None, "missed": us(issued + ANSWER)}.get(outcome, us(issued + took))
    return PresenceFact(
        check=f"c{number}",
        number=number,
        session=session,
        issued_us=us(issued),
        until_us=us(issued + ANSWER),
        asked=asked,
        decided_us=decided,
        passed=outcome == "passed",
    )


def credited(checks, terms=TERMS, *, to=3600, unlocked=None) -> tuple[int, int]:
    """Return the seconds credited and voided of an hour's session."""
    taken = voids(checks, terms, unlocked_us=unlocked)
    found = account([session(watch(0, to))], [lesson(seconds=to)], CREDIT, CLASS, taken)
    assert found.wall_seconds == to
    return found.credited_seconds, found.excluded.get("presence_missed", 0)


def test_passed_and_open_checks_take_nothing():
    """Somebody who answers loses no second, and nobody loses any before the time for the answer is over."""
    assert credited([check(0, 600, "passed"), check(1, 1800, "open")]) == (3600, 0)


@pytest.mark.parametrize("outcome", ["missed", "wrong"])
def test_a_failed_check_voids_back_to_the_last_passed_and_on_to_the_next(outcome):
    """What lies between two passed checks with a failed one in the middle counts for nothing."""
    checks = [check(0, 600, "passed"), check(1, 1800, outcome), check(2, 3000, "passed")]
    assert credited(checks) == (600 + 10 + 3600 - 3010, 2400)
    assert credited(checks[1:]) == (3600 - 3010, 3010)
    assert credited(checks[:2]) == (610, 2990)


def test_whoever_never_passes_earns_nothing():
    """A program that answers no check keeps no second, whatever it sent before and after."""
    assert credited([check(number, 600 * (number + 1), "missed") for number in range(5)]) == (0, 3600)


def test_a_make_up_in_time_restores_everything_and_a_late_one_ends_the_void():
    """A make-up passed soon after the miss gives the whole stretch back."""
    missed = [check(0, 600, "passed"), check(1, 1800, "missed")]
    over = 1800 + ANSWER
    in_time = check(2, over + TERMS.make_up_seconds - 10, "passed", asked=True)
    assert credited([*missed, in_time]) == (3600, 0)
    late = check(2, over + TERMS.make_up_seconds, "passed", asked=True)
    end = over + TERMS.make_up_seconds + 10
    assert credited([*missed, late]) == (610 + 3600 - end, end - 610)
    assert credited([*missed, replace(in_time, asked=False)])[1] > 0


def test_the_time_for_a_make_up_runs_from_the_first_miss():
    """Failing again while a miss waits does not begin the time anew."""
    first, second = check(0, 600, "wrong"), check(1, 600 + TERMS.make_up_seconds, "wrong", asked=True)
    third = check(2, 640 + TERMS.make_up_seconds, "passed", asked=True)
    assert credited([first, second, third])[1] == 650 + TERMS.make_up_seconds


def test_only_so_many_make_ups_a_day_restore():
    """Beyond the policy's number a day, a passed make-up only ends the void; the next day it restores."""
    terms = replace(TERMS, make_up_per_day=1)
    checks = [
        check(0, 600, "wrong"),
        check(1, 700, "passed", asked=True),
        check(2, 1200, "wrong"),
        check(3, 1300, "passed", asked=True),
    ]
    assert credited(checks, terms) == (3600 - 600, 600)
    tomorrow = 24 * 3600
    later = [check(2, tomorrow + 1200, "wrong"), check(3, tomorrow + 1300, "passed", asked=True)]
    assert voids([*checks[:2], *later], terms) == ()


def test_a_policy_may_keep_the_void_within_the_session_or_ask_for_none():
    """The same miss reaches over sessions, stays within its own, or is only recorded."""
    two = [
        session(watch(0, 1200), name="s1"),
        session(watch(2000, 3200, position=1200), name="s2", opened=2000),
    ]
    checks = [check(0, 600, "passed"), check(1, 2600, "missed", session="s2")]
    lost = {}
    for reach in ("since_last_passed", "within_session", "nothing"):
        taken = voids(checks, replace(TERMS, missed_voids=reach))
        found = account(two, [lesson(seconds=2400)], CREDIT, CLASS, taken)
        lost[reach] = 2400 - found.credited_seconds
    assert lost == {"since_last_passed": 590 + 1200, "within_session": 1200, "nothing": 0}


def test_a_later_miss_leaves_what_had_unlocked_the_exam():
    """The void reaches back to the unlocking at most; a miss before it reaches as far as ever."""
    missed = [check(0, 600, "passed"), check(1, 1800, "missed")]
    assert credited(missed, unlocked=us(1500)) == (1500, 2100)
    assert credited(missed, unlocked=us(1800 + ANSWER)) == (610, 2990)
    assert credited(missed[1:], unlocked=us(1500)) == (1500, 2100)


@st.composite
def checks(draw):
    """Draw a trainee's checks one after the other, as the server issues them."""
    at, found = draw(st.integers(-100 * S, 100 * S)), []
    for number in range(draw(st.integers(0, 7))):
        at += draw(st.integers(0, 250 * S))
        issued, outcome = at, draw(st.sampled_from(("passed", "wrong", "missed", "open")))
        at += ANSWER * S if outcome == "missed" else draw(st.integers(0, ANSWER * S))
        found.append(
            PresenceFact(
                check=f"c{number}",
                number=number,
                session=draw(st.sampled_from(("s0", "s1", "s2", "elsewhere"))),
                issued_us=START * S + issued,
                until_us=START * S + issued + ANSWER * S,
                asked=draw(st.booleans()),
                decided_us=None if outcome == "open" else START * S + at,
                passed=outcome == "passed",
            )
        )
    return found


terms = st.builds(
    replace,
    st.just(TERMS),
    missed_voids=st.sampled_from(("since_last_passed", "within_session", "nothing")),
    make_up_seconds=st.integers(0, 400),
    make_up_per_day=st.integers(0, 3),
)
unlockings = st.one_of(st.none(), st.integers(-100 * S, 900 * S).map(lambda offset: START * S + offset))


def restoring(every, given_terms, *, within):
    """Return the make-ups that give back what was void, going through all checks once."""
    used, found = {}, set()
    for place, one in enumerate(every):
        before = [other for other in every[:place] if not within or other.session == one.session]
        misses = []
        for other in reversed(before):
            if other.passed:
                break
            misses.append(other)
        if not (one.passed and one.asked and misses):
            continue
        day = (one.issued_us // S + 8 * 3600) // 86_400
        in_time = one.decided_us - misses[-1].decided_us <= given_terms.make_up_seconds * S
        if in_time and used.get(day, 0) < given_terms.make_up_per_day:
            used[day] = used.get(day, 0) + 1
            found.add(one.check)
    return found


def void_by_asking(given_checks, given_terms, unlocked):
    """Return a slow judge of one second: look for the miss that voids it, and for what ended that."""
    decided = [one for one in given_checks if one.decided_us is not None]

    def void(session_id, second) -> bool:
        if given_terms.missed_voids == "nothing":
            return False
        within = given_terms.missed_voids == "within_session"
        mine = [one for one in decided if not within or one.session == session_id]
        restored = restoring(decided, given_terms, within=within)
        for place, one in enumerate(mine):
            if one.passed or (place and not mine[place - 1].passed):
                continue
            since = mine[place - 1].decided_us if place else None
            if unlocked is not None and one.decided_us > unlocked:
                since = unlocked if since is None else max(since, unlocked)
            ends = next((later for later in mine[place:] if later.passed), None)
            if ends is not None and ends.check in restored:
                continue
            begun = since is None or second >= since // S
            if begun and (ends is None or second < ends.decided_us // S):
                return True
        return False

    return void


@settings(max_examples=200, deadline=None)
@given(sessions(), classes(), checks(), terms, unlockings)
def test_every_second_agrees_with_a_judge_who_looks_at_one_at_a_time(
    given_sessions, class_fact, given_checks, given_terms, unlocked
):
    """Fast and slow judge give each second of each session the same verdict."""
    taken = voids(given_checks, given_terms, unlocked_us=unlocked)
    found = account(given_sessions, LESSONS, CREDIT, class_fact, taken)
    slow = judge_each_second(
        given_sessions, LESSONS, CREDIT, class_fact, void_by_asking(given_checks, given_terms, unlocked)
    )
    for interval in found.intervals:
        for second in range(interval.start_s, interval.end_s):
            assert slow.pop((interval.session, second)) == interval.reason
    assert slow == {}


@settings(max_examples=100, deadline=None)
@given(checks(), terms, unlockings, st.randoms(use_true_random=False))
def test_the_order_in_which_checks_are_handed_in_changes_nothing(
    given_checks, given_terms, unlocked, chance: random.Random
):
    """Leaves read in any order void the same seconds."""
    shuffled = list(given_checks)
    chance.shuffle(shuffled)
    expected = voids(given_checks, given_terms, unlocked_us=unlocked)
    assert voids(shuffled, given_terms, unlocked_us=unlocked) == expected


@settings(max_examples=100, deadline=None)
@given(sessions(), classes(), checks(), terms)
def test_checks_never_add_a_second(given_sessions, class_fact, given_checks, given_terms):
    """Whatever is answered, no more is credited than without any check, and nothing twice."""
    plain = account(given_sessions, LESSONS, CREDIT, class_fact)
    taken = voids(given_checks, given_terms)
    found = account(given_sessions, LESSONS, CREDIT, class_fact, taken)
    assert found.credited_seconds <= plain.credited_seconds
    assert found.wall_seconds == plain.wall_seconds
