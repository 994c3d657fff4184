"""A third notice, of what bureaus elsewhere ask: nothing but a TOML file, judged by the same rules."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

from lmscompliance.policy import Catalogue
from lmscompliance.policy.quotes import missing_quotes
from lmscompliance.rules import deadlines, entitlement, subsidy
from lmscompliance.rules.attendance import Attendance, Attended, Mark
from lmscompliance.rules.blended import Share
from lmscompliance.rules.completion import training_verdict
from lmscompliance.rules.credit import account
from lmscompliance.rules.entitlement import Grant, PersonFact
from lmscompliance.rules.plan import check_plan
from lmscompliance.rules.subsidy import Project
from lmscompliance.rules.workdays import Calendar
from tests.rules.build import CLASS, lesson

DIRECTORY = Path(__file__).parent.parent / "data" / "policies"
CATALOGUE = Catalogue.builtin().with_directory(DIRECTORY)
NOTICE = CATALOGUE.get("xinhe-2027")
BOUND = replace(CLASS, policy_digest=NOTICE.digest)
PERSON = PersonFact(category="本市户籍劳动者", proofs=frozenset({"household"}))


def test_each_quote_stands_in_its_text():
    """The file claims nothing that the notice does not say."""
    text = (DIRECTORY / "xinhe-2027.txt").read_text(encoding="utf-8")
    assert missing_quotes(NOTICE, text) == []


def test_each_class_hour_needs_its_45_minutes():
    """A lesson of 44 minutes is refused in a plan, and six 课时 a day are the most."""
    plan = [lesson(f"L{n}", n, 2700, "1", NOTICE.topics.required[n % 2]) for n in range(40)]
    assert check_plan(plan, NOTICE) == []
    short = [replace(plan[0], planned_seconds=2640), *plan[1:]]
    assert [one.reason for one in check_plan(short, NOTICE)] == ["plan_lesson_short"]
    assert NOTICE.credit.daily_cap_seconds == 6 * 45 * 60


def test_attendance_below_80_percent_completes_nothing():
    """Four of five 课时 attended are exactly enough, three are not, and the verdict cites the clause."""
    plan = [replace(lesson(f"L{n}", n, 2700), mode="offline") for n in range(5)]
    for came, met in ((4, True), (3, False)):
        marks = [Mark.PRESENT if n < came else Mark.ABSENT for n in range(5)]
        attended = Attendance(
            tuple(
                Attended(
                    one, mark, None, None, entered=True, confirmed=True, earned_seconds=0, credited_seconds=0
                )
                for one, mark in zip(plan, marks, strict=True)
            )
        )
        verdict = training_verdict(BOUND, plan, account([], [], NOTICE.credit, BOUND), NOTICE, attended)
        (rate,) = [one for one in verdict.verdicts if one.rule == "attendance.min_rate"]
        assert (rate.met, rate.clause) == (met, "新人社发〔2027〕12号 四")


def test_30_yuan_an_hour_up_to_1000_a_year():
    """40 课时 make 1,200 yuan; the year's limit leaves 1,000, or what was not yet granted of it."""
    share = Share(Decimal(10), Decimal(30))
    assert subsidy.amount(share, Project("p"), NOTICE).yuan == 1000
    assert subsidy.amount(share, Project("p"), NOTICE, Decimal(700)).yuan == 300
    assert subsidy.amount(share, Project("p"), NOTICE, Decimal(1000)).yuan == 0


def test_twice_in_a_lifetime_and_never_below_a_level_one_had():
    """The third training of a life, and level 5 after level 4, get nothing."""
    before = [
        Grant("a", "a", date(2010, 1, 1), "焊工", 4),
        Grant("b", "b", date(2015, 1, 1), "电工", 5),
    ]
    third = Grant("c", "c", date(2027, 5, 1), "焊工", 5)
    missing = [one for one in entitlement.of_history(third, before, NOTICE) if not one.met]
    assert [(one.reason, one.clause) for one in missing] == [
        ("level_barred", "新人社发〔2027〕12号 六"),
        ("trainings_used", "新人社发〔2027〕12号 六"),
    ]
    second = replace(third, level=3)
    assert all(one.met for one in entitlement.of_history(second, before[:1], NOTICE))


def test_its_people_and_its_terms():
    """Categories with proofs, its own exclusion list, five working days on both sides, its own term."""
    assert all(one.met for one in entitlement.of_person(PERSON, date(2027, 4, 1), NOTICE))
    listed = replace(PERSON, listed=frozenset({"机关事业单位在编人员"}))
    assert not all(one.met for one in entitlement.of_person(listed, date(2027, 4, 1), NOTICE))
    plain_weeks = Calendar("weeks without holidays", frozenset({2027}), frozenset(), frozenset())
    opening = deadlines.opening(date(2027, 4, 1), date(2027, 4, 8), NOTICE, plain_weeks)
    assert [one.met for one in opening] == [True]
    assert not deadlines.opening(date(2027, 4, 2), date(2027, 4, 8), NOTICE, plain_weeks)[0].met
    assert deadlines.review_due(date(2027, 4, 2), NOTICE, plain_weeks) == date(2027, 4, 9)
    assert [one.met for one in deadlines.claiming(date(2027, 10, 1), NOTICE)] == [False]
    assert NOTICE.retention.years == 6
