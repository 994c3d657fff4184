"""Options come apart as they were put together, whatever stands between them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lmscompliance.questions.formats.options import column, split

words = st.text("甲乙丙丁红黄绿蓝安全电压焊接触风险", min_size=1, max_size=12)
separators = st.sampled_from(["**", "##", "|", "||", "\n", "$$", "@@", "&&", " ## ", "***"])
marks = st.sampled_from([".", "、", "．", ":", "：", ")", "）", ""])


@given(st.lists(words, min_size=2, max_size=8), separators, marks, st.booleans())
def test_lettered_options_come_back(texts: list[str], separator: str, mark: str, leading: bool):  # noqa: FBT001 - drawn
    """Lettered options survive every separator, with or without a mark and a leading separator."""
    cell = separator.join(f"{chr(65 + at)}{mark}{text}" for at, text in enumerate(texts))
    told = split(separator + cell if leading else cell)
    assert (told.texts, told.doubts) == (tuple(texts), ())


@given(st.lists(words, min_size=2, max_size=8), separators)
def test_unlettered_options_come_back(texts: list[str], separator: str):
    """Without letters the separators alone tell the options apart."""
    told = split(separator.join(texts))
    assert (told.texts, told.letters) == (tuple(texts), tuple("ABCDEFGH"[: len(texts)]))


@given(st.text(max_size=80))
def test_nothing_makes_the_splitter_fail(cell: str):
    """Any cell gives options with a letter each, or none at all."""
    told = split(cell)
    assert len(told.texts) == len(told.letters)


@pytest.mark.parametrize(
    ("cell", "texts"),
    [
        ("**A.30m**A**B.50m**A**C.100m**A", ("30mA", "50mA", "100mA")),
        ("**A**CO **B**CO2 **C氮氧化物", ("CO", "CO2", "氮氧化物")),
        ("**A弧柱**B阳极**C**A和**B**D阴极", ("弧柱", "阳极", "A和B", "阴极")),
        ("A.60％B.70％##C.80％", ("60％", "70％", "80％")),
        ("A.3m##B.4mC.5m", ("3m", "4m", "5m")),
        ("A.甲；乙##B.丙；丁", ("甲；乙", "丙；丁")),
        ("A.第一行\n续行\nB.第二行", ("第一行\n续行", "第二行")),
    ],
)
def test_stray_and_missing_separators(cell: str, texts: tuple[str, ...]):
    """A separator too many or too few is seen through where only one reading makes sense."""
    told = split(cell)
    assert (told.texts, told.doubts) == (texts, ())


@pytest.mark.parametrize(
    ("cell", "letters"),
    [
        ("A.甲##C.乙##D.丙", "ACD"),
        ("A.甲##B.乙##B.丙##D.丁", "ABCD"),
        ("A.甲##B.乙##丙##D.丁", "ABCD"),
        ("A.甲##B.乙C、丙", "ABC"),
    ],
)
def test_doubtful_letters(cell: str, letters: str):
    """Missing, doubled or oddly marked letters are read the likeliest way and reported."""
    told = split(cell)
    assert (told.letters, told.doubts) == (tuple(letters), ("option_letters",))


def test_a_column_each():
    """Options in columns of their own lose a repeated letter and idle columns at the end."""
    told = column([("A", "A.甲"), ("B", "B"), ("C", "3.5"), ("D", "")])
    assert (told.letters, told.texts) == (("A", "B", "C"), ("甲", "B", "3.5"))
