"""The notices' golden cases: hours, average, topics, exam and eligibility, each with its clause."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal, localcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lmscompliance.policy import Catalogue
from lmscompliance.rules.completion import training_verdict
from lmscompliance.rules.credit import account
from lmscompliance.rules.eligibility import eligibility
from lmscompliance.rules.exam import ExamState, exam_gate, exam_verdict
from lmscompliance.rules.plan import check_plan
from tests.rules.build import CLASS, DAY, NOTICE, TERMS, TOPICS, attempt, lesson, session, watch

CLAUSE_3, CLAUSE_4 = "太人社培[2021]1号 五.3", "太人社培[2021]1号 五.4"


def _plan(seconds=1800, count=24, hours="1"):
    return [lesson(f"L{n:02}", n, seconds, hours, TOPICS[n % len(TOPICS)]) for n in range(count)]


def _learn(lessons, seconds=None, notice=NOTICE):
    """Return the verdict of somebody who watches each lesson for ``seconds`` (its length by default)."""
    sessions, at = [], 0
    for one in lessons:
        length = one.planned_seconds if seconds is None else seconds
        sessions.append(session(watch(at, at + length), name=f"s{one.id}", lesson=one.id, opened=at))
        at += length + 600
    assert at < 27 * DAY
    return training_verdict(CLASS, lessons, account(sessions, lessons, TERMS, CLASS), notice)


def test_T18_T19_24_hours_at_30_minutes_complete_the_training():
    """T18 and T19: exactly 24 课时 of exactly 30 minutes is enough, and each verdict cites its clause."""
    verdict = _learn(_plan())
    assert verdict.met
    assert (verdict.total_hours, verdict.average_minutes) == (24, 30)
    assert verdict.equivalent_hours == 24
    assert {one.clause for one in verdict.verdicts} == {CLAUSE_3}


def test_T19_24_hours_at_29_9_minutes_fail_the_average():
    """T19: 24 课时 at an average of 29.9 minutes is not met, though every lesson is complete."""
    verdict = _learn(_plan(seconds=1794))
    assert verdict.total_hours == 24
    assert not verdict.met
    (missing,) = verdict.missing
    assert (missing.rule, missing.reason, missing.clause) == (
        "hours.min_average_minutes",
        "average_short",
        CLAUSE_3,
    )
    assert missing.params == {"have": "29.9", "need": "30"}


def test_an_average_of_29_999_is_not_shown_as_30():
    """The shown average is rounded down, and the exact one decides."""
    lessons = _plan(count=23)
    lessons.append(replace(lesson("L23", 23, 1799), topic=TOPICS[3]))
    verdict = _learn(lessons)
    assert str(verdict.average_minutes) == "29.99"
    assert [one.reason for one in verdict.missing] == ["average_short"]


def test_T19_the_average_is_of_counted_lessons_not_of_each():
    """T19: a shorter lesson is made up for by a longer one."""
    lessons = _plan()
    lessons[0] = replace(lessons[0], planned_seconds=1500)
    lessons[4] = replace(lessons[4], planned_seconds=2100)
    assert _learn(lessons).met


def test_minutes_of_an_unfinished_lesson_do_not_enter_the_average():
    """A lesson that does not count brings neither 课时 nor minutes."""
    lessons = _plan(count=2)
    sessions = [
        session(watch(0, 1800), name="a", lesson="L00"),
        session(watch(4000, 5799), name="b", lesson="L01", opened=4000),
    ]
    verdict = training_verdict(CLASS, lessons, account(sessions, lessons, TERMS, CLASS), NOTICE)
    assert verdict.total_hours == 1
    assert verdict.average_minutes == 30
    assert [one.complete for one in verdict.lessons] == [True, False]
    assert verdict.lessons[1].missing_seconds == 1
    assert verdict.credited_seconds == 3599


def test_a_lesson_counts_at_the_policys_share_of_its_length():
    """With a ratio of 0.8 a lesson counts from 80 % on, the second rounded up."""
    lenient = replace_term("hours.completion_ratio", Decimal("0.8"))
    lessons = [lesson("L00", 0, 1801)]
    bound = replace(CLASS, policy_digest=lenient.digest)
    for seconds, complete in ((1440, False), (1441, True)):
        sessions = [session(watch(0, seconds), lesson="L00")]
        verdict = training_verdict(bound, lessons, account(sessions, lessons, TERMS, CLASS), lenient)
        assert (verdict.lessons[0].needed_seconds, verdict.lessons[0].complete) == (1441, complete)


def test_what_is_missing_is_said_with_figures_and_clause():
    """Somebody who learnt nothing is told the hours, the average and the topics still missing."""
    verdict = _learn([], 0)
    assert [one.reason for one in verdict.missing] == ["hours_short", "average_unknown", "topics_missing"]
    assert "还差 24 课时" in verdict.missing[0].message()
    assert "24 still to do" in verdict.missing[0].message("en")
    assert "职业道德" in verdict.missing[2].message()


def test_T17_a_topic_without_a_complete_lesson_is_missing():
    """T17: each required topic needs a completed lesson; progress is kept by topic."""
    lessons = [replace(one, topic=TOPICS[0]) for one in _plan()]
    verdict = _learn(lessons)
    assert [one.params["topics"] for one in verdict.missing] == ["安全生产、职业道德、防疫知识"]
    assert verdict.by_topic[TOPICS[0]].hours == 24


def test_a_verdict_by_another_policy_is_refused():
    """A class keeps the policy it was filed under for ever."""
    other = Catalogue.builtin().get("demo-short")
    with pytest.raises(ValueError, match="is bound to policy"):
        training_verdict(CLASS, [], account([], [], TERMS, CLASS), other)


@pytest.mark.parametrize(
    ("score", "state"), [("59.99", ExamState.RETRY), ("60", ExamState.PASSED), ("60.00", ExamState.PASSED)]
)
def test_T22_59_99_fails_and_60_passes(score, state):
    """T22: the pass mark is exact."""
    judged = exam_verdict([attempt(1, score)], NOTICE)
    assert judged.state is state
    assert judged.verdict.clause == CLAUSE_4


def test_T23_two_failed_attempts_lock_the_exam_and_forfeit_the_subsidy():
    """T23: after the second failed attempt there is no third, and no subsidy, by clause 五.4."""
    attempts = [attempt(1, "59.99"), attempt(2, "0")]
    judged = exam_verdict(attempts, NOTICE)
    assert (judged.state, judged.attempts_left, judged.best) == (ExamState.FAILED, 0, Decimal("59.99"))
    gate = exam_gate(attempts, training_met=True, notice=NOTICE)
    assert (gate.met, gate.reason, gate.clause) == (False, "attempts_used", CLAUSE_4)
    verdict = eligibility(_learn(_plan()), judged, NOTICE)
    assert (verdict.met, verdict.reason, verdict.clause) == (False, "exam_failed_no_subsidy", CLAUSE_4)


def test_a_third_attempt_proves_nothing():
    """Attempts beyond the notice's number are not looked at, whatever they scored."""
    assert (
        exam_verdict([attempt(3, "100"), attempt(1, "1"), attempt(2, "2")], NOTICE).state is ExamState.FAILED
    )


def test_T20_T23_the_gate_opens_with_the_training_and_again_after_a_failed_first():
    """T20 and T23: no attempt before completion, none beside a running one, one more after a failed first."""
    closed = exam_gate([], training_met=False, notice=NOTICE)
    assert (closed.met, closed.rule, closed.reason) == (
        False,
        "exam.requires_training",
        "training_incomplete",
    )
    assert exam_gate([], training_met=True, notice=NOTICE).params == {"left": "2"}
    running = exam_gate([attempt(1)], training_met=True, notice=NOTICE)
    assert (running.met, running.reason) == (False, "attempt_running")
    assert exam_gate([attempt(1, "10")], training_met=True, notice=NOTICE).params == {"left": "1"}
    passed = exam_gate([attempt(1, "90")], training_met=True, notice=NOTICE)
    assert (passed.met, passed.reason) == (False, "exam_passed_already")


def test_T31_eligible_is_who_completed_and_passed():
    """T31: both conditions, each missing one named; an unfinished training outranks an unpassed exam."""
    done, passed, untried = (
        _learn(_plan()),
        exam_verdict([attempt(1, "75")], NOTICE),
        exam_verdict([], NOTICE),
    )
    assert eligibility(done, passed, NOTICE).met
    assert eligibility(done, passed, NOTICE).clause == "太人社培[2021]1号 六.2"
    assert eligibility(_learn([], 0), untried, NOTICE).reason == "subsidy_needs_training"
    assert eligibility(done, untried, NOTICE).reason == "subsidy_needs_exam"


def test_W16_s2_asks_for_35_hours_and_no_average():
    """W16: the other notice judges by its own terms, without a line of code of its own."""
    s2 = Catalogue.builtin().get("wudi-gongjiang-draft")
    bound = replace(CLASS, policy_digest=s2.digest)
    verdict = training_verdict(bound, [], account([], [], s2.credit, bound), s2)
    assert [one.rule for one in verdict.verdicts] == ["hours.min_total"]
    assert verdict.missing[0].params["missing"] == "35"
    assert verdict.missing[0].clause == "“吴地工匠”征求意见稿 六"


def test_T17_T19_a_plan_that_reaches_everything_may_be_published():
    """T17–T19: 24 课时 of 30 minutes over the four topics."""
    assert check_plan(_plan(), NOTICE) == []


@pytest.mark.parametrize(
    ("lessons", "reason", "figures"),
    [
        (_plan(count=23), "plan_hours_short", {"have": "23", "need": "24", "missing": "1"}),
        (_plan(seconds=1794), "plan_average_short", {"have": "29.9", "need": "30"}),
        ([replace(one, topic=TOPICS[0]) for one in _plan()], "plan_topics_missing", None),
        ([*_plan(), lesson("L99", 99, 0)], "plan_lesson_empty", {"ordinal": "99", "title": "lesson L99"}),
    ],
)
def test_a_plan_that_cannot_lead_to_completion_is_refused(lessons, reason, figures):
    """The first thing wrong with the plan is named with its figures and its clause."""
    problem = check_plan(lessons, NOTICE)[0]
    assert problem.reason == reason
    assert figures is None or problem.params == figures
    assert (CLAUSE_3 in str(problem)) == (reason != "plan_lesson_empty")


def test_an_empty_plan_is_refused():
    """Without lessons both the hours and the topics are missing."""
    assert [one.reason for one in check_plan([], NOTICE)] == ["plan_hours_short", "plan_topics_missing"]


@given(st.permutations(range(6)))
def test_the_order_of_facts_changes_no_verdict(order):
    """Lessons, sessions and attempts in any order give the same verdicts."""
    lessons = _plan(count=6)
    sessions = [
        session(watch(n * 3000, n * 3000 + 1800), name=f"s{n}", lesson=f"L{n:02}", opened=n * 3000)
        for n in range(6)
    ]
    expected = training_verdict(CLASS, lessons, account(sessions, lessons, TERMS, CLASS), NOTICE)
    lessons, sessions = [lessons[n] for n in order], [sessions[n] for n in order]
    verdict = training_verdict(CLASS, lessons, account(sessions, lessons, TERMS, CLASS), NOTICE)
    assert (verdict.verdicts, verdict.lessons) == (expected.verdicts, expected.lessons)
    attempts = [attempt(n, str(50 + n)) for n in (1, 2)]
    assert exam_verdict(attempts[::-1], NOTICE) == exam_verdict(attempts, NOTICE)


def test_the_hosts_decimal_context_decides_nothing():
    """A host that computes with three digits gets the same hours, averages and digest."""
    lessons = _plan(hours="1.125", count=22)
    expected = _learn(lessons)
    with localcontext() as context:
        context.prec = 3
        assert _learn(lessons) == expected
        assert Catalogue.builtin().get(NOTICE.id).digest == NOTICE.digest
    assert expected.total_hours == Decimal("24.750")


def replace_term(key, value):
    """Return the S1 notice with another value under ``key``."""
    given_before = NOTICE.parameters[key]
    return replace(NOTICE, parameters={**NOTICE.parameters, key: replace(given_before, value=value)})
