"""The log's tree as it stands in SQL: hash tiles in, nodes and proofs out."""

from __future__ import annotations

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from lmscompliance.evidence.models import Tile
from lmscompliance.storage.statements import table
from lmscompliance.tlog import merkle, tiles

FIRST_LOG = 1
"""The log's number in every table. A later log (a new origin) gets its own; proofs never cross logs."""

# Built once: thousands of tiles may be asked for, and building the statement costs more than running it.
_TILE = select(table(Tile).c.data).where(
    table(Tile).c.log_id == bindparam("log"),
    table(Tile).c.level == bindparam("at"),
    table(Tile).c.tile_index == bindparam("number"),
)


def tile_reader(session: Session, log_id: int = FIRST_LOG) -> tiles.ReadTile:
    """Return a function that reads one hash tile; an absent tile has no hashes."""

    def read(level: int, index: int) -> bytes:
        place = {"log": log_id, "at": level, "number": index}
        row = session.connection().execute(_TILE, place).one_or_none()
        return b"" if row is None else row[0]

    return read


class Tree:
    """Roots and proofs at any size up to the log's own; keeps the tiles it has read.

    For bulk work take one ``Tree`` and ask it in index order, or ``proofs.Proofs`` in any other.
    """

    def __init__(self, read: tiles.ReadTile) -> None:
        """Read hashes through ``read``."""
        self._nodes = tiles.nodes(read)
        self._cut: dict[tuple[int, int], bytes] = {}

    def root(self, size: int) -> bytes:
        """Return the root of the first ``size`` entries."""
        return merkle.root(self._nodes, size)

    def inclusion(self, index: int, size: int, *, above: int = 0) -> list[bytes]:
        """Return the proof that entry ``index`` is among the first ``size``, from level ``above`` upwards."""
        return merkle.inclusion_proof(self._nodes, index, size, self._cut, above=above)

    def consistency(self, old_size: int, size: int) -> list[bytes]:
        """Return the proof that the tree of ``size`` extends that of ``old_size`` (any extends 0)."""
        return merkle.consistency_proof(self._nodes, old_size, size) if old_size else []
