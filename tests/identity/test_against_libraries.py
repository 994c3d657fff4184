"""Our number rules beside PyPI's validators: where they disagree, each disagreement has a known reason."""

from __future__ import annotations

from datetime import UTC, date, datetime

from hypothesis import given
from hypothesis import strategies as st
from id_validator.helper import get_id_argument
from id_validator.validator import is_valid
from stdnum.cn import ric
from stdnum.cn import uscc as stdnum_uscc

from lmscompliance.identity import areas, numbers, uscc
from lmscompliance.kernel.errors import InvalidInput
from tests.identity.sheets import number

TODAY = date(2021, 2, 1)
KNOWN = ["320522", "342401", "330103", "110105", "610104", "810000", "830000", "810001", "016001", "999999"]

areas_drawn = st.one_of(
    st.sampled_from(KNOWN),
    st.sampled_from(sorted(areas._codes())),
    st.integers(0, 999999).map("{:06d}".format),
)
births = st.one_of(
    st.dates(date(1850, 1, 1), date(2035, 12, 31)).map("{:%Y%m%d}".format),
    st.sampled_from(["19990229", "20000229", "19991301", "19990010", "00000000", "19990431"]),
)
sequences = st.integers(0, 999)


def _day(born):
    try:
        return datetime.strptime(born, "%Y%m%d").replace(tzinfo=UTC).date()
    except ValueError:
        return None


def _ours(text):
    try:
        return numbers.parse(text, TODAY)
    except InvalidInput as refusal:
        return refusal.code


@given(areas_drawn, births, sequences, st.sampled_from(["right", "0", "X", "7"]))
def test_eighteen_digits_beside_both_libraries(area, born, sequence, check):
    """We refuse what is impossible and nothing else; a library refuses more, and only because of the area.

    Whatever a library accepts we accept, but for a birth in the future: no library knows the day.
    """
    body = f"{area}{born}{sequence:03d}"
    text = body + (numbers.check_digit(body) if check == "right" else check)
    mine = _ours(text)
    possible = ric.calc_check_digit(text) == text[-1] and _day(born) is not None
    future = possible and _day(born) > TODAY
    assert isinstance(mine, numbers.IdNumber) is (possible and not future)
    for accepts in (is_valid, ric.is_valid):
        assert possible or not accepts(text)
    if future:
        assert mine == "identity.number_future"


@given(areas_drawn, st.dates(date(1900, 1, 1), date(1999, 12, 31)), sequences)
def test_fifteen_digits_beside_the_library(area, born, sequence):
    """Of the old form birth and sex are those the library reads, and the new form is one person with it.

    The library refuses more, and only for the area, as it does of the new form.
    """
    old = f"{area}{born:%y%m%d}{sequence:03d}"
    mine = _ours(old)
    assert isinstance(mine, numbers.IdNumber)
    assert mine.normal[:17] == f"{area}{born:%Y%m%d}{sequence:03d}"
    assert ric.calc_check_digit(mine.normal) == mine.normal[17]
    assert mine.birth == born
    again = _ours(mine.normal)
    assert (again.normal, again.sex, again.kind) == (mine.normal, mine.sex, mine.kind)
    read = get_id_argument(old)
    assert read["birthday_code"] == f"{mine.birth:%Y%m%d}"
    assert mine.sex == ("男" if int(read["order_code"]) % 2 else "女")


def _both(text):
    return is_valid(text), ric.is_valid(text)


def test_what_the_libraries_get_wrong():
    """The real cards because of which this one rule is our own code."""
    wrong = {
        "932682198501010017": (False, False),  # neither knows the foreign permanent resident card of 2023
        "911124198108030024": (False, False),
        "810000199408230021": (True, False),  # stdnum has no residence permit for 港澳台居民
        "830000199201300022": (True, False),
        number(953, "20010409", "342401"): (True, False),  # 六安's code was abolished, the cards were not
        number(11, "19860101", "320585"): (True, False),  # born before 太仓 became a city, registered later
        "610104620927690": (True, False),  # stdnum has no 15-digit form
    }
    assert {text: _both(text) for text in wrong} == wrong
    assert all(isinstance(_ours(text), numbers.IdNumber) for text in wrong)


def test_what_the_libraries_let_pass():
    """A person born tomorrow is refused here alone."""
    tomorrow = number(1, "20210202", "320585")
    assert _both(tomorrow) == (True, True)
    assert _ours(tomorrow) == "identity.number_future"


_HEADS = st.sampled_from(["91", "92", "93", "11", "12", "51", "52", "N1", "N2", "N3", "Y1", "A1"])
_BODIES = st.text(uscc._ALPHABET, min_size=9, max_size=9)


@given(_HEADS, st.sampled_from(["320585", "110000"]), _BODIES, st.booleans())
def test_credit_codes_beside_the_library(head, area, body, right):
    """Credit codes agree, but for departments written with a letter, which the library refuses.

    GB 32100 gives N to agriculture (N1, N2, N3: 农村集体经济组织), so such a village enterprise exists.
    """
    whole = head + area + body
    last = uscc.check_character(whole)
    text = whole + (last if right else uscc._ALPHABET[(uscc._ALPHABET.index(last) + 1) % 31])
    try:
        mine = uscc.check(text) == text
    except InvalidInput:
        mine = False
    assert mine is right
    if head[0].isdigit():
        assert stdnum_uscc.is_valid(text) is right
    else:
        assert not stdnum_uscc.is_valid(text)
