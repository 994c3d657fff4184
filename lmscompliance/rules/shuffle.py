"""Chance that anybody can repeat: orders that follow from a seed, taken one place at a time.

The stream of a seed is SHA-256 over the seed's UTF-8 and a counter (eight bytes, big-endian, from 1), read
as big-endian words of four bytes. A number below a limit is the next word that rejection leaves without bias,
modulo the limit. An order is the Fisher-Yates shuffle from its first place on: place ``i`` gets what stands
at ``i`` plus a number below what is left. So the first places do not depend on how many are asked for.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from typing import TypeVar

_T = TypeVar("_T")
_WORD = 4
_WORDS = 1 << 8 * _WORD
_COUNTER = 8


def places(seed: str, count: int) -> Iterator[int]:
    """Yield the places 0 to ``count`` - 1 in the order of ``seed``; what is not asked for costs nothing."""
    words = _words(seed.encode())
    moved: dict[int, int] = {}
    for place in range(count):
        other = place + _below(words, count - place)
        yield moved.get(other, other)
        moved[other] = moved.pop(place, place)


def shuffled(seed: str, values: Sequence[_T]) -> list[_T]:
    """Return ``values`` in the order of ``seed``."""
    return [values[place] for place in places(seed, len(values))]


def _below(words: Iterator[int], limit: int) -> int:
    ceiling = _WORDS // limit * limit
    return next(word for word in words if word < ceiling) % limit


def _words(seed: bytes) -> Iterator[int]:
    counter = 0
    while True:
        counter += 1
        block = hashlib.sha256(seed + counter.to_bytes(_COUNTER, "big")).digest()
        for at in range(0, len(block), _WORD):
            yield int.from_bytes(block[at : at + _WORD], "big")
