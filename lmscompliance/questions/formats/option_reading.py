"""Finds which pieces of a cell begin options A, B, C … and which only go on with the one before.

Each piece that begins or continues an option against appearances costs something, an empty option or an
unclosed bracket costs more, and the cheapest reading of the whole cell wins.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from lmscompliance.questions.formats.text import balanced

LETTERS = "ABCDEFGHIJ"

_EMPTY, _EMPTY_BARE = 12, 50
_UNBALANCED = 4
_OTHER_STYLE = 1
_GAP = 3
_MISPRINT, _BARE_MISPRINT, _UNLABELLED = 4, 8, 6
_GOES_ON_EXPECTED_DOTTED, _GOES_ON_EXPECTED, _GOES_ON_DOTTED, _GOES_ON_BARE = 15, 4, 5, 2
_GOES_ON_UNLABELLED, _GOES_ON_LINE = 7, 1


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch between separators: its letter if it begins with one, and the ``rest`` behind that letter.

    ``dotted`` says that a dot, comma, colon or bracket sets the letter off; ``**A30mA`` has none.
    """

    text: str
    letter: str
    rest: str
    dotted: bool


class Reading:
    """The cheapest reading of one cell."""

    def __init__(self, pieces: Sequence[Piece], *, strong: bool) -> None:
        """Take the ``pieces`` in order; ``strong`` says that explicit separators stood between them."""
        self._pieces = pieces
        self._strong = strong
        labelled = [piece for piece in pieces if piece.letter]
        self._dotted = 2 * sum(piece.dotted for piece in labelled) >= len(labelled)

    def starts(self) -> list[tuple[int, str]]:
        """Return the index of each piece that begins an option, with that option's letter."""

        @cache
        def best(at: int, start: int, expected: int) -> tuple[int, tuple[tuple[int, str], ...]]:
            # The option begun at ``start`` is open; what follows does not depend on how it came about.
            if at == len(self._pieces):
                return self._closing(start, at), ()
            cost, chosen = best(at + 1, start, expected)
            cheapest = (cost + self._going_on(self._pieces[at], expected), chosen)
            if expected < len(LETTERS):
                price, place = self._beginning(self._pieces[at], expected)
                cost, chosen = best(at + 1, at, place + 1)
                total = cost + price + self._closing(start, at)
                # On a tie the earlier piece begins the option.
                if total <= cheapest[0]:
                    cheapest = (total, ((at, LETTERS[place]), *chosen))
            return cheapest

        _, place = self._beginning(self._pieces[0], 0)
        return [(0, LETTERS[place]), *best(1, 0, place + 1)[1]]

    def _beginning(self, piece: Piece, expected: int) -> tuple[int, int]:
        """Return what it costs that ``piece`` begins an option, and that option's index."""
        if not piece.letter:
            return _UNLABELLED, expected
        place = LETTERS.index(piece.letter)
        if place >= expected:
            style = 0 if piece.dotted == self._dotted else _OTHER_STYLE
            return style + _GAP * (place - expected), place
        return (_MISPRINT if piece.dotted and self._dotted else _BARE_MISPRINT), expected

    def _going_on(self, piece: Piece, expected: int) -> int:
        if not piece.letter:
            return _GOES_ON_UNLABELLED if self._strong else _GOES_ON_LINE
        if LETTERS.index(piece.letter) == expected:
            return _GOES_ON_EXPECTED_DOTTED if piece.dotted else _GOES_ON_EXPECTED
        return _GOES_ON_DOTTED if piece.dotted and self._dotted else _GOES_ON_BARE

    def _closing(self, start: int, end: int) -> int:
        text = "".join([self._pieces[start].rest, *(piece.text for piece in self._pieces[start + 1 : end])])
        if not text.strip():
            # A letter set off by a dot was meant as one; a bare letter alone is likelier a part of a word.
            return _EMPTY if self._pieces[start].dotted else _EMPTY_BARE
        return 0 if balanced(text) else _UNBALANCED
