"""Each rule of credit alone, at its edges."""

from __future__ import annotations

from dataclasses import replace
from time import process_time

import pytest

from lmscompliance.rules.credit import account
from tests.rules.build import CLASS, START, TERMS, lesson, session, us, watch


def _account(*sessions, lessons=None, terms=TERMS, class_fact=CLASS):
    return account(sessions, lessons or [lesson()], terms, class_fact)


def _story(result):
    """Return ``(start, end, reason)`` with seconds counted from START."""
    return [(one.start_s - START, one.end_s - START, one.reason) for one in result.intervals]


def test_steady_watching_is_credited_second_by_second():
    """Beats each minute at the lesson's own speed credit all wall-clock time between them."""
    result = _account(session(watch(0, 600)))
    assert _story(result) == [(0, 600, None)]
    assert (result.credited_seconds, result.excluded, result.by_lesson("L1")) == (600, {}, 600)


def test_a_gap_at_the_limit_counts_and_one_beyond_it_counts_nothing():
    """A gap of exactly the limit is credited; a millisecond more and the whole gap is idle."""
    limit = TERMS.max_gap_seconds
    at_limit = [(0, 0, "playing"), (limit, limit, "playing")]
    assert _story(_account(session(at_limit))) == [(0, limit, None)]
    beyond = [(0, 0, "playing"), (limit + 0.001, limit, "playing"), (limit + 60, limit + 60, "playing")]
    assert _story(_account(session(beyond))) == [(0, limit, "idle_gap"), (limit, limit + 60, None)]


@pytest.mark.parametrize(
    ("state", "reason"), [("hidden", "page_hidden"), ("paused", "paused"), ("ended", "paused")]
)
def test_W31_a_state_holds_until_the_next_beat(state, reason):
    """Time after a beat that reports no playing is excluded, even when the position moves on."""
    result = _account(
        session([(0, 0, "playing"), (30, 30, state), (70, 70, "playing"), (100, 100, "playing")])
    )
    assert _story(result) == [(0, 30, None), (30, 70, reason), (70, 100, None)]


def test_a_jump_excludes_its_interval_and_the_rest_goes_on():
    """A position that advances beyond elapsed time plus tolerance excludes that interval whole."""
    jump = [(0, 0, "playing"), (60, 1799, "playing"), (61, 1799.5, "playing")]
    assert _story(_account(session(jump))) == [(0, 60, "too_fast"), (60, 61, None)]


def test_the_tolerance_of_a_position_is_exact():
    """An advance of elapsed time plus the tolerance passes, one millisecond more does not."""
    slack = TERMS.position_tolerance_ms / 1000
    assert _account(session([(0, 0, "playing"), (60, 60 + slack, "playing")])).credited_seconds == 60
    assert _account(session([(0, 0, "playing"), (60, 60 + slack + 0.001, "playing")])).excluded == {
        "too_fast": 60
    }


@pytest.mark.parametrize("speed", [1.2, 2, 3, 16])
def test_frequent_beats_do_not_hide_a_speed(speed):
    """The tolerance is granted once: with a beat a second, fast playing earns the tolerance and no more."""
    fast = session([(at, speed * at, "playing") for at in range(601)])
    earned = TERMS.position_tolerance_ms / 1000 / (speed - 1)
    result = _account(fast)
    assert result.credited_seconds <= earned
    assert result.excluded == {"too_fast": 600 - result.credited_seconds}


def test_frequent_beats_do_not_hide_standing_still():
    """A page that says "playing" every second while nothing moves earns nothing, from its first second."""
    still = [(at, 7, "playing") for at in range(100)]
    assert _account(session(still)).excluded == {"paused": 99}
    stall = [(0, 0, "playing"), (1, 1, "playing"), (2, 1, "playing"), (3, 1, "playing"), (4, 2, "playing")]
    assert _account(session(stall)).credited_seconds == 4


def test_a_lead_is_made_good_by_slower_playing():
    """A skip within the tolerance uses it up until a pause gives it back; a jump costs its interval alone."""
    skips = [(0, 0), (60, 62), (120, 122), (180, 184), (240, 244), (300, 304)]
    result = _account(session([(at, position, "playing") for at, position in skips]))
    assert _story(result) == [(0, 120, None), (120, 180, "too_fast"), (180, 300, None)]
    paused = [(0, 0, "playing"), (60, 62, "paused"), (70, 62, "playing"), (130, 124, "playing")]
    assert _story(_account(session(paused))) == [(0, 60, None), (60, 70, "paused"), (70, 130, None)]


def test_triple_speed_earns_nothing_and_a_policy_may_allow_it():
    """Playback beyond the permitted rate is too fast; the rate is the policy's."""
    fast = session([(at, 3 * at, "playing") for at in range(0, 601, 60)])
    assert _account(fast).credited_seconds == 0
    allowed = replace(TERMS, max_rate_permille=3000)
    assert _account(fast, terms=allowed).credited_seconds == 600


@pytest.mark.parametrize("position", [5, 4.9])
def test_playing_that_does_not_advance_is_a_pause(position):
    """A page that says "playing" while its position stands still or falls back earns nothing."""
    result = _account(session([(0, 5, "playing"), (60, position, "playing")]))
    assert result.excluded == {"paused": 60}


def test_time_no_two_beats_enclose_is_idle():
    """Before the first beat and after the last nobody was seen."""
    result = _account(session([(10, 0, "playing"), (40, 30, "playing")], closed=100))
    assert _story(result) == [(0, 10, "idle_gap"), (10, 40, None), (40, 100, "idle_gap")]
    assert _account(session([], closed=7)).excluded == {"idle_gap": 7}


def test_a_running_session_reaches_to_its_last_beat():
    """Without a close, what has been seen so far is judged and nothing beyond it is claimed."""
    running = replace(session(watch(0, 120)), closed_us=None, close_reason=None)
    assert _account(running).wall_seconds == 120
    assert _account(replace(running, segments=())).wall_seconds == 0


def test_approval_clips_to_the_second():
    """Seconds that begin before the approval do not count; the next one does."""
    result = _account(session(watch(0, 60)), class_fact=replace(CLASS, approved_us=us(29.5)))
    assert _story(result) == [(0, 30, "before_approval"), (30, 60, None)]
    never = _account(session(watch(0, 60)), class_fact=replace(CLASS, approved_us=None))
    assert never.excluded == {"before_approval": 60}
    lenient = replace(TERMS, after_approval=False)
    assert (
        _account(session(watch(0, 60)), terms=lenient, class_fact=replace(CLASS, approved_us=None)).excluded
        == {}
    )


def test_T4_the_window_clips_at_both_edges():
    """Only seconds that lie wholly inside the window count."""
    narrow = replace(CLASS, window_start_us=us(10.2), window_end_us=us(50.9))
    result = _account(session(watch(0, 60)), class_fact=narrow)
    assert _story(result) == [(0, 11, "outside_window"), (11, 50, None), (50, 60, "outside_window")]


def test_a_session_that_was_taken_over_counts_no_further():
    """After the takeover beats are kept and excluded as overlap."""
    result = _account(session(watch(0, 120), superseded=45))
    assert _story(result) == [(0, 45, None), (45, 120, "overlap")]


def test_of_two_sessions_at_once_the_later_started_counts():
    """While a later started session runs, the earlier one's seconds are overlap; none counts twice."""
    first = session(watch(0, 120), name="s1", lesson="L1")
    second = session(watch(30, 90), name="s2", lesson="L2", opened=30)
    result = _account(first, second, lessons=[lesson(), lesson("L2", 2)])
    assert [
        (one.session, one.start_s - START, one.end_s - START, one.reason) for one in result.intervals
    ] == [
        ("s1", 0, 30, None),
        ("s1", 30, 90, "overlap"),
        ("s2", 30, 90, None),
        ("s1", 90, 120, None),
    ]


def test_two_sessions_opened_in_the_same_instant_never_both_count():
    """A tie is broken by the session id, so the verdict does not depend on chance."""
    twins = [session(watch(0, 60), name=name) for name in ("a", "b")]
    result = account(twins, [lesson()], TERMS, CLASS)
    assert result.by_session("a").excluded == {"overlap": 60}
    assert result.by_session("b").credited_seconds == 60


def test_beyond_the_planned_length_is_over_length_in_the_session_that_filled_it_and_a_repeat_later():
    """A lesson credits its planned length to the second and never more."""
    result = _account(
        session(watch(0, 100), name="s1"),
        session(watch(200, 300), name="s2", opened=200),
        lessons=[lesson(seconds=80)],
    )
    assert _story(result) == [(0, 80, None), (80, 100, "over_length"), (200, 300, "repeat")]
    assert result.by_lesson("L1") == 80


def test_excluded_time_does_not_use_up_a_lesson():
    """Only credited seconds fill a lesson, so an idle hour leaves all of it to be learnt."""
    beats = [(0, 0, "playing"), (1000, 10, "playing"), *watch(1000, 1060, position=10)[1:]]
    result = _account(session(beats), lessons=[lesson(seconds=60)])
    assert (result.credited_seconds, result.excluded) == (60, {"idle_gap": 1000})


def test_a_lesson_the_plan_does_not_know_has_no_length():
    """Time in an unplanned lesson is kept and all of it is over length."""
    assert _account(session(watch(0, 60), lesson="elsewhere")).excluded == {"over_length": 60}


def test_precedence_is_the_policys():
    """When several reasons apply to a second the policy's order picks one."""
    hidden_gap = session([(0, 0, "hidden"), (300, 0, "playing")])
    assert _account(hidden_gap).excluded == {"page_hidden": 300}
    others = tuple(reason for reason in TERMS.precedence if reason != "idle_gap")
    assert _account(hidden_gap, terms=replace(TERMS, precedence=("idle_gap", *others))).excluded == {
        "idle_gap": 300
    }


def test_a_reason_an_old_policy_does_not_rank_comes_last():
    """A precedence written before a reason existed still judges every second."""
    old = replace(TERMS, precedence=("overlap", "idle_gap"))
    result = _account(session([(0, 0, "hidden"), (300, 0, "playing")]), terms=old)
    assert result.excluded == {"idle_gap": 300}


def test_segments_that_share_a_beat_leave_no_second_out():
    """The beat at which two segments meet stands in both and divides nothing."""
    whole = session(watch(0, 600))
    segment = whole.segments[0]
    parts = (
        replace(segment, end_us=us(300), beats=segment.beats[:6]),
        replace(
            segment,
            n=1,
            start_us=us(300),
            beats=tuple(replace(beat, offset_ms=beat.offset_ms - 300_000) for beat in segment.beats[5:]),
        ),
    )
    assert _account(replace(whole, segments=parts)) == _account(whole)


def test_sub_second_beats_still_give_each_second_one_verdict():
    """Instants are floored first, so fractions neither lose nor double a second."""
    result = _account(
        session([(0.4, 0, "playing"), (10.6, 10.2, "hidden"), (11.2, 10.2, "playing"), (20.9, 20, "playing")])
    )
    assert _story(result) == [(0, 10, None), (10, 11, "page_hidden"), (11, 20, None)]


def test_a_session_handed_in_twice_is_refused():
    """Counting a session twice is a defect of the caller, not something to judge."""
    with pytest.raises(ValueError, match="twice"):
        _account(session(watch(0, 60)), session(watch(0, 60)))


def test_a_whole_course_is_judged_in_milliseconds():
    """24 sessions of 40 beats take well under a tenth of a second."""
    lessons = [lesson(f"L{number}", number) for number in range(24)]
    sessions = [
        session(
            watch(number * 4000, number * 4000 + 2400),
            name=f"s{number:02}",
            lesson=f"L{number}",
            opened=number * 4000,
        )
        for number in range(24)
    ]
    began = process_time()
    result = account(sessions, lessons, TERMS, CLASS)
    assert process_time() - began < 0.1
    assert result.credited_seconds == 24 * 1800


@pytest.mark.parametrize(("mark", "reason"), [("unanswered", "unanswered"), ("untimely", "late")])
def test_a_marked_beat_earns_nothing_on_either_side(mark, reason):
    """What leads to it and what it leads to both rest on it; with the rule off an unanswered one counts."""
    fact = session(watch(0, 240))
    (segment,) = fact.segments
    beats = tuple(replace(beat, mark=mark if beat.seq == 2 else "") for beat in segment.beats)
    marked = replace(fact, segments=(replace(segment, beats=beats),))
    assert _story(_account(marked)) == [(0, 60, None), (60, 180, reason), (180, 240, None)]
    lenient = _account(marked, terms=replace(TERMS, answered_only=False))
    assert lenient.credited_seconds == (240 if mark == "unanswered" else 120)


@pytest.mark.parametrize(("later", "excluded"), [(600, {}), (601, {"late": 120})])
def test_late_beats_count_if_they_arrived_within_the_window(later, excluded):
    """The window runs from the answer they follow to their arrival, its very end included."""
    fact = session([(0, 0, "playing"), (60, 60, "playing"), (120, 120, "playing"), (180, 180, "playing")])
    (segment,) = fact.segments
    late = replace(segment, n=1, closed_by="late", beats=segment.beats[1:2], arrived_us=us(later))
    in_time = replace(segment, beats=segment.beats[:1] + segment.beats[2:])
    assert _account(replace(fact, segments=(in_time, late))).excluded == excluded
