"""Running numbers and the stems that only look as if they had one."""

from __future__ import annotations

import pytest

from lmscompliance.questions.formats.numbering import continuing, strip


@pytest.mark.parametrize(
    ("stem", "stripped"),
    [
        ("1.安全", "安全"),
        ("12、安全", "安全"),
        ("3．安全", "安全"),
        ("4) 安全", "安全"),
        ("第5题：安全", "安全"),
        ("5S管理", "5S管理"),
        ("1949年以前", "1949年以前"),
        ("1.5mm的焊丝", "1.5mm的焊丝"),
        ("2：1绕法", "2：1绕法"),
        ("3人以上", "3人以上"),
        ("1、2号机组", "1、2号机组"),
        ("220V电压", "220V电压"),
        ("12", "12"),
    ],
)
def test_alone(stem: str, stripped: str):
    """Without support from its neighbours only a number with telling punctuation is taken off."""
    assert strip(stem, continues=False) == stripped


@pytest.mark.parametrize(
    ("stem", "stripped"),
    [
        ("16.2：1绕法", "2：1绕法"),
        ("54.54、在三相", "在三相"),
        ("60、36V工频", "36V工频"),
        ("2\t目前".replace("\t", " "), "目前"),
        ("50电渣焊", "电渣焊"),
        ("201，接零", "接零"),
        ("（7）安全", "安全"),
        ("5S管理", "5S管理"),
        ("1949年以前", "1949年以前"),
        ("3人以上", "3人以上"),
    ],
)
def test_within_a_count(stem: str, stripped: str):
    """A number that carries on the count of its neighbours is taken off, a quantity is not."""
    assert strip(stem, continues=True) == stripped


def test_a_count_is_carried_on_by_a_neighbour():
    """A row continues the count when the row above is one less or the row below one more."""
    assert continuing([1, 2, None, 7, 9, 10]) == [True, True, False, False, True, True]
