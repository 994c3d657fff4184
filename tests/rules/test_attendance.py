"""Marks and seconds of offline lessons follow from signs, entries and the policy."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lmscompliance.policy import Catalogue
from lmscompliance.rules import attendance as rules
from lmscompliance.rules import credit
from lmscompliance.rules.attendance import SIGNS, Mark
from lmscompliance.rules.completion import training_verdict
from lmscompliance.rules.daytime import WHOLE_DAY
from lmscompliance.rules.facts import AttendanceFacts, LessonFact, MarkFact, SignFact
from lmscompliance.rules.plan import check_plan
from lmscompliance.rules.presence import Void
from tests.rules import build

S2 = Catalogue.builtin().get("wudi-gongjiang-draft")
TERMS = S2.attendance
SECOND = 1_000_000
MINUTE = 60 * SECOND
DAY = build.DAY
START = build.us(DAY)
END = START + 180 * MINUTE
NOBODY_ONLINE = credit.account([], [], S2.credit, build.CLASS)


def offline(name="F1", start=START, hours="4", ordinal=1) -> LessonFact:
    """Return an offline lesson of three hours."""
    return LessonFact(
        name,
        ordinal,
        "岗位技能",
        "实操",
        name,
        "线下",
        Decimal(hours),
        180 * 60,
        "offline",
        start,
        start + 180 * MINUTE,
    )


def judged(*signs, marks=(), confirmed=True, sessions=(), **changes):
    """Judge one lesson of an approved class."""
    signed = AttendanceFacts(
        tuple(SignFact("F1", purpose, instant) for purpose, instant in signs), tuple(marks)
    )
    (one,) = attendance([offline()], signed, {"F1"} if confirmed else (), sessions, **changes)[1].lessons
    return one


def attendance(lessons, facts, confirmed, sessions=(), *, approved=0, voids=(), **changes):
    """Return account and attendance by S2 with ``changes``, in a class approved at ``approved``."""
    class_fact = replace(build.CLASS, approved_us=approved)
    notice = S2.supposing({f"credit.{name}": value for name, value in changes.items()})
    came = rules.attended(lessons, facts, confirmed, notice.attendance)
    stays = rules.stays(came, notice, class_fact, voids)
    online = [build.lesson("L", seconds=30_000)]
    account = credit.account(sessions, online, notice.credit, class_fact, voids, stays=stays)
    return account, rules.credited(came, account)


@pytest.mark.parametrize(
    ("came", "left", "mark", "seconds"),
    [
        (-30, 180, Mark.PRESENT, 10800),
        (10, 170, Mark.PRESENT, 10800),
        (11, 180, Mark.LATE, 10800 - 11 * 60),
        (0, 169, Mark.EARLY, 10800 - 11 * 60),
        (15, 160, Mark.LATE_EARLY, 10800 - 35 * 60),
        (0, 240, Mark.PRESENT, 10800),
        (0, None, Mark.EARLY, 0),
        (-31, 180, Mark.ABSENT, 0),
        (0, 241, Mark.EARLY, 0),
        (None, 180, Mark.ABSENT, 0),
    ],
)
def test_the_mark_follows_from_coming_and_leaving(came, left, mark, seconds):
    """Ten minutes are tolerated at both ends; what was missed beyond is taken off from the scheduled time."""
    signs = [] if came is None else [("in", START + came * MINUTE)]
    signs += [] if left is None else [("out", START + left * MINUTE)]
    one = judged(*signs)
    assert (one.mark, one.credited_seconds) == (mark, seconds)


def test_the_boundary_is_exact_to_the_microsecond():
    """Ten minutes to the microsecond are in time, one more is late."""
    out = ("out", END)
    assert judged(("in", START + 10 * MINUTE), out).mark is Mark.PRESENT
    late = judged(("in", START + 10 * MINUTE + 1), out)
    assert (late.mark, late.credited_seconds) == (Mark.LATE, 10800 - 601)


def test_nobody_is_absent_before_the_list_is_confirmed():
    """Without sign, entry and confirmation there is no mark, and nothing counts unconfirmed."""
    assert judged(confirmed=False).mark is None
    waiting = judged(("in", START), ("out", END), confirmed=False)
    assert (waiting.mark, waiting.earned_seconds, waiting.credited_seconds) == (Mark.PRESENT, 10800, 0)
    assert waiting.waits
    assert waiting.excluded == {}


def test_the_latest_entry_of_the_teacher_holds_whatever_the_order():
    """A correction is a newer entry; 告假 earns nothing, a vouched presence earns the whole lesson."""
    leave, present = MarkFact("F1", "leave", END), MarkFact("F1", "present", END + 1)
    for marks in ([leave, present], [present, leave]):
        assert (judged(marks=marks).mark, judged(marks=marks).credited_seconds) == (Mark.PRESENT, 10800)
    assert judged(("in", START), ("out", END), marks=[leave]).credited_seconds == 0
    late = MarkFact("F1", "late", END, START + 20 * MINUTE)
    assert judged(marks=[late]).credited_seconds == 10800 - 1200


def test_the_five_signs():
    """到、不到○、告假×、迟到¢、早退△."""
    assert [SIGNS[one] for one in (Mark.PRESENT, Mark.ABSENT, Mark.LEAVE, Mark.LATE, Mark.EARLY)] == list(
        "到○×¢△"
    )


def test_a_second_learnt_online_is_not_credited_offline_too():
    """A phone that plays a lesson in the classroom earns online; the offline lesson loses these seconds."""
    paused = [(DAY + 300, 400, "paused"), (DAY + 360, 400, "paused"), (DAY + 900, 400, "paused")]
    playing = build.session(
        [*build.watch(DAY - 100, DAY + 300)[:-1], *paused], opened=DAY - 100, lesson="L", name="S"
    )
    one = judged(("in", START), ("out", END), sessions=[playing])
    assert (one.credited_seconds, one.excluded) == (10800 - 300, {"overlap": 300})


def test_of_two_offline_lessons_at_one_time_the_first_keeps_it():
    """Signing in to two overlapping lessons earns each second once."""
    first, second = offline(), offline("F2", START + 120 * MINUTE, ordinal=2)
    signs = [SignFact("F1", "in", START), SignFact("F1", "out", END)]
    signs += [SignFact("F2", "in", START + 120 * MINUTE), SignFact("F2", "out", START + 300 * MINUTE)]
    _, found = attendance([second, first], AttendanceFacts(tuple(signs)), {"F1", "F2"})
    assert [one.credited_seconds for one in found.lessons] == [10800, 7200]
    assert [one.excluded for one in found.lessons] == [{}, {"overlap": 3600}]


def test_an_offline_lesson_before_the_approval_earns_nothing():
    """It is kept with its mark and does not count, as sessions do."""
    signs = (SignFact("F1", "in", START), SignFact("F1", "out", END))
    _, found = attendance([offline()], AttendanceFacts(signs), {"F1"}, approved=START + 1)
    assert (found.lessons[0].mark, found.by_lesson("F1")) == (Mark.PRESENT, 0)
    assert found.lessons[0].excluded == {"before_approval": 10800}


def test_the_attendance_rate_counts_where_the_policy_asks_for_one():
    """Two of three lessons attended are 66.66 %, short of 80 %; without a rate nothing is judged."""
    lessons = [offline(f"F{n}", START + n * 86400 * SECOND, ordinal=n) for n in range(3)]
    marks = [MarkFact("F0", "present", END), MarkFact("F1", "late", END, START), MarkFact("F2", "leave", END)]
    _, found = attendance(lessons, AttendanceFacts(marks=tuple(marks)), {"F0", "F1", "F2"})
    class_fact = replace(build.CLASS, policy_digest=S2.digest)
    assert found.rate == Fraction(2, 3)
    silent = training_verdict(class_fact, lessons, NOBODY_ONLINE, S2, found)
    assert "attendance.min_rate" not in {one.rule for one in silent.verdicts}
    strict = replace(S2)
    object.__setattr__(strict, "attendance", replace(TERMS, min_rate=Decimal("0.8")))
    (short,) = [
        one
        for one in training_verdict(class_fact, lessons, NOBODY_ONLINE, strict, found).missing
        if one.rule == "attendance.min_rate"
    ]
    assert "66.66%" in short.message()


_INSTANTS = st.integers(START - 60 * MINUTE, END + 120 * MINUTE)
_SIGNS = st.lists(st.tuples(st.sampled_from(("in", "out")), _INSTANTS), max_size=6)


@given(signs=_SIGNS, seed=st.randoms(use_true_random=False))
def test_order_and_repetition_change_nothing_and_credit_keeps_its_bounds(signs, seed):
    """Whatever was signed in whatever order, nobody earns more than the planned length."""
    one = judged(*signs)
    shuffled = [*signs, *signs]
    seed.shuffle(shuffled)
    assert judged(*shuffled) == one
    assert 0 <= one.credited_seconds <= one.earned_seconds <= one.lesson.planned_seconds
    assert (one.mark is Mark.ABSENT) == (one.in_us is None)


def test_offline_time_fills_the_day_that_sessions_fill_too():
    """Two hours in the morning and three in the classroom are over a day of four: the rest has one reason."""
    morning = build.session(build.watch(DAY - 7200, DAY), opened=DAY - 7200, lesson="L")
    signs = (SignFact("F1", "in", START), SignFact("F1", "out", END))
    account, found = attendance(
        [offline()], AttendanceFacts(signs), {"F1"}, [morning], daily_cap_seconds=4 * 3600
    )
    assert account.credited_seconds == 7200
    assert (found.lessons[0].credited_seconds, found.lessons[0].excluded) == (7200, {"daily_cap": 3600})


def test_a_session_after_a_full_day_in_the_classroom_is_over_the_limit():
    """What comes later on the day is what does not count, whichever of the two it is."""
    evening = build.session(build.watch(DAY + 10800, DAY + 18000), opened=DAY + 10800, lesson="L")
    signs = (SignFact("F1", "in", START), SignFact("F1", "out", END))
    account, found = attendance(
        [offline()], AttendanceFacts(signs), {"F1"}, [evening], daily_cap_seconds=4 * 3600
    )
    assert found.by_lesson("F1") == 10800
    assert (account.credited_seconds, account.excluded) == (3600, {"daily_cap": 3600})
    unconfirmed, _ = attendance(
        [offline()], AttendanceFacts(signs), (), [evening], daily_cap_seconds=4 * 3600
    )
    assert unconfirmed.credited_seconds == 7200


def test_a_limit_of_a_time_of_day_and_its_hours_hold_offline_too():
    """The lesson lasts from 08:00 to 11:00: its first hour may count for half, its last lies outside."""
    one = judged(("in", START), ("out", END), period_caps=["08:00-09:00/1800"], hours_of_day=["06:00-10:00"])
    assert one.credited_seconds == 1800 + 3600
    assert one.excluded == {"outside_hours": 3600, "period_cap": 1800}


def test_nobody_unverified_is_credited_offline():
    """What voids all of a person's time voids their attendance, and a missed presence check does not."""
    signs = ("in", START), ("out", END)
    one = judged(*signs, voids=[Void(None, None, None, "unverified_identity")])
    assert (one.credited_seconds, one.excluded) == (0, {"unverified_identity": 10800})
    assert judged(*signs).credited_seconds == 10800


_SECONDS = st.integers(-4000, 16_000)
_CAPS = st.none() | st.integers(1, 20_000)


@given(
    begins=st.lists(st.tuples(_SECONDS, st.integers(1, 6000)), max_size=4),
    second=_SECONDS,
    cap=_CAPS,
    period=st.none() | st.integers(1, 9000),
    chance=st.randoms(use_true_random=False),
)
def test_every_second_of_an_offline_lesson_has_one_verdict_in_any_order(begins, second, cap, period, chance):
    """Credited and excluded make what was earned, no second counts twice, and no limit is passed."""
    sessions = [
        build.session(build.watch(DAY + at, DAY + at + length), name=f"s{n}", opened=DAY + at, lesson="L")
        for n, (at, length) in enumerate(begins)
    ]
    lessons = [offline(), offline("F2", START + second * SECOND, ordinal=2)]
    signs = [SignFact(one.id, "in", one.starts_us) for one in lessons]
    signs += [SignFact(one.id, "out", one.ends_us) for one in lessons]
    caps: dict[str, object] = {} if cap is None else {"daily_cap_seconds": cap}
    if period is not None:
        caps["period_caps"] = [f"09:00-10:30/{period}"]
    account, found = attendance(lessons, AttendanceFacts(tuple(signs)), {"F1", "F2"}, sessions, **caps)
    for one in found.lessons:
        assert one.credited_seconds + sum(one.excluded.values()) == one.earned_seconds
    counted = sorted(
        (one.start_s, one.end_s) for one in (*account.intervals, *account.attended) if one.reason is None
    )
    assert all(before[1] <= after[0] for before, after in pairwise(counted))
    by_day: dict[int, int] = {}
    for start, end in counted:
        for low, high in WHOLE_DAY.occurrences(start, end):
            by_day[low] = by_day.get(low, 0) + min(high, end) - max(low, start)
    assert cap is None or all(seconds <= cap for seconds in by_day.values())
    for some in (sessions, lessons, signs):
        chance.shuffle(some)
    again = attendance(lessons, AttendanceFacts(tuple(signs)), {"F1", "F2"}, sessions, **caps)
    assert again == (account, found)


def test_a_plan_whose_classroom_days_are_over_the_limit_is_refused():
    """Whoever attends everything would not complete it: the lesson is named, with the clause."""
    lessons = [offline(), offline("F2", START + 240 * MINUTE, ordinal=2), offline("F3", START + DAY * SECOND)]
    plan = [replace(build.lesson("L", 9, 60_000, "40", topic="岗位技能")), *lessons]
    assert check_plan(plan, S2) == []
    (problem,) = check_plan(plan, S2.supposing({"credit.daily_cap_seconds": 5 * 3600}))
    assert (problem.reason, problem.params["title"], problem.params["minutes"]) == (
        "plan_over_limit",
        "F2",
        "120",
    )
    assert "超过每日上限" in problem.message()
    at_once = [plan[0], lessons[0], replace(lessons[0], id="F4")]
    assert check_plan(at_once, S2.supposing({"credit.daily_cap_seconds": 4 * 3600})) == []
