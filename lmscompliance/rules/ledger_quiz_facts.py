"""What sealed leaves say of quizzes within lessons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from lmscompliance.kernel.jcs import Json
from lmscompliance.rules.blueprint import Blueprint
from lmscompliance.rules.quizzes import QuizSetting, QuizTry


@dataclass(frozen=True, slots=True)
class QuizSetRecord:
    """A version of a lesson's quiz, what it draws, by whom it was set and why.

    ``named`` holds the ids of the questions it draws from, empty where that is the whole bank.
    """

    setting: QuizSetting
    blueprint: Blueprint
    named: frozenset[str]
    by: str
    reason: str


@dataclass(slots=True)
class QuizRecord:
    """A quiz within a lesson; ``items`` holds ``None`` where a question is not disclosed.

    ``answers``, ``score`` and ``full`` are empty until it is handed in.
    """

    fact: QuizTry
    number: int
    address: str
    items: list[Mapping[str, Json] | None]
    answers: Sequence[Json] | None = None
    score: Decimal | None = None
    full: Decimal | None = None
