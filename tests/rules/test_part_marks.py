"""Part marks: what a policy may give for an answer that is partly right, and what another platform gave."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lmscompliance.rules.marking import Item, mark, part, share
from tests.rules.build import marking

CHOICE = ("all_or_nothing", "no_wrong", "balanced")


@pytest.mark.parametrize(
    ("answer", "shares"),
    [
        ([0, 1, 2], ("1", "1", "1")),
        ([0, 1], ("0", "2/3", "2/3")),
        ([0], ("0", "1/3", "1/3")),
        ([0, 3], ("0", "0", "1/3")),
        ([0, 1, 3], ("0", "0", "2/3")),
        ([0, 1, 2, 3], ("0", "0", "2/3")),
        ([0, 1, 2, 3, 4], ("0", "0", "1/3")),
        ([3, 4], ("0", "0", "0")),
        ([0, 0], ("0", "1/3", "1/3")),
        ([True], ("0", "0", "0")),
        ([], ("0", "0", "0")),
    ],
)
def test_a_multiple_choice_earns_what_the_policy_s_way_of_marking_gives(answer, shares):
    """Three right options of five: nothing, the share unless one is wrong, or the share less the excess."""
    for way, expected in zip(CHOICE, shares, strict=True):
        assert share("multiple", [0, 1, 2], answer, marking(way)) == Fraction(expected), way


def test_matching_earns_each_pair_only_where_the_policy_says_so():
    """Two right pairs of three are two thirds, or nothing."""
    assert share("matching", [1, 0, 2], [1, 0, None], marking(matching="each_pair")) == Fraction(2, 3)
    assert share("matching", [1, 0, 2], [1, 0, None], marking()) == 0
    assert share("matching", [1, 0], [1, 0, 0], marking(matching="each_pair")) == 0


def test_part_marks_are_rounded_down_to_hundredths():
    """A third of five points is 1.66, so rounding lifts nobody to the pass mark; whole points stay exact."""
    assert part(Decimal(5), Fraction(1, 3)) == Decimal("1.66")
    assert part(Decimal("0.015"), Fraction(1)) == Decimal("0.015")
    assert part(Decimal(5), Fraction(0)) == 0


chosen = st.lists(st.integers(0, 5), max_size=8)


@given(
    st.lists(st.integers(0, 5), min_size=1, max_size=5, unique=True),
    chosen,
    st.sampled_from(CHOICE),
    st.decimals(min_value="0.01", max_value=100, places=2),
)
def test_no_answer_earns_less_than_nothing_or_more_than_the_points(key, answer, way, points):
    """Whatever was chosen, the mark lies between 0 and the question's points."""
    earned = part(points, share("multiple", key, answer, marking(way)))
    assert 0 <= earned <= points


@given(st.lists(st.integers(0, 5), min_size=1, max_size=5, unique=True), chosen)
def test_a_kinder_way_of_marking_never_gives_less(key, answer):
    """All or nothing gives at most what ``no_wrong`` gives, and that at most what ``balanced`` gives."""
    strict, middle, kind = (share("multiple", key, answer, marking(way)) for way in CHOICE)
    assert strict <= middle <= kind


PAIRS = {"青蛙": "两栖类", "猫": "哺乳类", "蝾螈": "两栖类"}
SIDES = ("两栖类", "哺乳类")
OTHER_PLATFORM = [
    # what was written, its mark; pairs, their mark; the truth value; two of four; one of four
    ("青蛙", 1, (0, 1, 0), "1", True, (0, 1), "0.5", 3),
    ("蝌蚪", 0, (0, 0, 1), "1/3", False, (0, 1), "0.5", 0),
    ("3.142", 0, (0, 1, 0), "1", False, (2, 3), "0.5", 1),
    ("3.142", 0, (1, 0, 0), "1/3", True, (0, 2), "1", 0),
    ("3.1", 0, (0, 1, 0), "1", True, (0, 3), "0.5", 0),
    ("2.5", 0, (0, 1, 0), "1", False, (0, 1), "0.5", 1),
    ("青蛙", 1, (0, 1, 0), "1", True, (2, 3), "0.5", 0),
    # Three more wrote what was worth four fifths there, a weight that no question has here: without it.
    (None, 0, (0, 1, 0), "1", True, (1, 2), "0.5", 0),
    (None, 0, (0, 1, 0), "1", True, (2, 3), "0.5", 0),
    (None, 0, (0, 1, 0), "1", True, (0, 3), "0.5", 0),
]


@pytest.mark.parametrize("row", OTHER_PLATFORM)
def test_a_paper_earns_what_another_platform_gave_for_the_same_answers(row):
    """Five kinds in one paper of three points each, against marks worked out elsewhere."""
    written, earned, pairs, matched, truth, two, half, one = row
    typed = Item("numeric", [["3.14", "0"]], Decimal(3))
    if written is None or not written[0].isdigit():
        typed = Item("fill_in", ["青蛙"], Decimal(3))
    items = [
        typed,
        Item("matching", [SIDES.index(right) for right in PAIRS.values()], Decimal(3)),
        Item("true_false", [True], Decimal(3)),
        Item("multiple", [0, 2], Decimal(3)),
        Item("single", [0], Decimal(3)),
    ]
    answers = [None if written is None else [written], list(pairs), [truth], list(two), [one]]
    marked = mark(items, answers, marking("balanced", "each_pair"))
    expected = [Fraction(earned), Fraction(matched), Fraction(truth), Fraction(half), Fraction(one == 0)]
    assert [Fraction(one.points) / 3 for one in marked.per_item] == expected
    assert marked.score == sum(one.points for one in marked.per_item)
