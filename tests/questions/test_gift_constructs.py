"""A GIFT file with every construct, read word by word as its author meant it."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from lmscompliance.questions.formats import gift

FILE = Path(__file__).parents[1] / "data" / "banks" / "constructs.gift"
MEANT = [
    ("single", "", "Which colour means stop?", ("red", "green", "blue"), [0]),
    ("single", "", "Which colour means go?", ("red", "green", "blue"), [1]),
    ("single", "Helmet", "A helmet protects the", ("head", "knee", "wrist"), [0]),
    ("single", "", "Fire needs _____ to burn.", ("oxygen", "nitrogen", "argon"), [0]),
    ("single", "", "The _____ shift begins at six.", ("noon", "midnight", "evening"), [2]),
    ("multiple", "Two of four", "Which two are metals?", ("iron", "copper", "glass", "wood"), [0, 1]),
    ("multiple", "", "Which three are tools?", ("hammer", "pliers", "file", "cloud"), [0, 1, 2]),
    ("single", "", "Which sign forbids?", ("round and red", "round and blue"), [0]),
    ("single", "", "Which word is *not* a verb?", ("run", "sit", "chair"), [2]),
    ("single", "", "What does a < b mean?", ("a is less than b", "a is more than b"), [0]),
    ("single", "", "Which set is {1, 2}?", ("one and two", "one and three"), [0]),
    ("single", "", "Which is an equation?", ("x = 1", "x : 1", "x # 1"), [0]),
    ("single", "", "Which path is right?", ("C:\\tools", "C:/tools", "~/tools"), [0]),
    ("single", "", "Which line break is shown?", ("first\nsecond", "only one"), [0]),
    ("single", "Weighted", "Who is nearest?", ("the fireman", "the neighbour", "nobody"), [0]),
    ("single", "", "Which unit measures force?", ("newton", "watt", "volt"), [0]),
    ("single", "", "哪种灭火器适用于电气火灾？", ("二氧化碳灭火器", "泡沫灭火器", "水"), [0]),
    ("single", "", "What is underlined?", ("one word", "two words"), [0]),
    ("true_false", "", "Water conducts electricity.", (), [True]),
    ("true_false", "", "Gloves replace training.", (), [False]),
    ("true_false", "Ladder", "A ladder stands at an angle.", (), [True]),
    ("true_false", "", "灭火器每月检查一次。", (), [True]),
    ("true_false", "", "A spark _____ is harmless.", (), [False]),
    ("fill_in", "", "Name a colour of the rainbow.", (), ["red", "orange", "yellow"]),
    ("fill_in", "", "Two and two are", (), ["4", "four"]),
    ("fill_in", "Capital", "The capital of Jiangsu is _____.", (), ["Nanjing", "南京"]),
    ("fill_in", "", "Write the word for 100.", (), ["hundred", "one hundred"]),
    ("fill_in", "", "Spell the sign = aloud.", (), ["equals", "equal sign"]),
    ("fill_in", "", "Give the short name of alternating current.", (), ["AC"]),
    ("fill_in", "", "谁负责现场安全？", (), ["班组长", "安全员"]),
    ("fill_in", "", "Complete: safety _____!", (), ["first"]),
    ("fill_in", "", 'What stands between a and b in "a~b"?', (), ["tilde", "~"]),
    ("numeric", "", "When was the plant founded?", (), [["1822", "5"]]),
    ("numeric", "", "When did it burn?", (), [["1822", "5"]]),
    ("numeric", "", "How many degrees has a right angle?", (), [["90", "0"]]),
    ("numeric", "", "What is pi to two decimals?", (), [["3.14", "0.005"]]),
    ("numeric", "", "How long is the rope?", (), [["12.5", "0.1"]]),
    ("numeric", "", "What is the temperature?", (), [["-2", "1"]]),
    ("numeric", "", "How many volts are dangerous?", (), [["50", "0"], ["60", "0"]]),
    ("numeric", "", "多少伏以下是安全电压？", (), [["36", "0"]]),
    (
        "matching",
        "",
        "Match the animal.",
        ("mews", "barks", "lows"),
        [["cat", "mews"], ["dog", "barks"], ["cow", "lows"]],
    ),
    (
        "matching",
        "Signs",
        "Which belongs to which?",
        ("forbids", "demands", "warns", "invites"),
        [["red", "forbids"], ["blue", "demands"], ["yellow", "warns"]],
    ),
    ("matching", "", "配对：", ("绝缘手套", "面罩"), [["电工", "绝缘手套"], ["焊工", "面罩"]]),
    ("essay", "", "Describe what you would do in a fire.", (), []),
]


@pytest.fixture(scope="module")
def reading():
    """Return what the file holds."""
    return gift.read(FILE, "constructs")


def test_it_counts_as_moodle_does(reading):
    """18 choices, 5 true/false, 9 short answers, 8 numbers, 3 matchings, and an essay beside them."""
    count = Counter(draft.kind for draft in reading.drafts)
    assert count.pop("single") + count.pop("multiple") == 18
    assert count == {"true_false": 5, "fill_in": 9, "numeric": 8, "matching": 3, "essay": 1}
    assert [(one.source.row, one.reason.code) for one in reading.refusals] == [(6, "gift_description")]


def test_every_word_is_as_it_was_meant(reading):
    """Kind, title, text, options and key of each question; none is in doubt."""
    found = [(one.kind, one.title, one.stem, one.options, one.key) for one in reading.drafts]
    assert found == MEANT
    assert not [one.flags for one in reading.drafts if one.flags]


def test_what_is_not_marked_is_kept(reading):
    """Feedback, weights and what is said to everybody stay beside the question."""
    extras = {draft.title or draft.stem: draft.extras for draft in reading.drafts}
    assert extras["Which unit measures force?"]["general_feedback"] == "Force is mass times acceleration."
    assert extras["配对："]["general_feedback"] == "各工种的防护用品"
    assert [one["weight"] for one in extras["Weighted"]["answers"]] == ["100", "50", "0"]
    assert extras["Ladder"]["answers"] == ["no, it leans", "indeed"]
    assert {draft.category for draft in reading.drafts} == {("安全生产", "第一章")}
