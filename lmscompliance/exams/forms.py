"""The form of an answer sheet: what a browser may save, checked before anything is stored.

A sheet keeps one letter for each question, so a save is checked without reading the paper. Whether an index
exists among the options is left to marking, where a wrong one earns nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from lmscompliance.kernel.errors import InvalidInput
from lmscompliance.kernel.jcs import Json

Answers = dict[str, Json]
"""Answers by question number (``"1"`` is the first)."""

LETTERS = {
    "single": "s",
    "multiple": "m",
    "true_false": "t",
    "fill_in": "f",
    "numeric": "n",
    "matching": "r",
    "essay": "e",
}

_NUMBER = re.compile(r"[1-9][0-9]{0,3}", re.ASCII)
MAX_PARTS = 64
MAX_TEXT = 500
MAX_ESSAY = 2000
MAX_INDEX = 999


def kinds_of(paper: Sequence[Mapping[str, Json]]) -> str:
    """Return one letter for each question of a frozen paper."""
    return "".join(LETTERS[str(question["kind"])] for question in paper)


def check(kinds: str, answers: Mapping[str, Json]) -> None:
    """Raise ``InvalidInput`` naming the first question whose answer has not its kind's form.

    ``None`` and an empty list take an answer back and fit every kind.
    """
    for name, answer in answers.items():
        if not (_NUMBER.fullmatch(name) and int(name) <= len(kinds)):
            raise InvalidInput("exams.no_such_question", number=name[:10], count=len(kinds))
        if answer is not None and not _fits(kinds[int(name) - 1], answer):
            raise InvalidInput("exams.bad_answer", number=name)


def merged(saved: Answers, changes: Mapping[str, Json]) -> tuple[Answers, Answers]:
    """Return the sheet after ``changes``, and those of them that change something.

    A question that is not named keeps its answer; ``None`` or an empty list takes it back.
    """
    real = {name: answer or None for name, answer in changes.items() if saved.get(name) != (answer or None)}
    after = {**saved, **real}
    return {name: answer for name, answer in after.items() if answer is not None}, real


def as_list(count: int, answers: Answers) -> list[Json]:
    """Return the answers in the paper's order, ``None`` where there is none."""
    return [answers.get(str(number)) for number in range(1, count + 1)]


def _fits(letter: str, answer: Json) -> bool:
    if not isinstance(answer, list) or len(answer) > MAX_PARTS:
        return False
    if letter in "smr":
        return all(_index(part) or (letter == "r" and part is None) for part in answer)
    if letter == "t":
        return len(answer) <= 1 and all(isinstance(part, bool) for part in answer)
    limit = MAX_ESSAY if letter == "e" else MAX_TEXT
    return len(answer) <= 1 and all(_text(part, limit) for part in answer)


def _index(part: Json) -> bool:
    return isinstance(part, int) and not isinstance(part, bool) and 0 <= part <= MAX_INDEX


def _text(part: Json, limit: int) -> bool:
    if not isinstance(part, str) or len(part) > limit:
        return False
    # A lone surrogate can be sent as JSON but neither stored nor hashed.
    return not any("\ud800" <= character <= "\udfff" or character == "\x00" for character in part)
