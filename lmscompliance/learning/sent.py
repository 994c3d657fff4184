"""What a page reports: a beat, with those that it had to keep back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


@dataclass(frozen=True, slots=True)
class LateBeat:
    """What a page would have reported ``offset_ms`` after it had read its last answer."""

    seq: int
    offset_ms: int
    position_ms: int
    state: str


class SentBeat(NamedTuple):
    """What a page reports: its own running number, where the lesson is, and what holds from now on."""

    seq: int
    position_ms: int
    state: str
    nonce: str = ""
    """What the server answered to the beat ``acked``; a beat without it is kept and credits nothing."""
    last_read: int = -1
    """The number of that beat, the last whose answer the page has read; -1 stands for the one before."""
    late: tuple[LateBeat, ...] = ()
    """What the page kept back since then, in the order of numbers."""

    @property
    def acked(self) -> int:
        """Return the number of the last beat whose answer the page has read."""
        return self.seq - 1 if self.last_read < 0 else self.last_read

    def at_last(self, offset_ms: int) -> LateBeat:
        """Return it as the last of its own late ones."""
        return LateBeat(self.seq, offset_ms, self.position_ms, self.state)
