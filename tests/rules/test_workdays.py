"""Working days and deadlines of the notices, on the statutory calendar."""

from __future__ import annotations

from datetime import date

import pytest

from lmscompliance.kernel.errors import InvalidInput
from lmscompliance.rules import deadlines
from lmscompliance.rules.workdays import Calendar
from lmscompliance.training.workdays import calendar
from tests.rules.build import NOTICE

CALENDAR = calendar()


@pytest.mark.parametrize(
    ("received", "due"),
    [
        (date(2021, 2, 9), date(2021, 2, 19)),
        (date(2021, 2, 10), date(2021, 2, 20)),
        (date(2021, 2, 23), date(2021, 2, 26)),
    ],
)
def test_T13_the_bureau_answers_within_three_working_days(received, due):
    """The day of receipt is not counted, the Spring Festival is off, its make-up Saturday is worked."""
    assert deadlines.review_due(received, NOTICE, CALENDAR) == due
    assert NOTICE.cite("filing.review_working_days") == "太人社培[2021]1号 四.4"


def test_T13_a_year_that_is_not_published_is_refused():
    """Nobody guesses holidays: the message names the year and what to do."""
    with pytest.raises(InvalidInput) as refused:
        deadlines.review_due(date(max(CALENDAR.years), 12, 31), NOTICE, CALENDAR)
    assert str(max(CALENDAR.years) + 1) in refused.value.message()
    assert "COMPLIANCE_WORKDAYS_FILE" in refused.value.message()


def test_working_days_before_a_day_mirror_those_after_it():
    """The n-th working day before the n-th after a working day is that day again."""
    day = date(2021, 2, 22)
    for count in range(1, 40):
        assert CALENDAR.before(CALENDAR.after(day, count), count) == day


def test_T7_the_last_day_is_in_time_and_the_next_is_not():
    """Applications are taken up to and including 23 February."""
    (in_time,) = deadlines.filing(date(2021, 2, 23), NOTICE)
    (late,) = deadlines.filing(date(2021, 2, 24), NOTICE)
    assert in_time.met
    assert (late.reason, late.clause) == ("filed_late", "太人社培[2021]1号 四.1")


@pytest.mark.parametrize(
    ("day", "reason"),
    [
        (date(2021, 3, 31), "claimed_early"),
        (date(2021, 4, 1), None),
        (date(2021, 5, 31), None),
        (date(2021, 6, 1), "claimed_late"),
    ],
)
def test_T30_claims_are_made_in_april_and_may(day, reason):
    """First and last day are in time."""
    (verdict,) = deadlines.claiming(day, NOTICE)
    assert (verdict.met, getattr(verdict, "reason", None)) == (reason is None, reason)
    assert verdict.clause == "太人社培[2021]1号 六.1"
    assert verdict.message()


def test_a_class_is_filed_so_many_working_days_before_it_opens():
    """Bureaus elsewhere want five; a holiday before the opening moves the last day forward."""
    five = NOTICE.supposing({"filing.opening_working_days": 5})
    first = date(2021, 2, 22)
    (in_time,) = deadlines.opening(date(2021, 2, 9), first, five, CALENDAR)
    (late,) = deadlines.opening(date(2021, 2, 10), first, five, CALENDAR)
    assert (in_time.met, late.met, late.params["last"]) == (True, False, "2021-02-09")
    assert deadlines.opening(first, first, NOTICE, CALENDAR) == []


def test_an_operator_states_a_year_before_the_library_knows_it(tmp_path):
    """The table replaces its years alone, and the calendar says where its days are from."""
    table = tmp_path / "workdays.toml"
    table.write_text("[2031]\noff = [2031-01-01]\nworked = [2031-01-04]\n", encoding="utf-8")
    own = calendar(table)
    assert not own.is_working(date(2031, 1, 1))
    assert own.is_working(date(2031, 1, 4))
    assert own.is_working(date(2021, 2, 20))
    assert "workdays.toml" in own.version


@pytest.mark.parametrize(
    "text",
    ["[2031]\noff = []\n", "[2031]\noff = [2030-01-01]\nworked = []\n", "[next]\noff=[]\nworked=[]", "x"],
)
def test_a_bad_table_is_refused_with_its_reason(tmp_path, text):
    """A slip in the table stops the count instead of moving a deadline."""
    table = tmp_path / "workdays.toml"
    table.write_text(text, encoding="utf-8")
    with pytest.raises(Exception, match="workdays_file"):
        calendar(table)


def test_a_calendar_of_nothing_knows_nothing():
    """Without a single year every day is refused."""
    with pytest.raises(InvalidInput):
        Calendar("none", frozenset(), frozenset(), frozenset()).is_working(date(2021, 1, 1))
