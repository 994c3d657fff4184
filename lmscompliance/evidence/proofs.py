"""Inclusion proofs of many entries of one tree, in any order, with flat memory."""

from __future__ import annotations

import os
import tempfile
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import Self

from sqlalchemy.orm import Session

from lmscompliance.evidence.tree import FIRST_LOG, Tree, tile_reader
from lmscompliance.tlog import siblings
from lmscompliance.tlog.encoding import HASH_BYTES
from lmscompliance.tlog.tiles import HEIGHT, WIDTH, MissingHashes, path

_MOST = 1 << 14
"""Tiles that are kept ready, of four million entries (400 MiB of scratch file). Those beyond are hashed anew
each time they are asked for."""
_UPPER = 1 << 12
"""Tiles whose common upper part of the proof is remembered, of some 700 bytes each."""
_TILE_BYTES = siblings.GROUP_BYTES * (WIDTH // siblings.GROUP)


class Proofs:
    """The proofs of one tree, as a bundle's lines have them.

    A class's trainees learn at the same time, so one trainee's entries lie scattered over the whole log and
    the next one's beside them. A tile is read and hashed when it is first met, and what proofs take from it
    is kept in a file without a name, which is gone with the process.
    """

    def __init__(self, session: Session, size: int, folder: Path, log_id: int = FIRST_LOG) -> None:
        """Prove entries under the tree of ``size``; the scratch file is made in ``folder``."""
        self._size = size
        self._read = tile_reader(session, log_id)
        self._tree = Tree(self._read)
        self._file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115  # closed by __exit__
        self._slots: dict[int, int] = {}
        self._upper = lru_cache(_UPPER)(self._above)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def text(self, index: int) -> bytes:
        """Return the proof that entry ``index`` is in the tree, as the members of a JSON list."""
        tile, leaf = divmod(index, WIDTH)
        if tile == (self._size - 1) // WIDTH:
            # The tree's end may cut this tile off.
            return siblings.texts(self._tree.inclusion(index, self._size))[:-1]
        group, within = divmod(leaf, siblings.GROUP)
        return (siblings.within(self._group(tile, group), within) + self._upper(tile))[:-1]

    def _above(self, tile: int) -> bytes:
        return siblings.texts(self._tree.inclusion(tile * WIDTH, self._size, above=HEIGHT))

    def _group(self, tile: int, group: int) -> bytes:
        slot = self._slots.get(tile)
        start = group * siblings.GROUP_BYTES
        if slot is not None:
            return os.pread(self._file.fileno(), siblings.GROUP_BYTES, slot * _TILE_BYTES + start)
        data = self._read(0, tile)
        if len(data) != WIDTH * HASH_BYTES:
            msg = f"tile {path(0, tile)} holds {len(data) // HASH_BYTES} hashes, not {WIDTH}"
            raise MissingHashes(msg)
        made = siblings.laid_out(data)
        if len(self._slots) < _MOST:
            slot = self._slots[tile] = len(self._slots)
            self._file.seek(slot * _TILE_BYTES)
            self._file.write(made)
            self._file.flush()
        return made[start : start + siblings.GROUP_BYTES]
