"""How the beats of a segment are written down: ``seq,offset_ms,position_ms,state;`` one after another.

A beat with something against it says so in a fifth member (``rules.facts.Beat.mark``).

Text, because appending to it is one SQL expression that means the same on both databases.
"""

from __future__ import annotations

from lmscompliance.kernel.jcs import Json
from lmscompliance.rules.facts import MARKS, Beat

FULL = 16_384
"""Characters after which a segment is closed early: its leaf must stay below 65,535 bytes."""


def entry(seq: int, offset_ms: int, position_ms: int, state: str, mark: str = "") -> str:
    """Return one beat as it is appended."""
    return f"{seq},{offset_ms},{position_ms},{state}{mark and ',' + mark};"


def parse(text: str) -> tuple[Beat, ...]:
    """Return the beats in ``text``, in the order they were accepted."""
    return tuple(
        Beat(int(seq), int(offset), int(position), state, *mark)
        for seq, offset, position, state, *mark in (one.split(",") for one in text.split(";") if one)
    )


def leaf_form(text: str) -> dict[str, Json]:
    """Return the members by which a leaf tells the beats in ``text``.

    ``beats`` holds ``[seq, offset_ms, position_ms, state]`` of each; the numbers of the marked ones stand
    under the name of their mark, which is absent where there are none.
    """
    beats = parse(text)
    form: dict[str, Json] = {"beats": [[one.seq, one.offset_ms, one.position_ms, one.state] for one in beats]}
    for mark in MARKS:
        if numbers := [one.seq for one in beats if one.mark == mark]:
            form[mark] = [*numbers]
    return form
