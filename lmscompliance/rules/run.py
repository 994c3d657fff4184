"""A session while it is being judged: stretches of it, each with everything that speaks against them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lmscompliance.rules.account import Interval
from lmscompliance.rules.facts import SessionFact


class Piece:
    """A stretch of a session with the set of reasons against it, as a bit for each place in precedence."""

    __slots__ = ("end", "mask", "start")

    def __init__(self, start: int, end: int, mask: int) -> None:
        """Cover the seconds ``[start, end)``."""
        self.start = start
        self.end = end
        self.mask = mask


@dataclass(slots=True)
class Run:
    """A session being judged; ``taken_over`` is the second from which it no longer counts."""

    fact: SessionFact
    start: int
    end: int
    taken_over: int
    pieces: list[Piece]

    def mark(self, start: int, end: int, bits: int) -> None:
        """Add the reasons ``bits`` to every second of ``[start, end)`` that this session has."""
        self.change(start, end, add=bits)

    def change(self, start: int, end: int, *, add: int = 0, drop: int = 0) -> None:
        """Take the reasons ``drop`` from every second of ``[start, end)``, then add those of ``add``."""
        if start >= self.end or end <= self.start or start >= end:
            return
        split: list[Piece] = []
        for piece in self.pieces:
            low, high = max(start, piece.start), min(end, piece.end)
            mask = piece.mask & ~drop | add
            if low >= high or mask == piece.mask:
                split.append(piece)
                continue
            if piece.start < low:
                split.append(Piece(piece.start, low, piece.mask))
            split.append(Piece(low, high, mask))
            if high < piece.end:
                split.append(Piece(high, piece.end, piece.mask))
        self.pieces = split

    def intervals(self, order: Sequence[str]) -> list[Interval]:
        """Return one interval a stretch with its one reason, neighbours of one verdict joined."""
        joined: list[tuple[int, int, str | None]] = []
        for piece in self.pieces:
            # The lowest bit is the reason that comes first in precedence.
            reason = order[(piece.mask & -piece.mask).bit_length() - 1] if piece.mask else None
            if joined and joined[-1][2] == reason:
                joined[-1] = (joined[-1][0], piece.end, reason)
            else:
                joined.append((piece.start, piece.end, reason))
        fact = self.fact
        return [Interval(fact.session, fact.lesson, start, end, reason) for start, end, reason in joined]
