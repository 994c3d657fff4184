"""Writes a class's sealed evidence as the bundle's data files, stream by stream, with flat memory."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from sqlalchemy.orm import Session

from lmscompliance.evidence import class_stream, enrolment_stream, reader, streams
from lmscompliance.kernel.errors import Conflict
from lmscompliance.services import Services
from lmscompliance.tlog.leaf import Leaf
from lmscompliance.verifier.bundle import DISCLOSURES, ENTRIES, Disclosure, Entry, FileDigest

Progress = Callable[[str, int, int], None]
"""Told the phase (``entries``, ``workbook``, ``pdf``, ``bundle``), what is done and what there is to do."""


@dataclass(frozen=True, slots=True)
class Cut:
    """Which part of the log an export holds: a class up to a snapshot, as the tree of ``size`` has it."""

    class_id: str
    snapshot: str
    class_count: int
    """Entries of the class's own stream: all up to the snapshot's last page."""
    size: int


class HashedFile:
    """A file that is hashed while it is written."""

    def __init__(self, folder: Path, name: str) -> None:
        """Create ``folder``/``name``, which must not exist; ``name`` may have directories in it."""
        self._name = name
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        self._file = path.open("xb")
        self._sha256 = hashlib.sha256()
        self._size = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def write(self, data: bytes) -> None:
        """Append ``data``."""
        self._file.write(data)
        self._sha256.update(data)
        self._size += len(data)

    def digest(self) -> FileDigest:
        """Return name, digest and size of what was written."""
        return FileDigest(self._name, self._sha256.hexdigest(), self._size)


def write_evidence(
    session: Session, services: Services, cut: Cut, folder: Path, progress: Progress
) -> tuple[FileDigest, FileDigest]:
    """Write the entries and disclosures of ``cut`` into ``folder`` and return their digests.

    Raises ``Conflict`` when part of the class is not sealed at the cut's size.
    """
    with HashedFile(folder, ENTRIES) as entries, HashedFile(folder, DISCLOSURES) as disclosures:
        writer = _Writer(session, services, cut, entries, disclosures, progress)
        listed = writer.write(class_stream(cut.class_id), cut.class_count)
        ordered, heads = _listed(listed, cut.snapshot)
        writer.total = cut.class_count + sum(heads.values())
        for stream in ordered:
            writer.write(stream, heads[stream])
        return entries.digest(), disclosures.digest()


@dataclass(slots=True)
class _Writer:
    session: Session
    services: Services
    cut: Cut
    entries: HashedFile
    disclosures: HashedFile
    progress: Progress
    done: int = 0
    total: int = 0

    def write(self, stream: str, count: int) -> list[Leaf]:
        """Write one stream; return its leaves if it is the class's own (which is short)."""
        cut, kept = self.cut, []
        own = stream == class_stream(cut.class_id)
        found = 0
        for entry in streams.stream_entries(self.session, cut.class_id, stream, count, size=cut.size):
            proof = reader.inclusion_proof(self.session, entry.index, cut.size)
            self.entries.write(Entry(entry.index, entry.leaf.decode("utf-8"), tuple(proof)).encode())
            if own:
                kept.append(Leaf.decode(entry.leaf))
            found += 1
        if found != count:
            raise Conflict("ledgers.not_sealed", stream=stream, sealed=found, recorded=count)
        for n, name, salt, value in streams.stream_disclosures(
            self.session, self.services, cut.class_id, stream, count
        ):
            self.disclosures.write(Disclosure(stream, n, name, salt, value).encode())
        self.done += found
        self.progress("entries", self.done, max(self.total, self.done))
        return kept


def _listed(leaves: list[Leaf], snapshot: str) -> tuple[list[str], dict[str, int]]:
    """Return the enrolment streams in the order of enrolment, and how many entries each has."""
    enrolments: list[tuple[int, str]] = []
    heads: dict[str, int] = {}
    for leaf in leaves:
        body = leaf.body
        if leaf.t == "enrolment.created":
            enrolments.append((int(str(body["ordinal"])), str(body["enrolment"])))
        elif leaf.t == "class.heads" and body["snapshot"] == snapshot and isinstance(body["heads"], list):
            heads |= {str(head[0]): int(str(head[1])) for head in body["heads"] if isinstance(head, list)}
    return [enrolment_stream(enrolment) for _, enrolment in sorted(enrolments)], heads
