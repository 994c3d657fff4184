"""Marking of a frozen paper in exact decimals: the product and the verifier run the same lines.

Multiple choice and matching earn part marks where the policy says so (``share``); every other question is all
or nothing. Marking is total: an answer of the wrong shape, out of range or missing
earns nothing and never raises, because a paper must be closed whatever a browser saved. Points are added
without rounding, so 59.99 stays 59.99 (notice T22).

Answer forms, each against the options *as shown*: single and multiple a list of option indexes, true/false
``[true]``, fill-in, numeric and essays ``["text"]``, matching the list of right-hand indexes, one for each
left. What an essay earned people have to say (``rules.essays``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_DOWN, Context, Decimal, Inexact, InvalidOperation
from fractions import Fraction
from types import MappingProxyType
from typing import Protocol

from lmscompliance.kernel.jcs import Json
from lmscompliance.rules.text_answer import normalise, number

MACHINE_KINDS = ("single", "multiple", "true_false", "fill_in", "numeric", "matching")
"""Every kind of question a machine can mark."""
HUMAN_KINDS = ("essay",)
"""What only people can mark."""
KINDS = MACHINE_KINDS + HUMAN_KINDS

_EXACT = Context(prec=200, traps=[Inexact, InvalidOperation])
"""Adds and subtracts without ever rounding; what would not fit raises instead of being approximated."""


_HUNDREDTH = Decimal("0.01")
_DOWN = Context(prec=200, rounding=ROUND_DOWN)


class Terms(Protocol):
    """What marking needs of a policy's exam terms."""

    @property
    def multiple_marking(self) -> str:
        """``all_or_nothing``, ``no_wrong`` or ``balanced``."""
        ...

    @property
    def matching_marking(self) -> str:
        """``all_or_nothing`` or ``each_pair``."""
        ...


@dataclass(frozen=True, slots=True)
class Item:
    """One question of a frozen paper, as far as marking needs it. ``key`` refers to the options as shown."""

    kind: str
    key: Json
    points: Decimal

    @classmethod
    def from_json(cls, value: Mapping[str, Json]) -> Item:
        """Read a frozen question: the value of a ``q001`` disclosure, or an entry of the stored paper."""
        return cls(kind=str(value["kind"]), key=value["key"], points=Decimal(str(value["points"])))


@dataclass(frozen=True, slots=True)
class ItemMark:
    """What one question earned; ``answered`` tells a wrong answer from none, ``correct`` means in full."""

    answered: bool
    correct: bool
    points: Decimal


@dataclass(frozen=True, slots=True)
class Marked:
    """A marked paper: the exact score, the exact sum of all points, and each question's mark in order."""

    score: Decimal
    full: Decimal
    per_item: tuple[ItemMark, ...]


def mark(
    items: Sequence[Item],
    answers: Sequence[Json],
    terms: Terms,
    given: Mapping[int, Decimal] = MappingProxyType({}),
) -> Marked:
    """Mark ``answers`` (one for each item in order, ``None`` where nothing was answered) against the keys.

    Answers beyond the items are ignored; missing ones count as unanswered. ``given`` is what people gave for
    essays, by the question's number from 1; an essay that is not among them earns nothing.
    """
    marks = []
    for position, item in enumerate(items):
        answer = answers[position] if position < len(answers) else None
        if item.kind in HUMAN_KINDS:
            earned = given.get(position + 1, Decimal(0)) if is_answered(answer) else Decimal(0)
            correct = earned == item.points
        else:
            correct = is_correct(item.kind, item.key, answer)
            # Most answers are right in full; the share of the others is the slow part.
            earned = item.points if correct else part(item.points, share(item.kind, item.key, answer, terms))
        marks.append(ItemMark(is_answered(answer), correct, earned))
    return Marked(
        score=exact_sum(earned.points for earned in marks),
        full=exact_sum(item.points for item in items),
        per_item=tuple(marks),
    )


def is_answered(answer: Json) -> bool:
    """Tell whether anything was answered at all: not nothing, not only blanks."""
    if not isinstance(answer, list):
        return False
    return any(part is not None and (not isinstance(part, str) or part.strip() != "") for part in answer)


def is_correct(kind: str, key: Json, answer: Json) -> bool:
    """Tell whether ``answer`` earns the question's points. An unknown kind or a broken key earns nothing."""
    judge = _JUDGES.get(kind)
    if judge is None or not isinstance(key, list) or not isinstance(answer, list):
        return False
    return bool(key) and is_answered(answer) and judge(key, answer)


def share(kind: str, key: Json, answer: Json, terms: Terms) -> Fraction:
    """Return which part of the question's points ``answer`` earns, from 0 to 1.

    Multiple choice with r right options, of which h were chosen among c in all: ``no_wrong`` gives h / r
    unless a wrong one was chosen (错选不得分，少选按比例得分); ``balanced`` gives (h - max(0, c - r)) / r,
    never below 0: each option chosen beyond their number costs one. Matching by ``each_pair`` gives the right
    pairs / all pairs.
    """
    if is_correct(kind, key, answer):
        return Fraction(1)
    if not isinstance(key, list) or not isinstance(answer, list) or not key:
        return Fraction(0)
    if kind == "multiple" and _indexes(key) and _indexes(answer):
        return _choice_share(set(map(str, key)), set(map(str, answer)), terms.multiple_marking)
    if kind == "matching" and terms.matching_marking == "each_pair" and len(answer) <= len(key):
        right = sum(
            _indexes([given]) and given == expected for given, expected in zip(answer, key, strict=False)
        )
        return Fraction(right, len(key))
    return Fraction(0)


def part(points: Decimal, earned: Fraction) -> Decimal:
    """Return ``earned`` of ``points``: exactly where it is whole, else rounded down to hundredths.

    Rounding down never lifts a paper to the pass mark that it did not reach.
    """
    if earned.denominator == 1:
        return points if earned else Decimal(0)
    exact = Fraction(points) * earned
    return _DOWN.divide(Decimal(exact.numerator), Decimal(exact.denominator)).quantize(
        _HUNDREDTH, context=_DOWN
    )


def exact_sum(values: Iterable[Decimal]) -> Decimal:
    """Add decimals without rounding, whatever decimal context the host has set."""
    total = Decimal(0)
    for value in values:
        total = _EXACT.add(total, value)
    return total


def plain(value: Decimal) -> str:
    """Write a decimal with neither exponent nor idle zeros: ``100``, ``59.99``, ``0``."""
    text = format(value, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in {"-0", ""} else text


def _same_choice(key: list[Json], given: list[Json]) -> bool:
    # Exactly the right ones, in any order, none twice.
    return _indexes(key) and _indexes(given) and sorted(map(str, given)) == sorted(map(str, key))


def _choice_share(right: set[str], chosen: set[str], marking: str) -> Fraction:
    hits = len(right & chosen)
    if marking == "no_wrong":
        return Fraction(hits, len(right)) if chosen <= right else Fraction(0)
    if marking == "balanced":
        return Fraction(max(0, hits - max(0, len(chosen) - len(right))), len(right))
    return Fraction(0)


def _same_truth(key: list[Json], given: list[Json]) -> bool:
    return len(given) == 1 and isinstance(given[0], bool) and given[0] is key[0]


def _same_matches(key: list[Json], given: list[Json]) -> bool:
    return _indexes(key) and _indexes(given) and given == key


def _same_text(key: list[Json], given: list[Json]) -> bool:
    return len(given) == 1 and any(_equal(accepted, given[0]) for accepted in key)


def _same_number(key: list[Json], given: list[Json]) -> bool:
    return len(given) == 1 and any(_within(accepted, given[0]) for accepted in key)


_JUDGES: Mapping[str, Callable[[list[Json], list[Json]], bool]] = {
    "single": _same_choice,
    "multiple": _same_choice,
    "true_false": _same_truth,
    "fill_in": _same_text,
    "numeric": _same_number,
    "matching": _same_matches,
}


def _indexes(values: list[Json]) -> bool:
    # True is an int to Python; here it is another kind of answer.
    return all(isinstance(value, int) and not isinstance(value, bool) for value in values)


def _equal(accepted: Json, given: Json) -> bool:
    if not isinstance(accepted, str) or not isinstance(given, str):
        return False
    if normalise(accepted) == normalise(given):
        return True
    expected = number(accepted)
    return expected is not None and expected == number(given)


def _within(accepted: Json, given: Json) -> bool:
    if not isinstance(accepted, list) or not accepted or not isinstance(given, str):
        return False
    expected = number(str(accepted[0]))
    tolerance = number(str(accepted[1])) if len(accepted) > 1 else Decimal(0)
    value = number(given)
    if expected is None or tolerance is None or value is None:
        return False
    return abs(_EXACT.subtract(value, expected)) <= tolerance
