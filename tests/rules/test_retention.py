"""How long each category is kept, and which values belong to which."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lmscompliance.policy import Catalogue
from lmscompliance.rules.retention import (
    ACCOUNTS,
    ADDRESSES,
    CATEGORIES,
    IDENTITY,
    KEPT,
    PHOTOS,
    PROOFS,
    RECORDS,
    Commitments,
    category_of,
    due_days,
)

S1 = Catalogue.builtin().get("liusu-youji-2021").retention


@pytest.mark.parametrize(
    ("began", "due"),
    [
        (date(2021, 2, 28), date(2024, 2, 29)),
        (date(2020, 2, 29), date(2023, 3, 1)),
        (date(2021, 12, 31), date(2025, 1, 1)),
    ],
)
def test_T27_ledgers_are_kept_for_three_years(began, due):  # named after the clause
    """Three whole years pass; what is due is due on the day after."""
    days = due_days(began, S1)
    assert {days[one] for one in CATEGORIES if one != PHOTOS} == {due}
    assert days[PHOTOS] < due


def test_extra_months_postpone_their_own_category_and_identity():
    """People are found by their identity, so it outlasts everything else."""
    terms = replace(S1, addresses_extra_months=6, proofs_extra_months=1, accounts_extra_months=2)
    days = due_days(date(2021, 8, 31), terms)
    assert days[RECORDS] == date(2024, 9, 1)
    assert days[PROOFS] == date(2024, 10, 1)
    assert days[ACCOUNTS] == date(2024, 11, 1)
    assert days[ADDRESSES] == days[IDENTITY] == date(2025, 3, 1)


@given(
    st.dates(date(2000, 1, 1), date(2100, 1, 1)),
    st.builds(
        type(S1),
        years=st.integers(1, 100),
        addresses_extra_months=st.integers(0, 1200),
        proofs_extra_months=st.integers(0, 1200),
        accounts_extra_months=st.integers(0, 1200),
        identity_extra_months=st.integers(0, 1200),
        photos_months=st.integers(1, 1200),
    ),
)
def test_nothing_a_ledger_shows_goes_before_the_ledgers_term(began, terms):
    """Whatever a policy adds, only photos may go earlier, and identity never before anything."""
    days = due_days(began, terms)
    assert all(days[one] >= days[RECORDS] for one in CATEGORIES if one != PHOTOS)
    assert days[IDENTITY] == max(days.values())
    assert min(days.values()) > began


def test_every_value_belongs_to_a_category():
    """Addresses and identity by their names; whatever else is withheld is a record."""
    assert {category_of(name) for name in ("ip", "agent")} == {ADDRESSES}
    assert {category_of(name) for name in ("name", "name_before", "id_number", "phone")} == {IDENTITY}
    assert {category_of(name) for name in ("answers", "q001", "reason", "by")} == {RECORDS}
    assert {category_of(name) for name in KEPT} == {None}


def test_a_commitment_depends_on_every_digest_and_its_place():
    """Another value, another entry or another stream gives another digest; other categories do not."""

    def digest(*entries):
        found = Commitments([RECORDS])
        for entry in entries:
            found.add(*entry)
        return found.digest(RECORDS), found.counts[RECORDS]

    one = ("class/x", 1, {"by": "a", "ip": "b"})
    assert digest(one) == digest(("class/x", 1, {"by": "a"}))
    others = [("class/x", 1, {"by": "c"}), ("class/x", 2, {"by": "a"}), ("class/y", 1, {"by": "a"})]
    assert len({digest(one), *map(digest, others)}) == 4
    assert digest(one, one)[1] == 2
