"""What inclusion proofs take from one full hash tile, laid out so that a proof needs one short read.

A tile is 256 leaves. The siblings on the way from a leaf to the tile's top are spread over the tile's eight
levels, but those of 16 neighbours are almost the same: such a *group* has 30 hashes below its own top and 4
above it. Hashes are kept as a JSON list has them, ``"<base64>",``, because that is what a bundle is made of.
"""

from __future__ import annotations

from collections.abc import Iterable

from lmscompliance.tlog.encoding import to_base64
from lmscompliance.tlog.tiles import HEIGHT, pyramid

_HALF = HEIGHT // 2
GROUP = 1 << _HALF
"""Leaves of a group."""
_HASH = 47
"""Characters of a hash: 44 of base64, its quotes and the comma."""
_ABOVE = 2 * GROUP - 2
"""Hashes of a group below its top; those above follow."""
GROUP_BYTES = (_ABOVE + HEIGHT - _HALF) * _HASH


def texts(hashes: Iterable[bytes]) -> bytes:
    """Return ``hashes`` as members of a JSON list, a comma behind each."""
    return "".join([f'"{to_base64(one)}",' for one in hashes]).encode("ascii")


def laid_out(data: bytes) -> bytes:
    """Return the groups of the full tile ``data`` one behind the other, ``GROUP_BYTES`` each."""
    rows = [[texts([one]) for one in row] for row in pyramid(data)]
    parts: list[bytes] = []
    for group in range(1 << (HEIGHT - _HALF)):
        for level in range(_HALF):
            width = GROUP >> level
            parts += rows[level][group * width : (group + 1) * width]
        parts += [rows[level][group >> (level - _HALF) ^ 1] for level in range(_HALF, HEIGHT)]
    return b"".join(parts)


def within(group: bytes, leaf: int) -> bytes:
    """Return the siblings on the way from ``leaf`` (0 to 15) of ``group`` to its tile's top, lowest first."""
    first, parts = 0, []
    for level in range(_HALF):
        at = (first + (leaf >> level ^ 1)) * _HASH
        parts.append(group[at : at + _HASH])
        first += GROUP >> level
    return b"".join(parts) + group[_ABOVE * _HASH :]
