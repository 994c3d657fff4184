"""Identity numbers: the samples of the standards, every reason for refusal, and what must never be one."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lmscompliance.identity import numbers
from lmscompliance.identity.people import Sex
from lmscompliance.kernel.errors import InvalidInput

TODAY = date(2021, 2, 1)


@pytest.mark.parametrize(
    ("text", "kind", "normal", "birth", "sex"),
    [
        ("11010519491231002X", numbers.RESIDENT, "11010519491231002X", date(1949, 12, 31), Sex.FEMALE),
        ("610104620927690", numbers.RESIDENT, "610104196209276908", date(1962, 9, 27), Sex.FEMALE),
        ("810000199408230021", numbers.PERMIT, "810000199408230021", date(1994, 8, 23), Sex.FEMALE),
        ("830000199201300022", numbers.PERMIT, "830000199201300022", date(1992, 1, 30), Sex.FEMALE),
        ("932682198501010017", numbers.FOREIGN, "932682198501010017", date(1985, 1, 1), Sex.MALE),
        ("911124198108030024", numbers.FOREIGN, "911124198108030024", date(1981, 8, 3), Sex.FEMALE),
        ("usa110173060812", numbers.FOREIGN_OLD, "USA110173060812", date(1973, 6, 8), None),
    ],
)
def test_samples(text, kind, normal, birth, sex):
    """Each official sample is read as what it is."""
    found = numbers.parse(text, TODAY)
    assert (found.kind, found.normal, found.birth, found.sex) == (kind, normal, birth, sex)


@pytest.mark.parametrize(
    "text",
    [
        "11010519491231002x",
        "１１０１０５１９４９１２３１００２Ｘ",
        " 110105 19491231 002X\u3000",
        "'11010519491231002X",
        "1101\u200b0519491231002X\t",
        "11010519491231002Ⅹ",
    ],
)
def test_spellings_of_one_number(text):
    """Case, width, spaces, invisible characters and a leading apostrophe do not matter."""
    assert numbers.parse(text, TODAY).normal == "11010519491231002X"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("1101051949123100", "identity.number_length"),
        ("1101051949123100211", "identity.number_length"),
        ("1101051949123l002X", "identity.number_characters"),
        ("11010519491231X02X", "identity.number_characters"),
        ("61010462092769X", "identity.number_characters"),
        ("140521197702307739", "identity.number_date"),
        ("610104621327690", "identity.number_date"),
        ("USA110173130812", "identity.number_date"),
        ("110105194912310021", "identity.number_check"),
        ("360122209901015035", "identity.number_future"),
    ],
)
def test_impossible_numbers(text, code):
    """Length, characters, date, future and check digit refuse, and the refusal does not repeat the number."""
    with pytest.raises(InvalidInput) as refusal:
        numbers.parse(text, TODAY)
    assert refusal.value.code == code
    assert text not in refusal.value.message()


def test_born_today_is_not_the_future():
    """A birth on the very day is possible, one a day later is not."""
    body = "32052220210201001"
    number = body + numbers.check_digit(body)
    assert numbers.parse(number, date(2021, 2, 1)).birth == date(2021, 2, 1)
    with pytest.raises(InvalidInput):
        numbers.parse(number, date(2021, 1, 31))


@pytest.mark.parametrize("area", ["320522", "342401", "330103", "532331"])
def test_retired_areas_pass_without_a_word(area):
    """Codes that stand on real cards are accepted, whatever became of the place."""
    body = area + "20010409953"
    assert numbers.parse(body + numbers.check_digit(body), TODAY).warnings == ()


def test_unknown_area_only_warns():
    """An area nobody has heard of is a hint, never a refusal."""
    body = "99999920010409953".replace("999999", "016001", 1)
    found = numbers.parse(body + numbers.check_digit(body), TODAY)
    assert found.warnings == ("identity.warn_area",)


@given(st.text(max_size=40))
def test_any_text_is_read_or_refused(text):
    """Whatever stands in the cell, the answer is a number or a refusal, never a crash."""
    try:
        said = numbers.parse(text, TODAY).kind
    except InvalidInput as refusal:
        said = refusal.message()
    assert said


@given(
    st.integers(100000, 999999),
    st.dates(date(1900, 1, 1), TODAY),
    st.integers(0, 999),
    st.integers(0, 17),
    st.integers(1, 9),
)
def test_one_wrong_digit_never_passes_as_the_same_person(area, birth, sequence, place, shift):
    """MOD 11-2 catches each single wrong digit."""
    body = f"{area}{birth:%Y%m%d}{sequence:03d}"
    number = body + numbers.check_digit(body)
    assert numbers.parse(number, TODAY).birth == birth
    wrong = str((int(number[place].replace("X", "0")) + shift) % 10)
    altered = number[:place] + wrong + number[place + 1 :]
    if altered != number:
        with pytest.raises(InvalidInput):
            numbers.parse(altered, TODAY)


def test_nothing_personal_in_a_traceback():
    """The value's own representation does not show the number."""
    assert "1949" not in repr(numbers.parse("11010519491231002X", TODAY))
