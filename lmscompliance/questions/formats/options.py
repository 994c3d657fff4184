"""Splits a cell of options, whatever stands between them.

Typists separate options by ``**``, ``##``, ``|``, line ends, semicolons or nothing, with or without a dot
after the letter, and sometimes a separator was put before *every* capital letter (``**A.30m**A**B.50m**A``
means 30mA and 50mA). So a cell is cut into pieces first, and then the cheapest reading is sought in which
the pieces begin or continue options A, B, C … in order.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from lmscompliance.questions.formats.option_reading import LETTERS, Piece, Reading
from lmscompliance.questions.formats.text import clean, fingerprint

_STRONG = [
    re.compile(p) for p in (r"\*{2,}", r"#{2,}", r"\${2,}", r"@{2,}", r"\^{2,}", r"&{2,}", r"~{2,}", r"\|+")
]
_LABEL = r"(?:[A-JＡ-Ｊa-j]\s*[.、．:：)）]|[（(【\[]\s*[A-JＡ-Ｊ]\s*[)）】\]])"
_DOTTED = re.compile(rf"({_LABEL})\s*")
_BARE = re.compile(r"([A-JＡ-Ｊ])\s*")
_BEFORE_DOTTED = re.compile(rf"(?<![A-Za-z0-9]){_LABEL}")
_BEFORE_BARE = re.compile(r"(?:^|(?<=\s))[A-JＡ-Ｊ](?=[^A-Za-z])")
_UNLABELLED = [re.compile(p) for p in (r"\n", r"[;；]", r"、", r"[,，]", r"\s+")]
_SLASH = re.compile(r"[/／]")
"""Too often part of an option (km/h) to separate any, unless the answer says so."""
_DOUBTFUL = [*_UNLABELLED[2:], _SLASH]
_SEPARATORS = ",，、/／|;；\\"
_NUMBERS = [
    re.compile(p)
    for p in (r"([①-⑩])\s*", r"[（(]([1-9])[)）]\s*", r"(?:^|(?<=[\s;；,，、|]))([1-9])[.．、](?!\d)\s*")
]
_PUNCTUATION = re.compile(r"[.、．:：)）】\]]")
_MAX_PIECES = 60


@dataclass(frozen=True, slots=True)
class Options:
    """The options of a question by letter, in order; ``doubts`` are codes of reasons to have a look."""

    letters: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()
    pictures: tuple[bytes, ...] = ()
    """Of each option its picture, empty for none; nothing at all where no option has one."""

    numbered: bool = False
    """Whether the source numbers them, so that an answer may, too."""

    def filled(self) -> list[bool]:
        """Tell of each option whether there is anything in it."""
        return [bool(text) or any(self.pictures[at : at + 1]) for at, text in enumerate(self.texts)]


def split(cell: str, answer: str = "") -> Options:
    """Return the options that ``cell`` holds; none at all when it holds nothing that can be told apart.

    Where no letters or numbers tell them, a separator that makes ``answer`` one of them is the likelier.
    """
    text = clean(cell)
    numbered = _numbered(text)
    if numbered:
        return replace(_finish(_letters(len(numbered)), numbered, ()), numbered=True)
    raw, strong, doubts = _cut(text, answer)
    if len(raw) > _MAX_PIECES:
        return Options()
    pieces = [_piece(part) for part in raw]
    labelled = [piece for piece in pieces if piece.letter]
    if strong and len(pieces) > 1 and len(labelled) == 1 and pieces[0].letter == "A":
        # Only the first was given its letter; the separators alone tell the others.
        texts = [pieces[0].rest, *(piece.text for piece in pieces[1:])]
        return _finish(_letters(len(texts)), texts, doubts)
    if not labelled:
        texts = [piece.text for piece in pieces]
        return _finish(_letters(len(texts)), texts, doubts) if len(texts) > 1 else Options()
    return _read(pieces, strong=strong)


def column(
    cells: Sequence[tuple[str, str]], pictures: Sequence[bytes] = (), *, numbered: bool = False
) -> Options:
    """Return the options that stand in a column each, given as letter and text; a repeated letter is cut.

    ``pictures`` are those of the cells, in their order, empty for none; ``numbered`` says that the columns
    bear numbers.
    """
    texts = []
    for letter, cell in cells:
        found = _DOTTED.match(clean(cell))
        same = found is not None and _letter(found[1]) == letter
        texts.append(cell[found.end() :].strip() if found and same else clean(cell))
    while texts and not texts[-1] and not any(pictures[len(texts) - 1 :]):
        texts.pop()
    made = _finish([letter for letter, _ in cells][: len(texts)], texts, ())
    held = tuple(pictures[: len(texts)]) if any(pictures) else ()
    return replace(made, pictures=held, numbered=numbered)


def _numbered(text: str) -> list[str]:
    """Return the options of a cell that numbers them: ``①红②黄``, ``(1)红 (2)黄`` or ``1.红 2.黄``."""
    for pattern in _NUMBERS:
        found = list(pattern.finditer(text))
        # As a number: the circled ones are one character each.
        numbers = [int(unicodedata.normalize("NFKC", one[1])) for one in found]
        if len(found) > 1 and found[0].start() == 0 and numbers == list(range(1, len(found) + 1)):
            bounds = [*(one.start() for one in found[1:]), len(text)]
            return _bare([text[one.end() : end].strip() for one, end in zip(found, bounds, strict=True)])
    return []


def _bare(parts: list[str]) -> list[str]:
    """Return ``parts`` without the sign that separates them, if every one but the last ends with it."""
    ends = {part[-1:] for part in parts[:-1]}
    if len(ends) == 1 and (sign := ends.pop()) and sign in _SEPARATORS:
        return [part.removesuffix(sign).rstrip() for part in parts]
    return parts


def _cut(text: str, answer: str) -> tuple[list[str], bool, tuple[str, ...]]:
    for separator in _STRONG:
        parts = [part.strip() for part in separator.split(text) if part.strip()]
        if separator.search(text) and len(parts) > 1:
            # A lone leading or doubled character of the separator is residue of typing, not of the option.
            return [part.strip("*").strip() for part in parts], True, ()
    for label in (_BEFORE_DOTTED, _BEFORE_BARE):
        starts = [found.start() for found in label.finditer(text)]
        if len(starts) > 1:
            bounds = sorted({0, *starts, len(text)})
            parts = [text[a:b].strip(" \n;；") for a, b in pairwise(bounds)]
            return _bare([part for part in parts if part]), False, ()
    cuts = [
        (separator, [part.strip() for part in separator.split(text) if part.strip()])
        for separator in (*_UNLABELLED, _SLASH)
    ]
    several = [(separator, parts) for separator, parts in cuts if len(parts) > 1]
    said = fingerprint(answer)
    fitting = [one for one in several if said in map(fingerprint, one[1])] if answer else []
    for separator, parts in fitting or several:
        if separator is not _SLASH or fitting:
            return parts, True, ("options_unmarked",) if separator in _DOUBTFUL else ()
    return [text] if text else [], False, ()


def _piece(text: str) -> Piece:
    dotted = _DOTTED.match(text)
    found = dotted or _BARE.match(text)
    if found is None:
        return Piece(text, "", text, dotted=False)
    return Piece(text, _letter(found[1]), text[found.end() :], dotted=dotted is not None)


def _letter(label: str) -> str:
    folded = unicodedata.normalize("NFKC", label).upper()
    return next(character for character in folded if character in LETTERS)


def _letters(count: int) -> list[str]:
    return [chr(ord("A") + index) for index in range(count)]


def _read(pieces: Sequence[Piece], *, strong: bool) -> Options:
    starts = Reading(pieces, strong=strong).starts()
    letters, texts, doubts = [], [], []
    for order, (at, letter) in enumerate(starts):
        end = starts[order + 1][0] if order + 1 < len(starts) else len(pieces)
        own = pieces[at].rest
        letters.append(letter)
        texts.append("".join([own, *(piece.text for piece in pieces[at + 1 : end])]))
        clear = pieces[at].letter == letter and not any(
            _looks_own(p, pieces[at]) for p in pieces[at + 1 : end]
        )
        if not clear or (strong and any(not piece.letter for piece in pieces[at + 1 : end])):
            doubts.append("option_letters")
    letters, texts, run_on = _run_together(letters, texts, _marks(pieces))
    if letters != _letters(len(letters)) or run_on:
        doubts.append("option_letters")
    return _finish(letters, texts, tuple(dict.fromkeys(doubts)))


def _looks_own(piece: Piece, start: Piece) -> bool:
    """Tell whether a continuing piece carries a letter and mark of its own, as an option would."""
    return bool(piece.letter) and piece.dotted and start.dotted and bool(piece.rest.strip())


def _marks(pieces: Sequence[Piece]) -> set[str]:
    marks = set()
    for piece in pieces:
        found = _PUNCTUATION.search(piece.text) if piece.dotted else None
        if found:
            marks.add(unicodedata.normalize("NFKC", found[0]))
    return marks


def _run_together(letters: list[str], texts: list[str], marks: set[str]) -> tuple[list[str], list[str], bool]:
    """Cut options that run into the one before: a missing letter in the middle, a further one at the end.

    A further one that is marked otherwise than the rest may be part of the text, so the cut is doubtful.
    """
    doubtful = False
    at = 0
    while at < len(letters):
        missing = chr(ord(letters[at]) + 1)
        last = at + 1 == len(letters)
        if last or letters[at + 1] != missing:
            found = re.search(rf"(?<![A-Z]){missing}\s*([.、．:：])\s*(?=\S)", texts[at])
            same = found is not None and unicodedata.normalize("NFKC", found[1]) in marks
            # Right after a unit (0.45mD.0.35m) only the mark the others have tells a letter from the text.
            glued = found is not None and texts[at][: found.start()][-1:].isascii()
            if found and found.start() > 0 and missing in LETTERS and (same or not glued):
                letters.insert(at + 1, missing)
                texts[at : at + 1] = [texts[at][: found.start()], texts[at][found.end() :]]
                doubtful = doubtful or not same
        at += 1
    return letters, texts, doubtful


def _finish(letters: Sequence[str], texts: Sequence[str], doubts: tuple[str, ...]) -> Options:
    tidy = [text.strip().rstrip(";；").strip() for text in texts]
    return Options(tuple(letters), tuple(tidy), doubts)
