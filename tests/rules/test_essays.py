"""What people's marks for an essay come to."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lmscompliance.rules import essays
from lmscompliance.rules.marking import Item, mark
from tests.rules.build import NOTICE

FULL = Decimal(10)
NEAREST = replace(NOTICE.exam, essay_tolerance_permille=200, essay_third_mark="nearest")
DECIDES = replace(NEAREST, essay_third_mark="decides")
MARKS = st.decimals(0, 10, places=2)


@pytest.mark.parametrize(
    ("marks", "nearest", "decides"),
    [
        ([], None, None),
        (["8"], None, None),
        (["8", "8"], "8", "8"),
        (["8", "6"], "7", "7"),
        (["8", "5.99"], None, None),
        (["6.01", "6.02"], "6.01", "6.01"),
        (["8", "4", "7"], "7.5", "7"),
        (["4", "8", "5"], "4.5", "5"),
        (["8", "4", "6"], "7", "6"),
        (["0", "10", "10"], "10", "10"),
    ],
)
def test_what_marks_come_to(marks: list[str], nearest: str | None, decides: str | None):
    """Two close ones give their mean, rounded down; else the third one settles as the policy says."""
    given_marks = [Decimal(one) for one in marks]
    for terms, expected in ((NEAREST, nearest), (DECIDES, decides)):
        settled = essays.settled(given_marks, FULL, terms)
        assert settled == (None if expected is None else Decimal(expected))
        assert essays.needed(given_marks, FULL, terms) is (settled is None)


@given(st.lists(MARKS, min_size=3, max_size=3))
def test_three_marks_always_settle_within_their_range(marks: list[Decimal]):
    """Three marks are always enough, and what they come to lies between the lowest and the highest."""
    for terms in (NEAREST, DECIDES):
        count = 3 if essays.needed(marks[:2], FULL, terms) else 2
        settled = essays.settled(marks[:count], FULL, terms)
        assert settled is not None
        assert min(marks) <= settled <= max(marks)


@given(MARKS, MARKS)
def test_the_order_of_two_marks_changes_nothing(one: Decimal, other: Decimal):
    """Who marked first makes no difference."""
    assert essays.settled([one, other], FULL, NEAREST) == essays.settled([other, one], FULL, NEAREST)


def test_only_answered_essays_need_people():
    """A blank essay earns nothing and is nobody's work; what people gave counts with the machine's marks."""
    items = [Item("single", [0], FULL), Item("essay", [], FULL), Item("essay", ["甲"], FULL)]
    answers = [[0], ["写了"], ["  "]]
    assert essays.to_mark(items, answers) == [2]
    assert mark(items, answers, NEAREST).score == FULL
    marked = mark(items, answers, NEAREST, {2: Decimal("7.5"), 3: Decimal(9)})
    assert [one.points for one in marked.per_item] == [10, Decimal("7.5"), 0]
    assert [one.correct for one in marked.per_item] == [True, False, False]
