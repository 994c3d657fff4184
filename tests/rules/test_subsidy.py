"""Who is subsidised, and with how many yuan, by the clauses of both notices."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from lmscompliance.policy import Catalogue
from lmscompliance.rules import entitlement, subsidy
from lmscompliance.rules.blended import Share
from lmscompliance.rules.entitlement import Grant, PersonFact
from lmscompliance.rules.subsidy import Project, Rates

S1, S2 = (Catalogue.builtin().get(name) for name in ("liusu-youji-2021", "wudi-gongjiang-draft"))
CLAUSE_6, CLAUSE_7 = "太人社培[2021]1号 六.2", "“吴地工匠”征求意见稿 七"
WORKER = PersonFact(insured_months=frozenset({"2021-02", "2021-03"}), category="非苏州大市户籍留苏参保职工")
LOCAL = PersonFact(
    category="本市户籍劳动者", proofs=frozenset({"household"}), birth=date(1990, 5, 1), sex="male"
)
OPENING = date(2023, 3, 1)


def _missing(verdicts):
    return [(one.reason, one.clause) for one in verdicts if not one.met]


def _grant(name, day, project="p", **changes):
    return replace(Grant(name, project, date(*day)), **changes)


def test_T31_both_months_of_insurance_are_needed():
    """February and March 2021; nothing imported is another matter than a month unpaid."""
    assert _missing(entitlement.of_person(WORKER, date(2021, 2, 1), S1)) == []
    one = replace(WORKER, insured_months=frozenset({"2021-03"}))
    (missing,) = entitlement.of_person(one, date(2021, 2, 1), S1)[:1]
    assert (missing.reason, missing.clause, missing.params["months"]) == (
        "insurance_missing",
        CLAUSE_6,
        "2021-02",
    )
    unknown = entitlement.of_person(replace(WORKER, insured_months=None), date(2021, 2, 1), S1)
    assert _missing(unknown) == [("insurance_unknown", CLAUSE_6)]


def test_T3_whom_the_training_is_for_is_declared():
    """Nothing is inferred: an undeclared or another category is named with those there are."""
    for category, reason in (("", "category_missing"), ("本市户籍职工", "category_unknown")):
        verdicts = entitlement.of_person(replace(WORKER, category=category), date(2021, 2, 1), S1)
        assert _missing(verdicts) == [(reason, "太人社培[2021]1号 一")]


def test_T32_300_yuan_a_head():
    """However many hours: one line, by its clause."""
    amount = subsidy.amount(Share(Decimal(24), Decimal(0)), Project("p"), S1)
    assert [(one.yuan, one.clause) for one in amount.lines] == [(300, CLAUSE_6)]
    assert amount.lines[0].message() == "每人 300 元。"


def test_T33_one_person_once():
    """Years later, in another enterprise: the project is subsidised once in a lifetime."""
    before = [_grant("a", (2021, 2, 28))]
    assert _missing(entitlement.of_history(_grant("b", (2029, 2, 28)), before, S1)) == [
        ("project_repeated", CLAUSE_6)
    ]
    other = _grant("b", (2029, 2, 28), project="q")
    assert _missing(entitlement.of_history(other, before, S1)) == []


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"category": "毕业年度高校毕业生"}, "category_unproven"),
        ({"birth": None}, "age_unknown"),
        ({"birth": date(2007, 3, 2)}, "too_young"),
        ({"birth": date(1963, 3, 1)}, "too_old"),
        ({"birth": date(1968, 3, 1), "sex": "female"}, "too_old"),
    ],
)
def test_W3_category_with_proof_and_age_on_the_first_day(change, reason):
    """15 years and 364 days are too young, the sixtieth birthday (women: 55th) is too old."""
    assert [code for code, _ in _missing(entitlement.of_person(replace(LOCAL, **change), OPENING, S2))] == [
        reason
    ]


@pytest.mark.parametrize(
    ("birth", "sex"),
    [(date(2007, 3, 1), "male"), (date(1963, 3, 2), "male"), (date(1968, 3, 2), "female")],
)
def test_W3_a_day_decides(birth, sex):
    """The birthday itself completes a year."""
    assert _missing(entitlement.of_person(replace(LOCAL, birth=birth, sex=sex), OPENING, S2)) == []


def test_W4_people_on_an_exclusion_list_are_out():
    """财政供养人员除外; a list the notice does not name changes nothing."""
    listed = replace(LOCAL, listed=frozenset({"财政供养人员"}))
    assert _missing(entitlement.of_person(listed, OPENING, S2)) == [
        ("person_excluded", "“吴地工匠”征求意见稿 二")
    ]
    assert _missing(entitlement.of_person(replace(LOCAL, listed=frozenset({"别的"})), OPENING, S2)) == []


def test_W19_hours_online_and_offline_have_their_caps():
    """14 课时 online at 15 and 21 offline at 30 yuan, each line with its clause."""
    fixed = S2.supposing({"subsidy.rate_by_project": False})
    amount = subsidy.amount(Share(Decimal(14), Decimal(21)), Project("p"), fixed)
    assert [(one.what, one.yuan, one.clause) for one in amount.lines] == [
        ("yuan_online", Decimal(210), CLAUSE_7),
        ("yuan_offline", Decimal(630), CLAUSE_7),
    ]
    assert "14 课时 × 15 元" in amount.lines[0].message()
    assert amount.yuan == 840


def test_W20_the_agreed_rate_counts_and_must_be_there():
    """一事一议: below the cap it is what is paid, above it the cap is; without one nothing is granted."""
    share = Share(Decimal(14), Decimal(21))
    agreed = Project("p", approved=Rates(Decimal("12.50"), Decimal(40)))
    assert [one.yuan for one in subsidy.amount(share, agreed, S2).lines] == [Decimal(175), Decimal(630)]
    assert _missing(subsidy.rates_agreed(agreed, share, S2)) == []
    assert _missing(subsidy.rates_agreed(Project("p"), share, S2)) == [("rate_missing", CLAUSE_7)]
    only_offline = Project("p", approved=Rates(offline=Decimal(20)))
    assert _missing(subsidy.rates_agreed(only_offline, Share(Decimal(0), Decimal(35)), S2)) == []


def test_W21_the_overlapping_standard_is_a_third_cap():
    """The least of the three wins, by the hour or by the head."""
    share = Share(Decimal(0), Decimal(40))
    rates = Rates(offline=Decimal(28))
    hourly = Project("p", approved=rates, overlap=Rates(offline=Decimal(25)))
    assert subsidy.amount(share, hourly, S2).yuan == 1000
    by_head = Project("p", approved=rates, overlap_per_person=Decimal(800))
    lines = subsidy.amount(share, by_head, S2).lines
    assert [one.yuan for one in lines] == [1120, -320]
    assert "核减 320 元" in lines[1].message()


def test_W23_the_fourth_training_of_a_year_is_not_subsidised():
    """Three in a calendar year; the verdict shows what the other ways of counting give."""
    before = [_grant(str(month), (2023, month, 20), project=str(month)) for month in (2, 5, 9)]
    fourth = _grant("x", (2023, 12, 1), project="x")
    (missing,) = [one for one in entitlement.of_history(fourth, before, S2) if not one.met]
    assert (missing.reason, missing.clause) == ("trainings_used", CLAUSE_7)
    assert (missing.params["calendar"], missing.params["rolling"]) == ("4", "4")
    next_year = _grant("x", (2024, 1, 5), project="x")
    verdicts = entitlement.of_history(next_year, before, S2)
    assert _missing(verdicts) == []
    assert [one.params["rolling"] for one in verdicts if one.rule == "subsidy.max_trainings"] == ["4"]
    rolling = S2.supposing({"subsidy.trainings_within": "rolling_year"})
    assert [code for code, _ in _missing(entitlement.of_history(next_year, before, rolling))] == [
        "trainings_used"
    ]


def test_W24_an_occupation_and_level_not_again_within_a_year():
    """Another level is another training; the same day next year still lies within the year."""
    before = [_grant("a", (2023, 3, 1), project="a", occupation="6-18-01-01", level=5)]
    same = _grant("b", (2024, 3, 1), project="b", occupation="6-18-01-01", level=5)
    assert _missing(entitlement.of_history(same, before, S2)) == [("occupation_repeated", CLAUSE_7)]
    for other in (replace(same, level=4), replace(same, day=date(2024, 3, 2)), replace(same, occupation="")):
        assert _missing(entitlement.of_history(other, before, S2)) == []


def test_W25_a_project_not_again_within_a_year():
    """Rolling, the stricter reading; the calendar year's count is shown beside it."""
    before = [_grant("a", (2023, 11, 30))]
    (missing,) = [one for one in entitlement.of_history(_grant("b", (2024, 6, 1)), before, S2) if not one.met]
    assert (missing.reason, missing.params["calendar"], missing.params["rolling"]) == (
        "project_repeated",
        "1",
        "2",
    )


def test_a_higher_level_bars_the_lower_ones():
    """Asked for elsewhere: who was subsidised at level 4 gets nothing for level 5, the other way he does."""
    barring = S2.supposing({"subsidy.higher_bars_lower": True})
    high = _grant("a", (2020, 1, 1), project="a", occupation="o", level=4)
    low = _grant("b", (2023, 1, 1), project="b", occupation="o", level=5)
    assert [code for code, _ in _missing(entitlement.of_history(low, [high], barring))] == ["level_barred"]
    assert (
        _missing(entitlement.of_history(replace(high, day=low.day), [replace(low, day=high.day)], barring))
        == []
    )


def test_a_leap_day_ends_its_year_on_the_last_of_february():
    """Civil Code, article 202: without such a day the month's last day is the end."""
    assert entitlement.year_after(date(2024, 2, 29)) == date(2025, 2, 28)


def test_fractions_of_a_fen_are_rounded_down():
    """1.005 课时 at 9.99 yuan are 10.03 yuan, never 10.04."""
    project = Project("p", approved=Rates(online=Decimal("9.99")))
    assert subsidy.amount(Share(Decimal("1.005"), Decimal(0)), project, S2).yuan == Decimal("10.03")
