"""Checks the whole log again from storage, by the definitions and not by the code that wrote it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from lmscompliance.evidence import guards
from lmscompliance.evidence.models import (
    POSITION_OF_ENTRY,
    Batch,
    Checkpoint,
    Cosignature,
    Disclosure,
    Entry,
    Log,
    Outbox,
    Position,
    Stream,
    Tile,
)
from lmscompliance.evidence.reader import opened
from lmscompliance.evidence.stamped import StampCount, bad_timestamps
from lmscompliance.evidence.succession import present_origin, signers_at, successions
from lmscompliance.evidence.vanished import vanished
from lmscompliance.kernel.errors import ComplianceError
from lmscompliance.services import Services
from lmscompliance.tlog import checkpoint as checkpoints
from lmscompliance.tlog import tiles
from lmscompliance.tlog.encoding import HASH_BYTES, to_base64
from lmscompliance.tlog.leaf import BadLeaf, Leaf, disclosure_digest, leaf_hash
from lmscompliance.tlog.merkle import Frontier
from lmscompliance.tlog.notes import BadNote, Note, VKey
from lmscompliance.verifier import ed25519


@dataclass(slots=True)
class FsckReport:
    """What was looked at, and each thing that is not as it must be (in English, for operators)."""

    entries: int = 0
    sealed: int = 0
    waiting: int = 0
    checkpoints: int = 0
    cosignatures: int = 0
    disclosures: int = 0
    timestamps: StampCount = field(default_factory=StampCount)
    problems: list[str] = field(default_factory=list)
    committed: Counter[tuple[str, str]] = field(default_factory=Counter)
    """How many values the leaves of each (class, stream) are bound to."""

    @property
    def sound(self) -> bool:
        """Whether nothing was found wrong."""
        return not self.problems


def fsck(
    session: Session,
    services: Services | None = None,
    vkeys: Sequence[VKey] = (),
    mark: checkpoints.Checkpoint | None = None,
) -> FsckReport:
    """Re-check every guard, entry, stream, position, tile, checkpoint, cosignature and timestamp.

    A value that is gone must have been destroyed by a certified purge; with ``services`` those that are kept
    are opened and compared. With ``vkeys`` each checkpoint must carry a signature of one of them. With
    ``mark``, the last head the signer signed, the log must hold that very tree: a log that was cut or forked
    with everything in it made to fit shows only there. Reads everything: minutes for millions of entries.
    Use one ``reading`` session, so that all tables are of one moment.
    """
    report = FsckReport()
    for guard in guards.missing(session):
        report.problems.append(f"the guard {guard} is missing from the database")
    report.problems.extend(_streams(session, report))
    for log in session.scalars(select(Log)):
        report.problems.extend(_log(session, log, report, vkeys, mark))
        report.problems.extend(_cosignatures(session, log, report))
        report.problems.extend(bad_timestamps(session, log, report.timestamps))
    report.problems.extend(_places(session, report))
    if services is not None:
        report.problems.extend(_disclosures(session, services, report))
    report.problems.extend(vanished(session, report.committed))
    return report


def _streams(session: Session, report: FsckReport) -> Iterator[str]:
    """Each stream counts from 0 without a gap, and each entry holds the hash of the one before."""
    heads: dict[tuple[str, str], tuple[int, bytes]] = {}
    rows = session.execute(
        select(Entry.class_id, Entry.stream, Entry.n, Entry.type, Entry.leaf_hash, Entry.leaf).order_by(
            Entry.class_id, Entry.stream, Entry.n
        ),
        execution_options={"yield_per": 1000},
    )
    for class_id, stream, n, kind, hashed, data in rows:
        report.entries += 1
        where = f"entry {n} of {stream} of class {class_id}"
        count, head = heads.get((class_id, stream), (0, b""))
        heads[class_id, stream] = (n + 1, hashed)
        if leaf_hash(data) != hashed:
            yield f"{where}: the leaf's bytes do not have the recorded hash"
        if n != count:
            yield f"{where}: entry {count} was expected here"
        try:
            leaf = Leaf.decode(data)
        except BadLeaf as error:
            yield f"{where}: {error}"
            continue
        if (leaf.class_id, leaf.stream, leaf.n, leaf.t) != (class_id, stream, n, kind):
            yield f"{where}: the leaf says it is another entry"
        report.committed[class_id, stream] += len(leaf.d)
        if leaf.prev != to_base64(head):
            yield f"{where}: it does not follow the entry before it"
    kept = {
        (row[0], row[1]): (row[2], row[3])
        for row in session.execute(
            select(Stream.class_id, Stream.stream, Stream.count, Stream.head).where(Stream.count > 0)
        )
    }
    for key in sorted(heads.keys() | kept.keys()):
        if heads.get(key) != kept.get(key):
            yield f"stream {key[1]} of class {key[0]}: its head row is not that of its entries"


def _log(
    session: Session, log: Log, report: FsckReport, vkeys: Sequence[VKey], mark: checkpoints.Checkpoint | None
) -> Iterator[str]:
    """Tiles, checkpoints and the tree head all speak of the tree over these leaves."""
    notes = {
        size: (root, note)
        for size, root, note in session.execute(
            select(Checkpoint.size, Checkpoint.root, Checkpoint.note).where(Checkpoint.log_id == log.id)
        )
    }
    report.checkpoints += len(notes)
    if log.size and log.size not in notes:
        yield f"log {log.origin}: the tree head of size {log.size} has no checkpoint"
    former = successions(session)
    frontier = Frontier()
    hashes: list[bytes] = []
    latest: dict[tuple[str, str], int] = {}
    for index, class_id, stream, n, data in _published(session, log):
        if index != frontier.size:
            yield f"log {log.origin}: index {frontier.size} is missing"
            return
        if latest.get((class_id, stream), -1) >= n:
            yield f"log {log.origin}: index {index} breaks the order of {stream} of class {class_id}"
        latest[class_id, stream] = n
        hashes.append(leaf_hash(data))
        frontier.append(hashes[-1])
        if frontier.size in notes:
            named = signers_at(log.origin, former, frontier.size, vkeys)
            yield from _checkpoint(log, frontier, notes.pop(frontier.size), *named)
    report.sealed += frontier.size
    if (frontier.size, frontier.root()) != (log.size, log.root):
        yield f"log {log.origin}: the tree head is not that of its {frontier.size} entries"
    for size in notes:
        yield f"log {log.origin}: there is a checkpoint of size {size}, beyond the tree head"
    yield from _tiles(session, log, hashes)
    if mark is not None and mark.origin == present_origin(session, log):
        yield from _mark(session, log, hashes, mark)


def _published(session: Session, log: Log) -> Iterator[tuple[int, str, str, int, bytes]]:
    """Yield (index, class, stream, n, leaf) of what the tree head covers, in the log's order."""
    rows = session.execute(
        select(Position.log_index, Entry.class_id, Entry.stream, Entry.n, Entry.leaf)
        .join(Entry, POSITION_OF_ENTRY)
        .where(Position.log_id == log.id, Position.log_index < log.size)
        .order_by(Position.log_index),
        execution_options={"yield_per": 1000},
    )
    yield from rows


def _checkpoint(
    log: Log, frontier: Frontier, kept: tuple[bytes, str], origin: str, vkeys: Sequence[VKey]
) -> Iterator[str]:
    root, text = kept
    where = f"log {log.origin}, checkpoint of size {frontier.size}"
    if root != frontier.root():
        yield f"{where}: its root is not that of the entries"
    try:
        note = Note.parse(text)
        if checkpoints.Checkpoint.parse(note.text) != checkpoints.Checkpoint(origin, frontier.size, root):
            yield f"{where}: the note speaks of another tree"
        if vkeys:
            note.verify(vkeys, ed25519.verify)
    except (BadNote, checkpoints.BadCheckpoint) as error:
        yield f"{where}: {error}"


def _mark(session: Session, log: Log, hashes: list[bytes], mark: checkpoints.Checkpoint) -> Iterator[str]:
    """Hold the last head the signer signed against the log: its beginning, or about to be published."""
    if mark.size > log.size:
        batch = session.get(Batch, log.id)
        # What was signed and not yet published is still staged, to the entry.
        if batch is None or batch.end_size != mark.size:
            yield f"log {log.origin}: the signer has signed {mark.size} entries, {log.size} are here"
    elif _subtree(hashes[: mark.size]) != mark.root:
        yield f"log {log.origin}: its first {mark.size} entries are not those the signer signed"


def _cosignatures(session: Session, log: Log, report: FsckReport) -> Iterator[str]:
    """Every kept line is the named witness's signature under the checkpoint of its size."""
    rows = session.execute(
        select(Cosignature.size, Cosignature.witness, Cosignature.line, Checkpoint.note)
        .outerjoin(Checkpoint, and_(Checkpoint.log_id == log.id, Checkpoint.size == Cosignature.size))
        .where(Cosignature.log_id == log.id)
    )
    for size, witness, line, text in rows:
        report.cosignatures += 1
        where = f"log {log.origin}, cosignature of {witness.partition('+')[0]} at size {size}"
        if text is None:
            yield f"{where}: there is no checkpoint of this size"
            continue
        try:
            body = text.rpartition("\n\n")[0]
            Note.parse(f"{body}\n\n{line}").verify([VKey.parse(witness)], ed25519.verify)
        except ValueError as error:
            yield f"{where}: {error}"


def _tiles(session: Session, log: Log, hashes: list[bytes]) -> Iterator[str]:
    """Every hash in every tile is that of the complete subtree it stands for."""
    stored = {
        (level, index): data
        for level, index, data in session.execute(
            select(Tile.level, Tile.tile_index, Tile.data).where(Tile.log_id == log.id)
        )
    }
    row = hashes
    for level, full, partial in tiles.widths(log.size):
        for index in range(full + (partial > 0)):
            expected = b"".join(row[index * tiles.WIDTH : (index + 1) * tiles.WIDTH])
            if stored.pop((level, index), None) != expected:
                yield f"log {log.origin}: {tiles.path(level, index, len(expected) // HASH_BYTES)} is wrong"
        row = [_subtree(row[i : i + tiles.WIDTH]) for i in range(0, full * tiles.WIDTH, tiles.WIDTH)]
    for (level, index), data in sorted(stored.items()):
        yield f"log {log.origin}: {tiles.path(level, index, len(data) // HASH_BYTES)} should not exist"


def _subtree(hashes: list[bytes]) -> bytes:
    frontier = Frontier()
    for item in hashes:
        frontier.append(item)
    return frontier.root()


def _places(session: Session, report: FsckReport) -> Iterator[str]:
    """Every entry either waits in the outbox or has one place, staged or sealed; nothing else has one."""
    report.waiting = session.execute(select(func.count()).select_from(Outbox)).scalar_one()
    ends = {batch.log_id: batch.end_size for batch in session.scalars(select(Batch))}
    sizes: dict[int, int] = {row[0]: row[1] for row in session.execute(select(Log.id, Log.size))}
    placed = 0
    for log_id, size in sizes.items():
        end = ends.get(log_id, size)
        counted, last = session.execute(
            select(func.count(), func.max(Position.log_index)).where(Position.log_id == log_id)
        ).one()
        placed += counted
        if counted != end or (counted and last != end - 1):
            yield f"log {log_id}: {counted} places are taken where {end} should be"
    both = session.execute(
        select(func.count())
        .select_from(Outbox)
        .join(
            Position,
            and_(
                Position.class_id == Outbox.class_id,
                Position.stream == Outbox.stream,
                Position.n == Outbox.n,
            ),
        )
    ).scalar_one()
    if both:
        yield f"{both} entries wait although they have a place"
    if report.waiting + placed != report.entries:
        yield f"{report.entries} entries are recorded, but {placed} have a place and {report.waiting} wait"


def _disclosures(session: Session, services: Services, report: FsckReport) -> Iterator[str]:
    """Every value that is still kept is the one its leaf is bound to."""
    rows = session.execute(
        select(
            Disclosure.class_id,
            Disclosure.stream,
            Disclosure.n,
            Disclosure.name,
            Disclosure.sealed,
            Entry.leaf,
        ).outerjoin(
            Entry,
            and_(
                Entry.class_id == Disclosure.class_id,
                Entry.stream == Disclosure.stream,
                Entry.n == Disclosure.n,
            ),
        ),
        execution_options={"yield_per": 1000},
    )
    for class_id, stream, n, name, sealed, data in rows:
        report.disclosures += 1
        if data is None or not _fulfils(services, data, name, sealed):
            yield f"entry {n} of {stream} of class {class_id}: the value of {name} is not the recorded one"


def _fulfils(services: Services, leaf: bytes, name: str, sealed: bytes) -> bool:
    try:
        salt, said, value = opened(services, sealed)
        return said == name and Leaf.decode(leaf).d.get(name) == disclosure_digest(salt, said, value)
    except (ComplianceError, ValueError, TypeError):
        return False
