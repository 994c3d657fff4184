"""Names, phones, sexes and credit codes as people type them."""

from __future__ import annotations

import pytest

from lmscompliance.identity import contact, uscc
from lmscompliance.identity.people import Sex
from lmscompliance.kernel.errors import InvalidInput
from lmscompliance.rules import masking


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("张三", "张三"),
        (" 张　三 ", "张三"),
        ("阿卜杜拉·买买提", "阿卜杜拉·买买提"),
        ("阿卜杜拉•买买提", "阿卜杜拉·买买提"),
        ("阿卜杜拉・买买提", "阿卜杜拉·买买提"),
        ("㛃𬱖", "㛃𬱖"),
        ("John  Smith", "John Smith"),
    ],
)
def test_names(text, name):
    """One middle dot, no alignment spaces, rare characters untouched."""
    assert contact.name(text) == name


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "identity.name_missing"),
        (" 　", "identity.name_missing"),
        ('=HYPERLINK("http://x","张三")', "identity.name_formula"),
        ("@SUM(A1)", "identity.name_formula"),
        ("＝1+1", "identity.name_formula"),
        ("12345", "identity.name_bad"),
        ("张" * 65, "identity.name_bad"),
    ],
)
def test_no_names(text, code):
    """Nothing, a formula, a number and an essay are no names."""
    with pytest.raises(InvalidInput) as refusal:
        contact.name(text)
    assert refusal.value.code == code


@pytest.mark.parametrize(
    "text",
    [
        "18697668527",
        "+86 186-9766-8527",
        "0086 18697668527",
        "86-186 9766 8527",
        "１８６９７６６８５２７",
        "'18697668527",
    ],
)
def test_phones(text):
    """Country code, spaces, hyphens and width do not matter."""
    assert contact.phone(text) == "18697668527"


@pytest.mark.parametrize(
    "text", ["", "1911470016", "12011470016", "0512-53521234", "186976685271", "1869766852O"]
)
def test_no_phones(text):
    """Anything but eleven digits of a mobile number is refused without being repeated."""
    with pytest.raises(InvalidInput) as refusal:
        contact.phone(text)
    assert not text or text not in refusal.value.message()


def test_sexes():
    """The usual words are understood, an empty cell is nothing, the rest is refused."""
    assert contact.sex(" 男性 ") is Sex.MALE
    assert contact.sex("f") is Sex.FEMALE
    assert contact.sex("") is None
    with pytest.raises(InvalidInput):
        contact.sex("保密")


@pytest.mark.parametrize("code", ["91350100M000100Y43", " 91350100m000100y43", "91110108551385082Q"])
def test_credit_codes(code):
    """Real codes pass in any case and with spaces."""
    assert uscc.check(code) == code.strip().upper()


@pytest.mark.parametrize("code", ["91350100M000100Y4", "91350100M000100Y44", "91350100M000I00Y43"])
def test_bad_credit_codes(code):
    """Length, forbidden letters and the check character refuse."""
    with pytest.raises(InvalidInput):
        uscc.check(code)


def test_masks():
    """What public lists show."""
    assert masking.mask_number("610104198402033501") == "610104********3501"
    assert masking.mask_number("610104620927690") == "610104*****7690"
    assert masking.mask_number("123") == "***"
    assert masking.mask_phone("18697668527") == "186****8527"
    assert masking.mask_name("阿卜杜拉·买买提") == "阿***·***"
    assert masking.mask_name("张三") == "张*"
    assert masking.mask_name("") == ""
