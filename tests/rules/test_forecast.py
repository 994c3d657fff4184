"""What is still needed: the plan's shortest way, followed to its end, completes the training."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lmscompliance.rules.completion import training_verdict
from lmscompliance.rules.credit import account
from lmscompliance.rules.forecast import forecast
from tests.rules.build import CLASS, NOTICE, TERMS, TOPICS, lesson, session, us, watch

EARLY, LATE = us(0), CLASS.window_end_us - 3600 * 1_000_000
LAST = date(2021, 2, 28)


def _plan(count=28):
    return [lesson(f"L{n:02}", n, 1800, "1", TOPICS[n % len(TOPICS)]) for n in range(1, count + 1)]


def _learnt(plan, seconds):
    """Judge somebody who watched each lesson (by ordinal) for so many seconds, one after the other."""
    sessions, at = [], 0
    for one in plan:
        if length := seconds.get(one.ordinal, 0):
            sessions.append(session(watch(at, at + length), name=one.id, lesson=one.id, opened=at))
            at += length + 600
    return training_verdict(CLASS, plan, account(sessions, plan, TERMS, CLASS), NOTICE)


def test_two_hours_of_one_topic_before_the_last_day():
    """All but two lessons of one topic: named with hours, minutes and day, in both languages."""
    plan = _plan(24)
    lacking = [one.ordinal for one in plan if one.topic == "职业道德"][-2:]
    verdict = _learnt(plan, {one.ordinal: 1800 for one in plan if one.ordinal not in lacking})
    found = forecast(verdict, CLASS, NOTICE, EARLY)
    (need,) = found.needs
    assert (need.topic, need.hours, need.seconds, need.lessons) == ("职业道德", 2, 3600, tuple(lacking))
    assert need.message(found.last_day) == "还需完成 职业道德 2 课时（约 60 分钟），2021-02-28 前。"
    assert "2 more class hours" in need.message(LAST, "en")
    assert found.obstacle == ""


def test_a_missing_topic_comes_before_any_other_lesson():
    """24 课时 without a topic: one lesson of that topic is needed, and no more."""
    plan = [*_plan(24), lesson("L99", 99, 1800, "1", "防疫知识")]
    plan = [
        replace(one, topic="安全生产") if one.topic == "防疫知识" and one.ordinal < 99 else one
        for one in plan
    ]
    verdict = _learnt(plan, {one.ordinal: 1800 for one in plan if one.ordinal < 99})
    assert [(one.topic, one.lessons) for one in forecast(verdict, CLASS, NOTICE, EARLY).needs] == [
        ("防疫知识", (99,))
    ]


def test_a_lesson_begun_is_finished_before_another_is_begun():
    """The shortest way uses what was learnt already."""
    plan = _plan(25)
    verdict = _learnt(
        plan, {one.ordinal: 1800 if one.ordinal < 24 else 900 * (one.ordinal == 25) for one in plan}
    )
    (need,) = forecast(verdict, CLASS, NOTICE, EARLY).needs
    assert (need.lessons, need.seconds) == ((25,), 900)


def test_nothing_is_needed_once_the_training_is_complete():
    """And nothing stands in the way, whatever the hour."""
    plan = _plan(24)
    found = forecast(_learnt(plan, {one.ordinal: 1800 for one in plan}), CLASS, NOTICE, CLASS.window_end_us)
    assert (found.needs, found.obstacle, found.seconds) == ((), "", 0)


def test_too_little_time_left_is_said():
    """An hour before the end twelve hours of lessons do not fit; nor do they into days of two hours each."""
    verdict = _learnt(_plan(24), {})
    assert forecast(verdict, CLASS, NOTICE, LATE).obstacle == "forecast_no_time"
    assert forecast(verdict, CLASS, NOTICE, EARLY).obstacle == ""
    capped = NOTICE.supposing({"credit.daily_cap_seconds": 1200})
    assert forecast(verdict, CLASS, capped, EARLY).obstacle == "forecast_no_time"


def test_a_missed_lesson_is_no_way_any_more():
    """An offline lesson that is over cannot be attended, and without it the plan is too short."""
    plan = _plan(24)
    plan[0] = replace(plan[0], mode="offline", starts_us=us(0), ends_us=us(3600))
    verdict = _learnt(plan, {})
    assert forecast(verdict, CLASS, NOTICE, us(3599)).obstacle == ""
    after = forecast(verdict, CLASS, NOTICE, us(3601))
    assert after.obstacle == "forecast_plan_short"
    assert all(1 not in one.lessons for one in after.needs)


@given(st.dictionaries(st.integers(1, 28), st.sampled_from([600, 1799, 1800]), max_size=28))
def test_who_does_what_is_needed_has_completed(seconds):
    """From wherever one stands: learning exactly the named lessons to their ends is enough."""
    plan = _plan(28)
    found = forecast(_learnt(plan, seconds), CLASS, NOTICE, EARLY)
    assert found.obstacle == ""
    named = {ordinal for one in found.needs for ordinal in one.lessons}
    after = _learnt(plan, {**seconds, **dict.fromkeys(named, 1800)})
    assert after.met
    if named:
        assert not _learnt(plan, {**seconds, **dict.fromkeys(sorted(named)[1:], 1800)}).met


@pytest.mark.parametrize("obstacle", ["forecast_plan_short", "forecast_attendance", "forecast_no_time"])
def test_every_obstacle_has_words(obstacle):
    """Nobody reads a code."""
    from lmscompliance.kernel.messages import text

    assert text(f"rules.{obstacle}") != text(f"rules.{obstacle}", "en")


def test_what_waits_for_a_quiz_is_not_to_be_learnt_again():
    """All of a plan learnt, one lesson waiting: nothing but its quiz is needed."""
    plan = _plan(24)
    verdict = _learnt(plan, {one.ordinal: 1800 for one in plan if one.ordinal != 3})
    found = forecast(verdict, CLASS, NOTICE, EARLY, {"L03": 1800})
    assert (found.needs, found.quizzes, found.obstacle) == ((), (3,), "")
    half = forecast(verdict, CLASS, NOTICE, EARLY, {"L03": 600})
    assert ([need.seconds for need in half.needs], half.quizzes) == ([1200], (3,))
