"""How the beats of a segment are written down: ``seq,offset_ms,position_ms,state;`` one after another.

Text, because appending to it is one SQL expression that means the same on both databases.
"""

from __future__ import annotations

from lmscompliance.kernel.jcs import Json
from lmscompliance.rules.facts import Beat

FULL = 16_384
"""Characters after which a segment is closed early: its leaf must stay below 65,535 bytes."""


def entry(seq: int, offset_ms: int, position_ms: int, state: str) -> str:
    """Return one beat as it is appended."""
    return f"{seq},{offset_ms},{position_ms},{state};"


def parse(text: str) -> tuple[Beat, ...]:
    """Return the beats in ``text``, in the order they were accepted."""
    return tuple(
        Beat(int(seq), int(offset), int(position), state)
        for seq, offset, position, state in (one.split(",") for one in text.split(";") if one)
    )


def leaf_form(text: str) -> list[Json]:
    """Return the beats in ``text`` as leaves hold them: ``[seq, offset_ms, position_ms, state]`` each."""
    return [[one.seq, one.offset_ms, one.position_ms, one.state] for one in parse(text)]
