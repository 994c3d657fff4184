"""Hash tiles (C2SP tlog-tiles): the tree cut into pieces of 256 hashes that never change once full."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache

from lmscompliance.tlog.encoding import HASH_BYTES
from lmscompliance.tlog.merkle import Nodes, node_hash

HEIGHT = 8
WIDTH = 1 << HEIGHT

ReadTile = Callable[[int, int], bytes]
"""Returns the bytes of the tile (level, index), at least as many hashes as are asked of it."""

ENTRIES = "entries"
"""Stands in the place of a level where entries are served and not hashes."""

_CACHED_TILES = 256
_MAX_LEVEL = 63
_PLACE = re.compile(r"((?:x[0-9]{3}/)*[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?", re.ASCII)


class MissingHashes(LookupError):
    """A tile does not hold the hashes that a tree of this size must have."""


class BadPath(ValueError):
    """No tile can have this path."""


def path(level: int | str, index: int, width: int = WIDTH) -> str:
    """Return where a tile is served: ``tile/<L>/<N>``, with ``.p/<W>`` when it is partial.

    ``level`` may be ``ENTRIES``.
    """
    digits = f"{index:03d}"
    if len(digits) % 3:
        digits = digits.zfill(len(digits) + 3 - len(digits) % 3)
    groups = [digits[i : i + 3] for i in range(0, len(digits), 3)]
    encoded = "/".join([*("x" + group for group in groups[:-1]), groups[-1]])
    return f"tile/{level}/{encoded}" + ("" if width == WIDTH else f".p/{width}")


def parse_place(text: str) -> tuple[int, int]:
    """Return (index, width) of ``<N>[.p/<W>]``; raises ``BadPath`` unless ``path`` would write just that."""
    match = _PLACE.fullmatch(text)
    if match is None:
        raise BadPath(text)
    index = int(match[1].replace("x", "").replace("/", ""))
    width = int(match[2] or WIDTH)
    if (match[2] and width >= WIDTH) or path(0, index, width) != f"tile/0/{text}":
        raise BadPath(text)
    return index, width


def parse(text: str) -> tuple[int, int, int]:
    """Return (level, index, width) of ``<L>/<N>[.p/<W>]``; raises ``BadPath`` for any other spelling."""
    level, _, place = text.partition("/")
    if not re.fullmatch(r"0|[1-9][0-9]?", level, re.ASCII) or int(level) > _MAX_LEVEL:
        raise BadPath(text)
    return int(level), *parse_place(place)


def widths(size: int) -> list[tuple[int, int, int]]:
    """Return (level, full tiles, width of the partial tile or 0) for each level a tree of ``size`` has."""
    levels = []
    level = 0
    while size >> (HEIGHT * level):
        full, partial = divmod(size >> (HEIGHT * level), WIDTH)
        levels.append((level, full, partial))
        level += 1
    return levels


def grow(read: ReadTile, old_size: int, leaf_hashes: Sequence[bytes]) -> dict[tuple[int, int], bytes]:
    """Return every tile that changes when ``leaf_hashes`` are appended to a tree of ``old_size``.

    ``read`` is asked for the partial tiles at the right edge only. The result depends on nothing else, so
    computing it again after a crash gives the same bytes.
    """
    grown: dict[tuple[int, int], bytes] = {}
    level, position, fresh = 0, old_size, list(leaf_hashes)
    while fresh:
        above = []
        first_above = position // WIDTH
        taken = 0
        while taken < len(fresh):
            index, width = divmod(position, WIDTH)
            part = fresh[taken : taken + WIDTH - width]
            data = (_prefix(read, level, index, width) if width else b"") + b"".join(part)
            grown[level, index] = data
            taken += len(part)
            position += len(part)
            if width + len(part) == WIDTH:
                above.append(pyramid(data)[HEIGHT][0])
        level, position, fresh = level + 1, first_above, above
    return grown


def nodes(read: ReadTile) -> Nodes:
    """Return the tree's nodes as read through tiles; a tile is read and hashed once while it is in use."""

    @lru_cache(maxsize=_CACHED_TILES)
    def known(level: int, index: int) -> list[list[bytes]]:
        return pyramid(read(level, index))

    def node(level: int, index: int) -> bytes:
        tile_level, height = divmod(level, HEIGHT)
        tile_index, within = divmod(index, WIDTH >> height)
        row = known(tile_level, tile_index)[height]
        if within >= len(row):
            msg = f"tile {path(tile_level, tile_index)} is too short for node {index} of level {level}"
            raise MissingHashes(msg)
        return row[within]

    return node


def _prefix(read: ReadTile, level: int, index: int, width: int) -> bytes:
    data = read(level, index)[: width * HASH_BYTES]
    if len(data) != width * HASH_BYTES:
        msg = f"tile {path(level, index)} holds {len(data) // HASH_BYTES} hashes, the tree needs {width}"
        raise MissingHashes(msg)
    return data


def pyramid(data: bytes) -> list[list[bytes]]:
    """Return the tile's hashes and all complete subtrees above them, one list a height from 0 to 8."""
    rows = [[data[i : i + HASH_BYTES] for i in range(0, len(data), HASH_BYTES)]]
    for _ in range(HEIGHT):
        below = rows[-1]
        rows.append([node_hash(below[i], below[i + 1]) for i in range(0, len(below) - 1, 2)])
    return rows
