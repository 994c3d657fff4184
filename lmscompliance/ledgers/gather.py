"""Writes a class's sealed evidence as the bundle's data files, stream by stream, with flat memory."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from sqlalchemy.orm import Session

from lmscompliance.documents.archive import Compressor, Deflated, DeflatedFile
from lmscompliance.evidence import class_stream, enrolment_stream, streams
from lmscompliance.evidence.proofs import Proofs
from lmscompliance.jobs.aside import Progress
from lmscompliance.kernel.errors import Conflict
from lmscompliance.services import Services
from lmscompliance.tlog.leaf import Leaf
from lmscompliance.verifier.bundle import DISCLOSURES, ENTRIES, FileDigest, disclosure_line, entry_line

_CHUNK = 1 << 18
_STREAMS = 50
"""Streams that are read as of one moment."""


@dataclass(frozen=True, slots=True)
class Cut:
    """Which part of the log an export holds: a class up to a snapshot, as the tree of ``size`` has it."""

    class_id: str
    snapshot: str
    class_count: int
    """Entries of the class's own stream: all up to the snapshot's last page."""
    size: int


@dataclass(frozen=True, slots=True)
class Gathered:
    """The evidence as it stands in files, and what the rest of a bundle has to know of it."""

    files: list[FileDigest]
    """Entries and disclosures."""
    packed: dict[str, Deflated]
    """Those files again, by name, as the archive takes them."""
    first: int
    """The index of the class's first entry in the log."""
    named: frozenset[int]
    """Sizes of the checkpoints that sessions name as the newest they knew."""


class HashedFile:
    """A file that is hashed while it is written and, with a ``compressor``, deflated beside that."""

    def __init__(self, folder: Path, name: str, compressor: Compressor | None = None) -> None:
        """Create ``folder``/``name``, which must not exist; ``name`` may have directories in it."""
        self._name = name
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        self._file = path.open("xb")
        self._sha256 = hashlib.sha256()
        self._size = self._waiting = 0
        self._parts: list[bytes] = []
        packed = path.with_name(f"{path.name}.deflated")
        self._packed = DeflatedFile(compressor, packed) if compressor is not None else None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self._flush()
        self._file.close()
        if self._packed is not None:
            self._packed.close()

    def write(self, data: bytes) -> None:
        """Append ``data``."""
        self._parts.append(data)
        self._waiting += len(data)
        if self._waiting >= _CHUNK:
            self._flush()

    def digest(self) -> FileDigest:
        """Return name, digest and size of what was written, which is all."""
        self._flush()
        if self._packed is not None:
            self._packed.end()
        return FileDigest(self._name, self._sha256.hexdigest(), self._size)

    def deflated(self) -> dict[str, Deflated]:
        """Return the deflated form by name, where there is one; right once the compressor has finished."""
        return {} if self._packed is None else {self._name: self._packed.deflated()}

    def _flush(self) -> None:
        data = b"".join(self._parts)
        self._parts.clear()
        self._waiting = 0
        self._file.write(data)
        self._sha256.update(data)
        self._size += len(data)
        if self._packed is not None and data:
            self._packed.write(data)


def write_evidence(
    session: Session, services: Services, cut: Cut, folder: Path, progress: Progress
) -> Gathered:
    """Write the entries and disclosures of ``cut`` into ``folder`` and return their digests.

    Raises ``Conflict`` when part of the class is not sealed at the cut's size.
    """
    with (
        Compressor() as compressor,
        HashedFile(folder, ENTRIES, compressor) as entries,
        HashedFile(folder, DISCLOSURES, compressor) as disclosures,
        Proofs(session, cut.size, folder) as proofs,
    ):
        writer = _Writer(session, services, cut, entries, disclosures, proofs, progress)
        listed = _Listed(cut.snapshot)
        writer.write(class_stream(cut.class_id), cut.class_count, listed.take)
        writer.total = cut.class_count + sum(listed.heads.values())
        for number, stream in enumerate(listed.streams()):
            if number % _STREAMS == 0:
                # Entries stay as they are, so each stream may be read as of another moment. A snapshot held
                # through it all would keep what beats leave behind from being cleared away meanwhile.
                session.rollback()
            writer.write(stream, listed.heads[stream])
        digests = [entries.digest(), disclosures.digest()]
        compressor.finish()
        packed = entries.deflated() | disclosures.deflated()
        return Gathered(digests, packed, writer.first or 0, frozenset(writer.named))


@dataclass(slots=True)
class _Writer:
    session: Session
    services: Services
    cut: Cut
    entries: HashedFile
    disclosures: HashedFile
    proofs: Proofs
    progress: Progress
    done: int = 0
    total: int = 0
    first: int | None = None
    named: set[int] = field(default_factory=set)

    def write(self, stream: str, count: int, take: Callable[[bytes], None] | None = None) -> None:
        """Write one stream; ``take`` is shown each of its leaves."""
        cut, found = self.cut, 0
        for entry in streams.stream_entries(self.session, cut.class_id, stream, count, size=cut.size):
            text = entry.leaf.decode("utf-8")
            self.entries.write(entry_line(entry.index, text, self.proofs.text(entry.index)))
            if self.first is None:
                self.first = entry.index
            if entry.type == "session.opened":
                self._name(text)
            if take is not None:
                take(entry.leaf)
            found += 1
        if found != count:
            raise Conflict("ledgers.not_sealed", stream=stream, sealed=found, recorded=count)
        for n, disclosed in streams.disclosed_texts(self.session, self.services, cut.class_id, stream, count):
            self.disclosures.write(disclosure_line(stream, n, disclosed))
        self.done += found
        if take is None:
            # How much there is to do is what the class's own stream says.
            self.progress("entries", self.done, self.total)

    def _name(self, leaf: str) -> None:
        """Note the checkpoint that a session names."""
        after = json.loads(leaf)["body"].get("after")
        if isinstance(after, dict):
            self.named.add(int(after["size"]))


class _Listed:
    """The enrolments of a class, and how many entries each has in a snapshot."""

    def __init__(self, snapshot: str) -> None:
        self._snapshot = snapshot
        self._enrolments: list[tuple[int, str]] = []
        self.heads: dict[str, int] = {}

    def take(self, data: bytes) -> None:
        """Note what a leaf of the class's own stream says of them."""
        leaf = Leaf.decode(data)
        body = leaf.body
        if leaf.t == "enrolment.created":
            self._enrolments.append((int(str(body["ordinal"])), str(body["enrolment"])))
        elif leaf.t == "class.heads" and body["snapshot"] == self._snapshot:
            heads = body["heads"] if isinstance(body["heads"], list) else []
            self.heads |= {str(head[0]): int(str(head[1])) for head in heads if isinstance(head, list)}

    def streams(self) -> list[str]:
        """Return the enrolments' streams in the order of enrolment."""
        return [enrolment_stream(enrolment) for _, enrolment in sorted(self._enrolments)]
