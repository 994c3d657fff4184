"""Seals what was recorded: stage, re-hash, sign, publish.

No database lock is held while signing, and nothing distinguishes recovery from ordinary work: each step
begins with what is committed, so a process that dies anywhere is followed by the next call doing the same
steps again with the same result. Two sealers at once do each other no harm: they work on the same staged
batch, get the same note for it, and one of them wins the compare-and-swap.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from lmscompliance.evidence.cosigning import cosign_newest
from lmscompliance.evidence.keylog import note_keys
from lmscompliance.evidence.models import POSITION_OF_ENTRY, Batch, Checkpoint, Entry, Log, Position, Tile
from lmscompliance.evidence.signer import Signer, SignerRefuses
from lmscompliance.evidence.staging import Staged, anything_waits, stage
from lmscompliance.evidence.succession import log_named
from lmscompliance.evidence.tree import Tree, tile_reader
from lmscompliance.kernel.errors import ComplianceError
from lmscompliance.services import Services
from lmscompliance.storage.statements import table, upsert
from lmscompliance.storage.transaction import reading, transaction
from lmscompliance.tlog import tiles
from lmscompliance.tlog.leaf import leaf_hash

BATCH_LIMIT = 8192
"""Entries a batch. Bounds the memory of a sealer and how long its two short transactions take."""


@dataclass(frozen=True, slots=True)
class SealReport:
    """What a call did: how many entries it sealed; the log's size and newest checkpoint now."""

    size: int
    sealed: int
    checkpoint: str | None
    """The signed note; ``None`` while nothing has ever been sealed."""
    unwitnessed: tuple[str, ...] = ()
    """Configured witnesses that have not cosigned this checkpoint."""


@dataclass(frozen=True, slots=True)
class _Grown:
    """The tree as it will be: the tiles that change, and the new root."""

    tiles: dict[tuple[int, int], bytes]
    root: bytes


def seal(services: Services, signer: Signer, limit: int = BATCH_LIMIT) -> SealReport:
    """Seal one batch of at most ``limit`` entries and return what came of it.

    Raises ``ComplianceError`` when a leaf was altered after it was recorded, and ``SignerRefuses`` when
    the database does not extend what was signed before (it was restored from a backup, or rewritten).
    """
    sealed = _seal_staged(services, signer, stage(services, signer.origin, limit))
    return _report(services, signer, sealed)


def seal_all(services: Services, signer: Signer, limit: int = BATCH_LIMIT) -> SealReport:
    """Seal everything that was committed before this call, in batches of ``limit``, and ask the witnesses.

    A witness that does not answer is named in the report; sealing does not depend on it. A change of the
    signer's keys is recorded first.
    """
    note_keys(services, signer)
    sealed = 0
    while anything_waits(services):
        batch = stage(services, signer.origin, limit)
        sealed += _seal_staged(services, signer, batch)
        if batch is not None and batch.fresh and batch.end - batch.start < limit:
            break  # whatever waits now was committed after this batch was staged
    missing = cosign_newest(services, signer.origin)
    return replace(_report(services, signer, sealed), unwitnessed=missing)


def _seal_staged(services: Services, signer: Signer, batch: Staged | None) -> int:
    """Build, sign and publish ``batch``; return how many entries this call published."""
    if batch is None:
        return 0
    # Dying from here to the publication leaves the batch staged; restart computes the same tree from the
    # same bytes, and the signer answers with the same note if it had already signed.
    mark = signer.mark()
    try:
        with reading(services.database) as session:
            grown, proof = _build(session, batch, mark.size)
        note = signer.sign_checkpoint(batch.end, grown.root, proof)
    except (SignerRefuses, tiles.MissingHashes):
        if _overtaken(services, batch):
            return 0
        raise
    return batch.end - batch.start if _publish(services, batch, grown, note) else 0


def _build(session: Session, batch: Staged, marked: int) -> tuple[_Grown, list[bytes]]:
    """Return the grown tree, hashed from the leaves' bytes, and the proof that it extends size ``marked``."""
    read = tile_reader(session, batch.log_id)
    grown = tiles.grow(read, batch.start, _rehash(session, batch))
    tree = Tree(lambda level, index: grown.get((level, index)) or read(level, index))
    # A mark beyond this batch can never be extended by it; the signer says so in its own words.
    proof = tree.consistency(marked, batch.end) if marked <= batch.end else []
    return _Grown(grown, tree.root(batch.end)), proof


def _rehash(session: Session, batch: Staged) -> list[bytes]:
    """Hash the batch's leaves from their stored bytes, as whoever checks the log will."""
    rows = session.execute(
        select(Position.log_index, Entry.class_id, Entry.stream, Entry.n, Entry.leaf_hash, Entry.leaf)
        .join(Entry, POSITION_OF_ENTRY)
        .where(
            Position.log_id == batch.log_id,
            Position.log_index >= batch.start,
            Position.log_index < batch.end,
        )
        .order_by(Position.log_index),
        execution_options={"yield_per": 1000},
    )
    hashes: list[bytes] = []
    for index, class_id, stream, n, recorded, leaf in rows:
        hashed = leaf_hash(leaf)
        if index != batch.start + len(hashes) or hashed != recorded:
            raise ComplianceError("evidence.altered_leaf", class_id=class_id, stream=stream, n=n)
        hashes.append(hashed)
    if len(hashes) != batch.end - batch.start:
        raise ComplianceError("evidence.lost_leaves", start=batch.start, end=batch.end, found=len(hashes))
    return hashes


def _publish(services: Services, batch: Staged, grown: _Grown, note: str) -> bool:
    """Replace the tree head if it is still the one the batch was built on; tell whether it was.

    Head, tiles, checkpoint and the end of the batch are one commit: restart sees all of it or none.
    """
    with transaction(services.database) as session:
        connection = session.connection()
        swapped = connection.execute(
            update(table(Log))
            .where(Log.id == batch.log_id, Log.size == batch.start, Log.root == batch.old_root)
            .values(size=batch.end, root=grown.root)
        )
        if swapped.rowcount != 1:
            return False
        put = upsert(connection, Tile)
        put = put.on_conflict_do_update(
            index_elements=["log_id", "level", "tile_index"], set_={"data": put.excluded.data}
        )
        connection.execute(
            put,
            [
                {"log_id": batch.log_id, "level": level, "tile_index": index, "data": data}
                for (level, index), data in grown.tiles.items()
            ],
        )
        connection.execute(
            insert(table(Checkpoint)).values(
                log_id=batch.log_id,
                size=batch.end,
                root=grown.root,
                note=note,
                published_at=services.clock.now(),
            )
        )
        connection.execute(delete(table(Batch)).where(Batch.log_id == batch.log_id))
    return True


def _overtaken(services: Services, batch: Staged) -> bool:
    """Tell whether another sealer has meanwhile published this batch."""
    with reading(services.database) as session:
        return session.execute(select(Log.size).where(Log.id == batch.log_id)).scalar_one() >= batch.end


def _report(services: Services, signer: Signer, sealed: int) -> SealReport:
    with reading(services.database) as session:
        log = log_named(session, signer.origin)
        if log is None:
            return SealReport(0, sealed, None)
        newest = session.get(Checkpoint, (log.id, log.size))
        return SealReport(log.size, sealed, newest.note if newest else None)
