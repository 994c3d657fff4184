"""What the log publishes (C2SP tlog-tiles): hash tiles for anyone, entries for those who may read them."""

from __future__ import annotations

from sqlalchemy import select

from lmscompliance.evidence import reader
from lmscompliance.evidence.models import POSITION_OF_ENTRY, Entry, Position
from lmscompliance.evidence.tree import FIRST_LOG, tile_reader
from lmscompliance.kernel.errors import NotFound
from lmscompliance.services import Services
from lmscompliance.storage.transaction import reading
from lmscompliance.tlog import tiles
from lmscompliance.tlog.encoding import HASH_BYTES

_LENGTH_BYTES = 2


def newest_checkpoint(services: Services) -> str:
    """Return the newest signed note; raises ``NotFound`` before the first."""
    with reading(services.database) as session:
        return reader.checkpoint(session)


def hash_tile(services: Services, place: str) -> bytes:
    """Return the hashes at ``<L>/<N>[.p/<W>]``; raises ``NotFound`` when the log has not got that far.

    A partial tile stays available after it has been filled: it is the beginning of the full one.
    """
    try:
        level, index, width = tiles.parse(place)
    except tiles.BadPath as error:
        raise NotFound("evidence.no_tile", place=place) from error
    with reading(services.database) as session:
        data = tile_reader(session)(level, index) if _fits(index) else b""
    if len(data) < width * HASH_BYTES:
        raise NotFound("evidence.no_tile", place=place)
    return data[: width * HASH_BYTES]


def entry_bundle(services: Services, place: str) -> bytes:
    """Return the entries at ``<N>[.p/<W>]``, each after its length in two bytes; raises ``NotFound``."""
    index, width = _sealed_place(services, place)
    first = index * tiles.WIDTH
    with reading(services.database) as session:
        leaves = session.scalars(
            select(Entry.leaf)
            .join(Position, POSITION_OF_ENTRY)
            .where(
                Position.log_id == FIRST_LOG,
                Position.log_index >= first,
                Position.log_index < first + width,
            )
            .order_by(Position.log_index)
        ).all()
    return b"".join(len(leaf).to_bytes(_LENGTH_BYTES, "big") + leaf for leaf in leaves)


def require_bundle(services: Services, place: str) -> None:
    """Raise ``NotFound`` unless the log has sealed every entry at ``<N>[.p/<W>]``."""
    _sealed_place(services, place)


def _sealed_place(services: Services, place: str) -> tuple[int, int]:
    try:
        index, width = tiles.parse_place(place)
    except tiles.BadPath as error:
        raise NotFound("evidence.no_tile", place=place) from error
    with reading(services.database) as session:
        size = reader.log_size(session)
    if index * tiles.WIDTH + width > size:
        raise NotFound("evidence.no_tile", place=place)
    return index, width


def _fits(index: int) -> bool:
    return index < 2**63  # what a database's integer holds; no log is that long
