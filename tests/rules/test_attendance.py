"""Marks and seconds of offline lessons follow from signs, entries and the policy."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lmscompliance.policy import Catalogue
from lmscompliance.rules import attendance as rules
from lmscompliance.rules.account import Account, Interval
from lmscompliance.rules.attendance import SIGNS, Mark
from lmscompliance.rules.completion import training_verdict
from lmscompliance.rules.facts import AttendanceFacts, LessonFact, MarkFact, SignFact
from tests.rules import build

S2 = Catalogue.builtin().get("wudi-gongjiang-draft")
TERMS = S2.attendance
SECOND = 1_000_000
MINUTE = 60 * SECOND
START = build.us(86_400)
END = START + 180 * MINUTE
NOBODY_ONLINE = Account((), 0, {}, {}, {})


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


def judged(*signs, marks=(), confirmed=True, account=NOBODY_ONLINE):
    """Judge one lesson of an approved class."""
    signed = AttendanceFacts(
        tuple(SignFact("F1", purpose, instant) for purpose, instant in signs), tuple(marks)
    )
    return attendance([offline()], signed, {"F1"} if confirmed else (), account=account).lessons[0]


def attendance(lessons, facts, confirmed, *, account=NOBODY_ONLINE, approved=0):
    """Judge by S2, in a class approved at ``approved``."""
    class_fact = replace(build.CLASS, approved_us=approved)
    return rules.attendance(lessons, facts, confirmed, account=account, notice=S2, class_fact=class_fact)


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
    start_s = START // SECOND
    playing = Interval("S", "L", start_s - 100, start_s + 300, None)
    excluded = Interval("S", "L", start_s + 300, start_s + 900, "paused")
    account = Account((playing, excluded), 400, {"paused": 600}, {}, {})
    assert judged(("in", START), ("out", END), account=account).credited_seconds == 10800 - 300


def test_of_two_offline_lessons_at_one_time_the_first_keeps_it():
    """Signing in to two overlapping lessons earns each second once."""
    first, second = offline(), offline("F2", START + 120 * MINUTE, ordinal=2)
    signs = [SignFact("F1", "in", START), SignFact("F1", "out", END)]
    signs += [SignFact("F2", "in", START + 120 * MINUTE), SignFact("F2", "out", START + 300 * MINUTE)]
    found = attendance([second, first], AttendanceFacts(tuple(signs)), {"F1", "F2"})
    assert [one.credited_seconds for one in found.lessons] == [10800, 7200]


def test_an_offline_lesson_before_the_approval_earns_nothing():
    """It is kept with its mark and does not count, as sessions do."""
    signs = (SignFact("F1", "in", START), SignFact("F1", "out", END))
    found = attendance([offline()], AttendanceFacts(signs), {"F1"}, approved=START + 1)
    assert (found.lessons[0].mark, found.by_lesson("F1")) == (Mark.PRESENT, 0)


def test_the_attendance_rate_counts_where_the_policy_asks_for_one():
    """Two of three lessons attended are 66.66 %, short of 80 %; without a rate nothing is judged."""
    lessons = [offline(f"F{n}", START + n * 86400 * SECOND, ordinal=n) for n in range(3)]
    marks = [MarkFact("F0", "present", END), MarkFact("F1", "late", END, START), MarkFact("F2", "leave", END)]
    found = attendance(lessons, AttendanceFacts(marks=tuple(marks)), {"F0", "F1", "F2"})
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
