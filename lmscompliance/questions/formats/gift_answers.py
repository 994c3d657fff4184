"""The answers of a GIFT question, by kind. Every function takes text with its escapes still held."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from lmscompliance.kernel.jcs import Json
from lmscompliance.questions.draft import ESSAY, TRUE_FALSE, Reason, reason
from lmscompliance.questions.formats import answers, weighing
from lmscompliance.questions.formats.gift_text import shown
from lmscompliance.questions.formats.weighing import FULL, Answer, Key

_WEIGHT = re.compile(r"\s*%\s*(-?\d{1,3}(?:\.\d{0,10})?)\s*%")


@dataclass(frozen=True, slots=True)
class _Part:
    body: str
    weight: Decimal
    feedback: str
    marked: bool = True

    def answer(self, inherited: str) -> Answer:
        """Return the answer as it is shown."""
        return Answer(shown(self.body, inherited), self.weight, shown(self.feedback).text, self.marked)


def read(held: str, inherited: str) -> Key | Reason:
    """Return the key of an answer block (the text between the braces), or why there is none."""
    body = held.strip()
    if not body:
        return Key(ESSAY, [])
    if body.startswith("#"):
        return _numeric(body[1:])
    if "~" in body:
        single = any(sign == "=" for sign, _ in _signs(body, "~="))
        return weighing.choice([part.answer(inherited) for part in _split(body, "~=")], single=single)
    if "=" in body and "->" in body:
        return _matching(body, inherited)
    said = _truth(body)
    if said is not None:
        return said
    return weighing.short([part.answer(inherited) for part in _split(body, "=")])


def _truth(body: str) -> Key | None:
    word, *feedback = [part.strip() for part in body.split("#")]
    if "=" in word:
        return None
    said = answers.truth(word) if word.upper() in {"T", "TRUE", "F", "FALSE"} or not word.isascii() else None
    details: list[Json] = [shown(text).text for text in feedback if text]
    return None if said is None else Key(TRUE_FALSE, [said], details=tuple(details))


def _numeric(body: str) -> Key | Reason:
    parts = [part.answer("plain") for part in _split(body.partition("~")[0], "=")]
    return weighing.numeric(parts, [_range(part.text.text) for part in parts])


def _range(text: str) -> tuple[Decimal, Decimal] | None:
    """Return value and tolerance of ``37.3``, ``37.3:0.2`` or ``37.1..37.5``, exactly."""
    low, dots, high = text.partition("..")
    value, _, tolerance = text.partition(":")
    if dots:
        bounds = [weighing.decimal(low), weighing.decimal(high)]
        if bounds[0] is None or bounds[1] is None or bounds[0] > bounds[1]:
            return None
        return (bounds[0] + bounds[1]) / 2, (bounds[1] - bounds[0]) / 2
    numbers = [weighing.decimal(value), weighing.decimal(tolerance or "0")]
    if numbers[0] is None or numbers[1] is None or numbers[1] < 0:
        return None
    return numbers[0], numbers[1]


def _matching(body: str, inherited: str) -> Key | Reason:
    parts = list(_split(body, "="))
    if any("->" not in part.body for part in parts):
        return reason("gift_matching_without_arrow")
    sides = [part.body.partition("->") for part in parts]
    pairs = [(shown(side[0], inherited), shown(side[2], inherited)) for side in sides]
    details = [
        Answer(left, part.weight, shown(part.feedback).text)
        for part, (left, _) in zip(parts, pairs, strict=True)
    ]
    return weighing.matching(pairs, details)


def _signs(body: str, signs: str) -> Iterator[tuple[str, int]]:
    return ((sign, at) for at, sign in enumerate(body) if sign in signs)


def _split(body: str, signs: str) -> Iterator[_Part]:
    """Yield the answers of ``body``: what stands behind each sign, with its weight and feedback.

    Text before the first sign counts as an answer too, as in Moodle: right where only ``=`` is a sign,
    else wrong and unmarked.
    """
    places = list(_signs(body, signs))
    first = body[: places[0][1]] if places else body
    if first.strip():
        yield _part(first, FULL if "~" not in signs else Decimal(0), marked="~" not in signs)
    for order, (sign, at) in enumerate(places):
        end = places[order + 1][1] if order + 1 < len(places) else len(body)
        yield _part(body[at + 1 : end], FULL if sign == "=" else Decimal(0))


def _part(part: str, weight: Decimal, *, marked: bool = True) -> _Part:
    found = _WEIGHT.match(part)
    if found:
        part, weight = part[found.end() :], Decimal(found[1])
    body, _, feedback = part.partition("#")
    return _Part(body.strip(), weight, feedback.strip(), marked)
