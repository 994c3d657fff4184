"""The answers of a GIFT question, by kind. Every function takes text with its escapes still held."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from lmscompliance.kernel.jcs import Json
from lmscompliance.questions.draft import (
    FILL_IN,
    MATCHING,
    MULTIPLE,
    NUMERIC,
    SINGLE,
    TRUE_FALSE,
    Reason,
    reason,
)
from lmscompliance.questions.formats import answers
from lmscompliance.questions.formats.gift_text import Text, shown
from lmscompliance.questions.formats.text import fingerprint

_FULL = Decimal(100)
_ROUNDING = Decimal("0.5")
"""How far the weights of several right answers may miss 100 %: exporters round thirds and sixths."""

_WEIGHT = re.compile(r"\s*%\s*(-?\d{1,3}(?:\.\d{0,10})?)\s*%")
_DECIMAL = re.compile(r"[+-]?(?:\d{1,30}(?:\.\d{0,30})?|\.\d{1,30})(?:[eE][+-]?\d{1,2})?")
_FEWEST = 2


@dataclass(frozen=True, slots=True)
class Key:
    """What the answers come to; ``pictured`` says that one of them is or holds a picture."""

    kind: str
    key: list[Json]
    options: tuple[str, ...] = ()
    flags: tuple[Reason, ...] = ()
    details: tuple[Json, ...] = ()
    pictured: bool = False


@dataclass(frozen=True, slots=True)
class _Answer:
    body: str
    weight: Decimal
    feedback: str
    marked: bool = True

    def detail(self, text: str) -> Json:
        """Return what marking does not use but an export or a later policy may."""
        return {"text": text, "weight": format(self.weight, "f"), "feedback": shown(self.feedback).text}


def read(held: str, inherited: str) -> Key | Reason:
    """Return the key of an answer block (the text between the braces), or why there is none."""
    body = held.strip()
    if not body:
        return reason("gift_essay")
    if body.startswith("#"):
        return _numeric(body[1:])
    if "~" in body:
        return _choice(body, inherited)
    if "=" in body and "->" in body:
        return _matching(body, inherited)
    said = _truth(body)
    return said if said is not None else _short(body, inherited)


def _truth(body: str) -> Key | None:
    word, *feedback = [part.strip() for part in body.split("#")]
    if "=" in word:
        return None
    said = answers.truth(word) if word.upper() in {"T", "TRUE", "F", "FALSE"} or not word.isascii() else None
    details: list[Json] = [shown(text).text for text in feedback if text]
    return None if said is None else Key(TRUE_FALSE, [said], details=tuple(details))


def _choice(body: str, inherited: str) -> Key | Reason:
    parts = list(_split(body, "~="))
    texts = [shown(part.body, inherited) for part in parts]
    if len(parts) < _FEWEST:
        return reason("one_option")
    single = any(sign == "=" for sign, _ in _signs(body, "~="))
    wanted = [part.weight == _FULL if single else part.weight > 0 for part in parts]
    key: list[Json] = [index for index, right in enumerate(wanted) if right]
    if not key:
        return reason("gift_no_right_answer")
    flags = []
    if single and len(key) > 1:
        flags.append(reason("gift_several_full"))
    if not single:
        total = sum((part.weight for part in parts if part.weight > 0), Decimal(0))
        if abs(total - _FULL) > _ROUNDING:
            flags.append(reason("gift_weights", total=format(total.normalize(), "f")))
    if not all(part.marked for part in parts):
        flags.append(reason("gift_unmarked_option"))
    flags += _option_doubts(texts)
    kind = SINGLE if single and len(key) == 1 else MULTIPLE
    return _key(kind, key, parts, texts, options=tuple(text.text for text in texts), flags=tuple(flags))


def _option_doubts(texts: Sequence[Text]) -> list[Reason]:
    doubts = []
    if any(not text.text and not text.pictured for text in texts):
        doubts.append(reason("empty_option"))
    told = [fingerprint(text.text) for text in texts if text.text]
    if len(set(told)) < len(told):
        doubts.append(reason("duplicate_options"))
    return doubts


def _short(body: str, inherited: str) -> Key | Reason:
    parts = list(_split(body, "="))
    texts = [shown(part.body, inherited) for part in parts]
    accepted = [
        text.text for part, text in zip(parts, texts, strict=True) if part.weight == _FULL and text.text
    ]
    if not accepted:
        return reason("gift_no_right_answer")
    flags = (reason("gift_wildcard"),) if any("*" in text for text in accepted) else ()
    key: list[Json] = list(dict.fromkeys(accepted))
    return _key(FILL_IN, key, parts, texts, flags=flags)


def _numeric(body: str) -> Key | Reason:
    parts = list(_split(body.partition("~")[0], "="))
    key: list[Json] = []
    for part in parts:
        if part.weight != _FULL:
            continue
        pair = _range(shown(part.body, "plain").text)
        if pair is None:
            return reason("gift_not_a_number", answer=shown(part.body, "plain").text)
        key.append([_plain(number) for number in pair])
    if not key:
        return reason("gift_no_right_answer")
    return _key(NUMERIC, key, parts, [shown(part.body, "plain") for part in parts])


def _range(text: str) -> tuple[Decimal, Decimal] | None:
    """Return value and tolerance of ``37.3``, ``37.3:0.2`` or ``37.1..37.5``, exactly."""
    low, dots, high = text.partition("..")
    value, _, tolerance = text.partition(":")
    if dots:
        bounds = [_decimal(low), _decimal(high)]
        if bounds[0] is None or bounds[1] is None or bounds[0] > bounds[1]:
            return None
        return (bounds[0] + bounds[1]) / 2, (bounds[1] - bounds[0]) / 2
    numbers = [_decimal(value), _decimal(tolerance or "0")]
    if numbers[0] is None or numbers[1] is None or numbers[1] < 0:
        return None
    return numbers[0], numbers[1]


def _decimal(text: str) -> Decimal | None:
    try:
        return Decimal(text.strip()) if _DECIMAL.fullmatch(text.strip()) else None
    except InvalidOperation:
        return None


def _plain(number: Decimal) -> str:
    text = format(number, "f")
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in {"", "-0"} else text


def _matching(body: str, inherited: str) -> Key | Reason:
    parts = list(_split(body, "="))
    if any("->" not in part.body for part in parts):
        return reason("gift_matching_without_arrow")
    sides = [part.body.partition("->") for part in parts]
    left = [shown(side[0], inherited) for side in sides]
    right = [shown(side[2], inherited) for side in sides]
    if not all(text.text or text.pictured for text in right):
        return reason("gift_empty_match")
    pairs: list[Json] = [[a.text, b.text] for a, b in zip(left, right, strict=True) if a.text or a.pictured]
    lefts = [fingerprint(text.text) for text in left if text.text]
    if len(pairs) < _FEWEST:
        return reason("gift_few_pairs")
    flags = (reason("gift_same_left"),) if len(set(lefts)) < len(lefts) else ()
    options = tuple(dict.fromkeys(text.text for text in right))
    return _key(MATCHING, pairs, parts, [*left, *right], options=options, flags=flags)


def _key(
    kind: str,
    key: list[Json],
    parts: Sequence[_Answer],
    texts: Sequence[Text],
    *,
    options: tuple[str, ...] = (),
    flags: tuple[Reason, ...] = (),
) -> Key:
    told = any(part.feedback or part.weight not in {_FULL, Decimal(0)} for part in parts)
    named = zip(parts, texts, strict=False)
    details = tuple(part.detail(text.text) for part, text in named) if told else ()
    return Key(kind, key, options, flags, details, pictured=any(text.pictured for text in texts))


def _signs(body: str, signs: str) -> Iterator[tuple[str, int]]:
    return ((sign, at) for at, sign in enumerate(body) if sign in signs)


def _split(body: str, signs: str) -> Iterator[_Answer]:
    """Yield the answers of ``body``: what stands behind each sign, with its weight and feedback.

    Text before the first sign counts as an answer too, as in Moodle: right where only ``=`` is a sign,
    else wrong and unmarked.
    """
    places = list(_signs(body, signs))
    first = body[: places[0][1]] if places else body
    if first.strip():
        yield _answer(first, _FULL if "~" not in signs else Decimal(0), marked="~" not in signs)
    for order, (sign, at) in enumerate(places):
        end = places[order + 1][1] if order + 1 < len(places) else len(body)
        yield _answer(body[at + 1 : end], _FULL if sign == "=" else Decimal(0))


def _answer(part: str, weight: Decimal, *, marked: bool = True) -> _Answer:
    found = _WEIGHT.match(part)
    if found:
        part, weight = part[found.end() :], Decimal(found[1])
    body, _, feedback = part.partition("#")
    return _Answer(body.strip(), weight, feedback.strip(), marked)
