"""Makes a key of answers that carry weights in percent, as Moodle's formats write them, or of pairs.

An answer with less than full marks is not accepted as right, except where several together make them up.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from lmscompliance.kernel.jcs import Json
from lmscompliance.questions.draft import FILL_IN, MATCHING, MULTIPLE, NUMERIC, SINGLE, Reason, reason
from lmscompliance.questions.formats.gift_text import Text
from lmscompliance.questions.formats.text import fingerprint

FULL = Decimal(100)
_ROUNDING = Decimal("0.5")
"""How far the weights of several right answers may miss 100 %: exporters round thirds and sixths."""

_DECIMAL = re.compile(r"[+-]?(?:\d{1,30}(?:\.\d{0,30})?|\.\d{1,30})(?:[eE][+-]?\d{1,2})?")
_FEWEST = 2


@dataclass(frozen=True, slots=True)
class Key:
    """What the answers come to; ``texts`` are all of them as they are shown, ``options`` those to choose."""

    kind: str
    key: list[Json]
    options: tuple[str, ...] = ()
    flags: tuple[Reason, ...] = ()
    details: tuple[Json, ...] = ()
    texts: tuple[Text, ...] = ()

    @property
    def pictured(self) -> bool:
        """Tell whether one of the answers is or holds a picture."""
        return any(text.pictured for text in self.texts)


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer with the percentage it earns; ``marked`` says that the file gives one at all."""

    text: Text
    weight: Decimal
    feedback: str = ""
    marked: bool = True

    def detail(self) -> Json:
        """Return what marking does not use but an export or a later policy may."""
        return {"text": self.text.text, "weight": format(self.weight, "f"), "feedback": self.feedback}


def choice(answers: Sequence[Answer], *, single: bool) -> Key | Reason:
    """Return the key of a choice; ``single`` says that the trainee ticks only one."""
    if len(answers) < _FEWEST:
        return reason("one_option")
    wanted = [answer.weight == FULL if single else answer.weight > 0 for answer in answers]
    key: list[Json] = [index for index, right in enumerate(wanted) if right]
    if not key:
        return reason("gift_no_right_answer")
    flags = []
    if single and len(key) > 1:
        flags.append(reason("gift_several_full"))
    if not single:
        total = sum((answer.weight for answer in answers if answer.weight > 0), Decimal(0))
        if abs(total - FULL) > _ROUNDING:
            flags.append(reason("gift_weights", total=format(total.normalize(), "f")))
    if not all(answer.marked for answer in answers):
        flags.append(reason("gift_unmarked_option"))
    texts = [answer.text for answer in answers]
    flags += _option_doubts(texts)
    kind = SINGLE if single and len(key) == 1 else MULTIPLE
    return _key(kind, key, answers, texts, options=tuple(text.text for text in texts), flags=tuple(flags))


def short(answers: Sequence[Answer]) -> Key | Reason:
    """Return the key of a text to be typed: each answer that earns full marks is accepted."""
    accepted = [answer.text.text for answer in answers if answer.weight == FULL and answer.text.text]
    if not accepted:
        return reason("gift_no_right_answer")
    flags = (reason("gift_wildcard"),) if any("*" in text for text in accepted) else ()
    key: list[Json] = list(dict.fromkeys(accepted))
    return _key(FILL_IN, key, answers, [answer.text for answer in answers], flags=flags)


def numeric(
    answers: Sequence[Answer],
    ranges: Sequence[tuple[Decimal, Decimal] | None],
    flags: tuple[Reason, ...] = (),
) -> Key | Reason:
    """Return the key of a number; ``ranges`` are value and tolerance of each answer, ``None`` for neither."""
    key: list[Json] = []
    for answer, pair in zip(answers, ranges, strict=True):
        if answer.weight != FULL:
            continue
        if pair is None:
            return reason("gift_not_a_number", answer=answer.text.text)
        key.append([plain(number) for number in pair])
    if not key:
        return reason("gift_no_right_answer")
    return _key(NUMERIC, key, answers, [answer.text for answer in answers], flags=flags)


def matching(pairs: Sequence[tuple[Text, Text]], answers: Sequence[Answer] = ()) -> Key | Reason:
    """Return the key of pairs; one without a left side only offers a further right side."""
    left, right = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    if not all(text.text or text.pictured for text in right):
        return reason("gift_empty_match")
    key: list[Json] = [[a.text, b.text] for a, b in pairs if a.text or a.pictured]
    lefts = [fingerprint(text.text) for text in left if text.text]
    if len(key) < _FEWEST:
        return reason("gift_few_pairs")
    flags = (reason("gift_same_left"),) if len(set(lefts)) < len(lefts) else ()
    options = tuple(dict.fromkeys(text.text for text in right))
    return _key(MATCHING, key, answers, [*left, *right], options=options, flags=flags)


def decimal(text: str) -> Decimal | None:
    """Return the number ``text`` is, exactly, or ``None`` when it is none."""
    try:
        return Decimal(text.strip()) if _DECIMAL.fullmatch(text.strip()) else None
    except InvalidOperation:
        return None


def plain(number: Decimal) -> str:
    """Return ``number`` without exponent and idle zeros."""
    text = format(number, "f")
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in {"", "-0"} else text


def _option_doubts(texts: Sequence[Text]) -> list[Reason]:
    doubts = []
    if any(not text.text and not text.pictured for text in texts):
        doubts.append(reason("empty_option"))
    told = [(fingerprint(text.text), text.images) for text in texts if text.text]
    if len(set(told)) < len(told):
        doubts.append(reason("duplicate_options"))
    return doubts


def _key(
    kind: str,
    key: list[Json],
    answers: Sequence[Answer],
    texts: Sequence[Text],
    *,
    options: tuple[str, ...] = (),
    flags: tuple[Reason, ...] = (),
) -> Key:
    told = any(answer.feedback or answer.weight not in {FULL, Decimal(0)} for answer in answers)
    details = tuple(answer.detail() for answer in answers) if told else ()
    return Key(kind, key, options, flags, details, tuple(texts))
