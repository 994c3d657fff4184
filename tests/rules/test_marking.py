"""Marking: all or nothing, exact, and never an exception whatever was saved."""

from __future__ import annotations

from decimal import Decimal, localcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lmscompliance.rules.marking import KINDS, Item, exact_sum, is_correct, mark, plain
from lmscompliance.rules.text_answer import normalise, number
from tests.rules.build import marking


@pytest.mark.parametrize(
    ("kind", "key", "answer", "right"),
    [
        ("single", [2], [2], True),
        ("single", [2], [1], False),
        ("single", [2], [2, 1], False),
        ("single", [1], [True], False),
        ("multiple", [0, 2], [2, 0], True),
        ("multiple", [0, 2], [0], False),
        ("multiple", [0, 2], [0, 1, 2], False),
        ("multiple", [0, 2], [0, 0], False),
        ("multiple", [0, 2], [0, 2, 2], False),
        ("true_false", [True], [True], True),
        ("true_false", [True], [False], False),
        ("true_false", [False], [False], True),
        ("true_false", [True], [1], False),
        ("fill_in", ["安全第一"], [" 安全 第一。"], True),
        ("fill_in", ["ABC"], ["ａｂｃ"], True),
        ("fill_in", ["ground wire"], ["Ground  Wire"], True),
        ("fill_in", ["ground wire"], ["groundwire"], False),
        ("fill_in", ["220V"], ["２２０ v"], True),
        ("fill_in", ["1"], ["1.0"], True),
        ("fill_in", ["1.0"], ["１"], True),
        ("fill_in", ["1"], ["1.01"], False),
        ("fill_in", ["100"], ["1 00"], False),
        ("fill_in", ["102"], ["10²"], False),
        ("fill_in", ["红", "红色"], ["红色"], True),
        ("fill_in", ["红"], ["红", "红"], False),
        ("numeric", [["37.3", "0.2"]], ["37.5"], True),
        ("numeric", [["37.3", "0.2"]], ["37.1"], True),
        ("numeric", [["37.3", "0.2"]], ["37.51"], False),
        ("numeric", [["37.3", "0.2"]], ["37.5℃"], False),
        ("numeric", [["37.3", "0.2"]], ["三十七"], False),
        ("numeric", [["1", "0"], ["2", "0"]], ["２．０"], True),
        ("numeric", [["-0.5", "0.1"]], ["-.4"], True),
        ("matching", [1, 0, 2], [1, 0, 2], True),
        ("matching", [1, 0, 2], [0, 1, 2], False),
        ("matching", [1, 0, 2], [1, 0], False),
        ("matching", [1, 0], [1, None], False),
        ("single", [0], None, False),
        ("single", [0], [], False),
        ("single", None, [0], False),
        ("single", [], [], False),
        ("ordering", ["x"], ["x"], False),
        ("fill_in", [""], [" "], False),
    ],
)
def test_each_kind_is_right_only_when_it_is_wholly_right(kind, key, answer, right):
    """Every kind earns its points for exactly the right answer and for nothing else."""
    assert is_correct(kind, key, answer) is right


def test_a_score_is_the_exact_sum_of_what_was_right():
    """Points add up without rounding, in order, with unanswered told from wrong."""
    items = [
        Item("single", [0], Decimal("33.33")),
        Item("true_false", [True], Decimal("26.66")),
        Item("fill_in", ["x"], Decimal("40.01")),
    ]
    marked = mark(items, [[0], [True]], marking())
    assert marked.score == Decimal("59.99")
    assert marked.full == Decimal(100)
    assert [(one.answered, one.correct) for one in marked.per_item] == [
        (True, True),
        (True, True),
        (False, False),
    ]


def test_a_host_with_a_coarse_decimal_context_changes_no_score():
    """Sums and tolerances stay exact even when the host computes with three digits."""
    with localcontext() as context:
        context.prec = 3
        assert exact_sum([Decimal("33.33")] * 3) == Decimal("99.99")
        assert not is_correct("numeric", [["1000.0", "0.4"]], ["1000.41"])


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=8,
)


@given(st.sampled_from([*KINDS, "ordering"]), json_values, json_values)
def test_marking_never_raises(kind, key, answer):
    """Whatever a bank or a browser holds, a paper can be marked."""
    mark([Item(kind, key, Decimal(1))], [answer], marking("balanced", "each_pair"))


@given(st.lists(st.integers(0, 9), min_size=1, max_size=6, unique=True), st.randoms())
def test_the_order_of_chosen_options_does_not_count(key, random):
    """A multiple choice is a set."""
    answer = list(key)
    random.shuffle(answer)
    assert is_correct("multiple", sorted(key), answer)


@given(st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), max_size=20))
def test_width_and_case_do_not_count(text):
    """An answer typed with full-width keys, or in capitals, is the same answer."""
    wide = "".join(chr(ord(character) + 0xFEE0) for character in text)
    assert normalise(wide) == normalise(text) == normalise(text.upper())


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**6), max_value=10**6, places=4))
def test_a_number_survives_being_written_plainly(value):
    """What ``plain`` writes, ``number`` reads back as the same number."""
    assert number(plain(value)) == value


def test_plain_writes_no_exponent_and_no_idle_zeros():
    """Decimals in leaves have one spelling."""
    assert [plain(Decimal(text)) for text in ("100", "1E+2", "59.990", "0.00", "-0", "2.50")] == [
        "100",
        "100",
        "59.99",
        "0",
        "0",
        "2.5",
    ]
