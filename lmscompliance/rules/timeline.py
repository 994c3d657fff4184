"""How an answer sheet came about: a list of saves, replayed by the product and the verifier alike.

A save is ``[number, microseconds, changes]``, where ``changes`` maps question numbers to answers (``None``
takes one back); behind it stand, where there is something to say, the address as text if it is another than
before, and what the page noticed since the save before as an object of ``FLAGS``.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from lmscompliance.kernel import jcs
from lmscompliance.kernel.jcs import Json

FLAGS = ("left", "away_ms", "copied", "pasted")
"""How often the page was left, for how many milliseconds in all, how often was copied and pasted."""

NAME = "timeline"
"""Of the disclosure that holds it. A long one goes on in ``timeline2`` and so on, because a bundle's lines
are bounded and essays are saved over and over."""
_PIECE_BYTES = 1 << 18


@dataclass(frozen=True, slots=True)
class Save:
    """One save; ``address`` is empty where it is the one before's."""

    number: int
    at_us: int
    changes: Mapping[str, Json]
    address: str = ""
    flags: Mapping[str, int] = field(default_factory=dict)


def saves(timeline: Json) -> Iterator[Save]:
    """Yield the saves of a timeline; raises ``TypeError`` or ``ValueError`` for one of another form."""
    if not isinstance(timeline, list):
        msg = "the timeline is not a list"
        raise TypeError(msg)
    for entry in timeline:
        if not isinstance(entry, list):
            msg = "a save is not a list"
            raise TypeError(msg)
        yield _save(entry)


def pieces(timeline: Sequence[Json]) -> dict[str, Json]:
    """Return a timeline as the disclosures it stands in; saves stay whole."""
    split: list[list[Json]] = [[]]
    size = 0
    for entry in timeline:
        length = len(jcs.encode(entry))
        if split[-1] and size + length > _PIECE_BYTES:
            split.append([])
            size = 0
        split[-1].append(entry)
        size += length
    return {NAME if number == 1 else f"{NAME}{number}": piece for number, piece in enumerate(split, 1)}


def joined(recorded: Collection[str], values: Mapping[str, Json]) -> Json:
    """Return the timeline of which the disclosures ``recorded`` are pieces; ``None`` where one is missing.

    Raises ``TypeError`` for a piece that is not a list.
    """
    whole: list[Json] = []
    names = [name for name in recorded if name.startswith(NAME)]
    for number in range(1, len(names) + 1):
        name = NAME if number == 1 else f"{NAME}{number}"
        if name not in values:
            return None
        piece = values[name]
        if not isinstance(piece, list):
            msg = "the timeline is not a list"
            raise TypeError(msg)
        whole += piece
    return whole if names else None


def _save(entry: Sequence[Json]) -> Save:
    number, at_us, changes, *more = entry
    if type(number) is not int or type(at_us) is not int or not isinstance(changes, dict):
        msg = "a save has not number, microseconds and changes"
        raise TypeError(msg)
    address, flags = "", {}
    for extra in more:
        if isinstance(extra, str):
            address = extra
        elif isinstance(extra, dict):
            flags = {name: count for name, count in extra.items() if type(count) is int}
    return Save(number, at_us, changes, address, flags)


def answers(made: Sequence[Save]) -> dict[str, Json]:
    """Return the answers that stand after all saves, by question number."""
    sheet: dict[str, Json] = {}
    for save in made:
        sheet.update(save.changes)
    return {number: answer for number, answer in sheet.items() if answer is not None}


def flags(made: Sequence[Save]) -> dict[str, int]:
    """Return what the page noticed in all; never a verdict, only a count."""
    return {name: sum(save.flags.get(name, 0) for save in made) for name in FLAGS}


def addresses(made: Sequence[Save]) -> list[str]:
    """Return the addresses saves came from, each once, in order."""
    return list(dict.fromkeys(save.address for save in made if save.address))
