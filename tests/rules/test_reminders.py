"""Which day somebody is reminded of what, and whom."""

from __future__ import annotations

from datetime import date

import pytest

from lmscompliance.rules.reminders import BUREAU, RUNNERS, ClassDays, due_reminders
from lmscompliance.training.workdays import calendar
from tests.rules.build import NOTICE

S1 = NOTICE
FIRST = date(2021, 2, 1)


def _kinds(days, today, notice=S1):
    return [(one.kind, str(one.due)) for one in due_reminders(days, notice, calendar(), today)]


@pytest.mark.parametrize(
    ("today", "due"),
    [
        (date(2021, 2, 19), []),
        (date(2021, 2, 20), [("apply", "2021-02-23")]),
        (date(2021, 2, 23), [("apply", "2021-02-23")]),
        (date(2021, 2, 24), []),
    ],
)
def test_T7_a_draft_is_reminded_of_from_three_days_before_the_last(today, due):
    """On the last day still, and not when it is too late."""
    assert _kinds(ClassDays("draft", FIRST), today) == due


@pytest.mark.parametrize(
    ("today", "due"),
    [
        (date(2021, 2, 10), []),
        (date(2021, 2, 18), [("review", "2021-02-19")]),
        (date(2021, 2, 19), [("review", "2021-02-19")]),
        (date(2021, 2, 20), [("review_overdue", "2021-02-19")]),
    ],
)
def test_T13_the_bureau_is_reminded_on_the_working_day_before_and_when_it_is_over(today, due):
    """Received before the holidays, due after them: the days in between remind of nothing."""
    assert _kinds(ClassDays("filed", FIRST, received_on=date(2021, 2, 9)), today) == due


@pytest.mark.parametrize(
    ("today", "due"),
    [
        (date(2021, 3, 31), []),
        (date(2021, 4, 1), [("claim_open", "2021-04-01")]),
        (date(2021, 5, 29), [("claim_open", "2021-04-01"), ("claim_closing", "2021-05-31")]),
        (date(2021, 6, 1), []),
    ],
)
def test_T30_a_closed_class_is_reminded_to_claim(today, due):
    """When claims are taken, and before they are not any more."""
    assert _kinds(ClassDays("closed", FIRST), today) == due
    assert _kinds(ClassDays("claimed", FIRST), today) == []


def test_a_class_that_opens_late_is_reminded_by_working_days_and_its_licence_by_days():
    """Each by its own parameter; whom it is for follows from the kind."""
    notice = S1.supposing({"filing.opening_working_days": 5, "filing.apply_until": "2021-12-31"})
    days = ClassDays("draft", date(2021, 3, 8), licence_until=date(2021, 4, 1))
    found = due_reminders(days, notice, calendar(), date(2021, 3, 1))
    assert [(one.kind, str(one.due)) for one in found] == [
        ("opening", "2021-03-01"),
        ("licence", "2021-04-01"),
    ]
    assert {one.audience for one in found} == {RUNNERS}
    (review,) = due_reminders(
        ClassDays("filed", FIRST, received_on=date(2021, 3, 1)), S1, calendar(), date(2021, 3, 9)
    )
    assert (review.audience, review.message("en")) == (
        BUREAU,
        "The term for answering the filing ended on 2021-03-04.",
    )
