"""The schema, the terms and the room's own files agree."""

from __future__ import annotations

from dataclasses import fields
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lmscompliance.policy import REASONS
from lmscompliance.policy.schema import PARAMETERS, SECTIONS, BadValue, to_json
from lmscompliance.rules.reasons import TERM


def test_each_field_of_the_terms_is_a_parameter_and_the_other_way_round():
    """A term nobody can state, or a parameter nobody reads, would be a silent constant."""
    stated = [f"{section}.{field.name}" for section, terms in SECTIONS.items() for field in fields(terms)]
    assert sorted(stated) == sorted(PARAMETERS)


def test_each_reason_rests_on_a_parameter():
    """Every exclusion can be cited."""
    assert set(TERM) == set(REASONS)
    assert set(TERM.values()) <= set(PARAMETERS)


@given(st.decimals(min_value=0, max_value=10**12, allow_nan=False, allow_infinity=False, places=6))
def test_a_decimal_has_one_spelling(value):
    """Equal numbers give equal bytes, and reading them back gives the number."""
    text = to_json(value)
    assert to_json(value * Decimal("1.000")) == text
    assert PARAMETERS["subsidy.per_person"].read(text) == value


@pytest.mark.parametrize(
    "raw", ["", "+1", "1.", ".5", "01", "1e3", "NaN", "Infinity", "１", " 1", 1.0, None, True]
)
def test_only_plain_numbers_are_decimals(raw):
    """Exponents, signs, full-width digits and floats are refused."""
    with pytest.raises(BadValue):
        PARAMETERS["subsidy.per_person"].read(raw)
