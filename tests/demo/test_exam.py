"""The cast's answer sheet: right is right and wrong is wrong, whatever the kind and the order shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from lmscompliance.demo.exam import AnswerSheet


@dataclass
class Known:
    """A question of a bank."""

    stem: str
    kind: str
    options: tuple[str, ...]
    key: list[Any]


SHEET = AnswerSheet(
    [
        Known("颜色", "single", ("红", "黄", "绿"), [2]),
        Known("颜色", "true_false", (), [False]),
        Known("颜色", "single", ("黑", "白"), [0]),
        Known("防护", "multiple", ("手套", "拖鞋", "眼镜"), [0, 2]),
        Known("火警", "fill_in", (), ["119", "一一九"]),
        Known("体温", "numeric", (), [["37.3", "0.2"]]),
        Known("对应", "matching", (), [["甲", "1"], ["乙", "2"]]),
    ]
)


@pytest.mark.parametrize(
    ("item", "right"),
    [
        ({"stem": "颜色", "kind": "single", "options": ["绿", "红", "黄"]}, [0]),
        ({"stem": "颜色", "kind": "single", "options": ["白", "黑"]}, [1]),
        ({"stem": "颜色", "kind": "true_false", "options": []}, [False]),
        ({"stem": "防护", "kind": "multiple", "options": ["眼镜", "手套", "拖鞋"]}, [0, 1]),
        ({"stem": "火警", "kind": "fill_in", "options": []}, ["119"]),
        ({"stem": "体温", "kind": "numeric", "options": []}, ["37.3"]),
        (
            {"stem": "对应", "kind": "matching", "options": {"left": ["乙", "甲"], "right": ["1", "2"]}},
            [1, 0],
        ),
    ],
)
def test_a_shown_question_is_answered(item: dict[str, Any], right: list[Any]) -> None:
    """Equal stems are told apart by kind and options; options are found wherever they are shown."""
    assert SHEET.answer(item, rightly=True) == right
    wrong = SHEET.answer(item, rightly=False)
    assert wrong != right
    assert len(wrong) > 0


def test_an_unknown_question_stops_the_play() -> None:
    """A paper from another bank would make every figure meaningless."""
    with pytest.raises(LookupError, match="陌生"):
        SHEET.answer({"stem": "陌生", "kind": "single", "options": []}, rightly=True)
