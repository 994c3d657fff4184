"""Limits of a day and of times of day, repeats and corrections, at their edges, on the Shanghai clock."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from lmscompliance.policy import Catalogue
from lmscompliance.policy.loader import load_text
from lmscompliance.rules import reasons
from lmscompliance.rules.completion import training_verdict
from lmscompliance.rules.credit import account
from lmscompliance.rules.daytime import DayTime
from lmscompliance.rules.facts import Correction
from lmscompliance.rules.hours import lesson_progress
from lmscompliance.rules.plan import check_plan
from tests.rules.build import CLASS, DAY, NOTICE, TERMS, lesson, session, us, watch

LONG = [lesson("L1", 1, seconds=40_000), lesson("L2", 2, seconds=40_000)]
MIDNIGHT = 16 * 3600
"""The first midnight after ``build.START``, which is 08:00, in seconds after it."""


def _judge(sessions, lessons=LONG, class_fact=CLASS, **changes):
    return account(sessions, lessons, replace(TERMS, **changes), class_fact)


def _credited(result):
    return [(one.start_s, one.end_s) for one in result.intervals if one.reason is None]


def _at(second):
    return us(second) // 1_000_000


def test_a_session_across_midnight_uses_the_limits_of_both_days():
    """Each Shanghai day credits up to its limit; the second that begins at midnight is the new day's."""
    over_night = session(watch(MIDNIGHT - 1200, MIDNIGHT + 1800), opened=MIDNIGHT - 1200)
    result = _judge([over_night], daily_cap_seconds=900)
    assert _credited(result) == [
        (_at(MIDNIGHT - 1200), _at(MIDNIGHT - 300)),
        (_at(MIDNIGHT), _at(MIDNIGHT + 900)),
    ]
    assert result.excluded == {"daily_cap": 300 + 900}


def test_the_limit_of_a_day_holds_over_all_its_lessons_and_is_new_the_next_day():
    """What one lesson used up another cannot have; time over the day's limit uses up no lesson."""
    first = session(watch(0, 600), name="s1", lesson="L1")
    second = session(watch(700, 1300), name="s2", lesson="L2", opened=700)
    next_day = session(watch(DAY, DAY + 600), name="s3", lesson="L2", opened=DAY)
    lessons = [lesson("L1", 1, seconds=600), lesson("L2", 2, seconds=700)]
    result = _judge([first, second, next_day], lessons, daily_cap_seconds=800)
    assert [one.credited_seconds for one in result.sessions()] == [600, 200, 500]
    assert result.by_session("s2").excluded == {"daily_cap": 400}
    assert result.by_session("s3").excluded == {"over_length": 100}


def test_the_last_second_of_a_month_is_still_the_window_s_and_the_day_s():
    """A class that ends with February ends at Shanghai's midnight, not at that of UTC."""
    end = MIDNIGHT + 27 * DAY
    over = session(watch(end - 120, end + 120), opened=end - 120)
    result = _judge([over], daily_cap_seconds=60)
    assert _credited(result) == [(_at(end - 120), _at(end - 60))]
    assert result.excluded == {"outside_window": 120, "daily_cap": 60}


def test_a_day_is_a_shanghai_day_where_utc_has_another_date():
    """07:59 and 08:00 in Shanghai lie on two days of UTC and on one of ours."""
    class_fact = replace(CLASS, window_start_us=us(-8 * 3600), approved_us=us(-8 * 3600))
    result = _judge([session(watch(-600, 600), opened=-600)], class_fact=class_fact, daily_cap_seconds=700)
    assert result.credited_seconds == 700


@pytest.mark.parametrize(
    ("permitted", "credited"),
    [
        (("08:10-08:20",), [(600, 1200)]),
        (("08:10-08:15", "08:15-08:20"), [(600, 1200)]),
        (("08:10-08:12", "08:11-08:13"), [(600, 780)]),
        (("22:00-08:05",), [(0, 300)]),
        (("08:25-08:05",), [(0, 300), (1500, 1800)]),
        (("00:00-24:00",), [(0, 1800)]),
        (("09:00-10:00",), []),
    ],
)
def test_only_permitted_times_of_day_count(permitted, credited):
    """Edges are exact, stretches join or run past midnight; the rest says why."""
    result = _judge([session(watch(0, 1800))], hours_of_day=permitted)
    assert _credited(result) == [(_at(low), _at(high)) for low, high in credited]
    outside = 1800 - sum(high - low for low, high in credited)
    assert result.excluded == ({"outside_hours": outside} if outside else {})


def test_a_limited_time_of_day_is_limited_anew_each_day_even_past_midnight():
    """A stretch from 23:50 to 00:10 is one stretch; the next night has its own."""
    nights = [
        session(
            watch(MIDNIGHT - 900 + n * DAY, MIDNIGHT + 900 + n * DAY),
            name=f"s{n}",
            opened=MIDNIGHT - 900 + n * DAY,
        )
        for n in range(2)
    ]
    result = _judge(nights, period_caps=("23:50-00:10/700",))
    for n in range(2):
        assert result.by_session(f"s{n}").credited_seconds == 300 + 700 + 300
        assert result.by_session(f"s{n}").excluded == {"period_cap": 500}


def test_a_repeat_begins_where_the_policy_says_that_a_lesson_is_learnt():
    """Further sessions earn nothing from then on; the one that reached it goes on to the lesson's end."""
    lessons = [lesson("L1", 1, seconds=1000)]
    first = session(watch(0, 850), name="s1")
    second = session(watch(900, 1200), name="s2", opened=900)
    assert _judge([first, second], lessons).credited_seconds == 1000
    result = _judge([first, second], lessons, repeat_after_permille=800)
    assert result.by_session("s1").credited_seconds == 850
    assert result.by_session("s2").excluded == {"repeat": 300}


def _correct(effect, start, end, at=1):
    return Correction(f"c{at}", effect, us(start), us(end), at)


def test_a_correction_excludes_and_a_later_one_restores():
    """The later decision about a second holds, whatever order they are handed in."""
    fact = session(watch(0, 600))
    corrections = (_correct("exclude", 100, 300, at=1), _correct("restore", 200, 250, at=2))
    result = _judge([replace(fact, corrections=corrections)])
    assert result.excluded == {"corrected": 150}
    assert _judge([replace(fact, corrections=corrections[::-1])]) == result


def test_a_restored_stretch_counts_in_place_of_what_beats_said():
    """An upheld objection to a gap gives exactly the disputed seconds back."""
    gap = session([(0, 0, "playing"), (60, 60, "playing"), (660, 660, "playing"), (700, 700, "playing")])
    assert _judge([gap]).excluded == {"idle_gap": 600}
    result = _judge([replace(gap, corrections=(_correct("restore", 60, 360),))])
    assert (result.credited_seconds, result.excluded) == (400, {"idle_gap": 300})


def test_no_correction_reaches_past_a_limit():
    """Overlap, window, hours, lengths and limits hold whatever staff decide; nobody is credited twice."""
    first = session(watch(0, 600), name="s1", superseded=300)
    second = session(watch(300, 900), name="s2", lesson="L2", opened=300)
    restored = replace(first, corrections=(_correct("restore", 0, 600),))
    assert _judge([restored, second]).by_session("s1").excluded == {"overlap": 300}
    late = replace(session(watch(0, 600)), corrections=(_correct("restore", 0, 600),))
    assert _judge([late], daily_cap_seconds=100).excluded == {"daily_cap": 500}
    assert _judge([late], hours_of_day=("09:00-10:00",)).excluded == {"outside_hours": 600}


def _notice(**stated):
    """Return the worked notice with further parameters stated by the house."""
    lines = [
        f'[{key.replace("__", ".")}]\nvalue = {value}\nsource = "house"\nrationale = "试"'
        for key, value in stated.items()
    ]
    head = 'id = "caps"\nversion = 1\nstatus = "demo"\ntitle = "试"\ndocument = "试"\n'
    base = '[topics.required]\nvalue = []\nsource = "house"\nrationale = "试"\n'
    total = '[hours.min_total]\nvalue = 1\nsource = "house"\nrationale = "试"\n'
    return load_text(
        "caps.toml", f"{head}effective_from = 2020-01-01\ndefaults = 1\n{base}{total}" + "\n".join(lines)
    )


def test_a_limit_of_class_hours_a_day_is_counted_in_the_notice_s_own_hours():
    """4 学时 of 45 minutes are 180 minutes, cited by the parameter that states them."""
    notice = _notice(credit__daily_cap_class_hours=4)
    assert notice.credit.daily_cap_seconds == 4 * 45 * 60
    assert "180" in reasons.explanation("daily_cap", notice)
    assert reasons.cite("daily_cap", notice) == "平台规则"
    shorter = _notice(credit__daily_cap_class_hours='"1.5"', hours__minutes_per_class_hour='"1.5"')
    assert shorter.credit.daily_cap_seconds == 135
    assert Catalogue.builtin().get("liusu-youji-2021").credit.daily_cap_seconds is None


def test_each_class_hour_must_reach_its_minutes():
    """A lesson under the minutes of its 课时 does not count, whatever the average of the others."""
    lessons = [lesson("L1", 1, seconds=1800, hours="1"), lesson("L2", 2, seconds=5400, hours="2")]
    terms = replace(NOTICE.hours, min_each_minutes=Decimal(30), completion_ratio=Decimal("0.5"))
    learnt = [session(watch(0, 1799)), session(watch(2000, 7400), name="s2", lesson="L2", opened=2000)]
    progress = lesson_progress(lessons, _judge(learnt, lessons), terms)
    assert [(one.needed_seconds, one.complete) for one in progress] == [(1800, False), (3600, True)]


def test_a_plan_whose_lessons_cannot_reach_the_minutes_is_refused():
    """Nobody is sent into a lesson that could never count."""
    notice = _notice(hours__min_each_minutes=45)
    problems = check_plan([lesson("L1", 1, seconds=2700, hours="1"), lesson("L2", 2, seconds=2699)], notice)
    assert [(one.reason, one.params["ordinal"]) for one in problems] == [("plan_lesson_short", "2")]
    verdict = training_verdict(
        replace(CLASS, policy_digest=notice.digest), [lesson("L2", 1, seconds=2699)], _judge([]), notice
    )
    assert not verdict.met


def test_occurrences_of_a_time_of_day_are_found_on_every_day_they_touch():
    """Also one that began the evening before, and none that only meets the edge."""
    night = DayTime.parse("22:00-06:00")
    found = list(night.occurrences(_at(MIDNIGHT), _at(MIDNIGHT + DAY)))
    assert found == [
        (_at(MIDNIGHT - 7200), _at(MIDNIGHT + 6 * 3600)),
        (_at(MIDNIGHT + DAY - 7200), _at(MIDNIGHT + DAY + 6 * 3600)),
    ]
    assert list(night.occurrences(_at(MIDNIGHT + 6 * 3600), _at(MIDNIGHT + 7 * 3600))) == []
