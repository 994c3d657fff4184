"""Reads one stream of the sealed log at a time, as a bundle holds them."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import select
from sqlalchemy.orm import Session

from lmscompliance.evidence.models import POSITION_OF_ENTRY, Disclosure, Entry, Position, Stream
from lmscompliance.evidence.reader import SealedEntry, opened
from lmscompliance.evidence.tree import FIRST_LOG
from lmscompliance.kernel.jcs import Json
from lmscompliance.services import Services

_CHUNK = 500


def stream_entries(
    session: Session, class_id: str, stream: str, count: int, *, size: int, log_id: int = FIRST_LOG
) -> Iterator[SealedEntry]:
    """Yield entries 0 to ``count`` - 1 of ``stream``, as far as they stand below index ``size`` of the log.

    Fewer than ``count`` mean that some of them are not sealed at that size.
    """
    rows = session.execute(
        select(Position.log_index, Entry.leaf)
        .join(Position, POSITION_OF_ENTRY)
        .where(
            Entry.class_id == class_id,
            Entry.stream == stream,
            Entry.n < count,
            Position.log_id == log_id,
            Position.log_index < size,
        )
        .order_by(Entry.n),
        execution_options={"yield_per": _CHUNK},
    )
    for index, leaf in rows:
        yield SealedEntry(index, leaf)


def stream_disclosures(
    session: Session, services: Services, class_id: str, stream: str, count: int
) -> Iterator[tuple[int, str, str, Json]]:
    """Yield (n, name, salt in base64, value) of what entries 0 to ``count`` - 1 of ``stream`` withhold.

    By ``n``, then by name; erased values are simply absent.
    """
    rows = session.execute(
        select(Disclosure.n, Disclosure.name, Disclosure.sealed)
        .where(Disclosure.class_id == class_id, Disclosure.stream == stream, Disclosure.n < count)
        .order_by(Disclosure.n)
    )
    # Sorted here, because databases disagree about the order of texts.
    for n, name, sealed in sorted(rows, key=lambda row: (row[0], row[1])):
        salt, _, value = opened(services, sealed)
        yield n, name, salt, value


def index_of(session: Session, class_id: str, stream: str, n: int, log_id: int = FIRST_LOG) -> int | None:
    """Return the log's index of entry ``n`` of ``stream``; ``None`` until it has one."""
    return session.execute(
        select(Position.log_index).where(
            Position.class_id == class_id,
            Position.stream == stream,
            Position.n == n,
            Position.log_id == log_id,
        )
    ).scalar_one_or_none()


def last_of_type(session: Session, class_id: str, stream: str, type_: str) -> bytes | None:
    """Return the newest leaf of ``type_`` in ``stream``, sealed or not; ``None`` if there is none."""
    return session.execute(
        select(Entry.leaf)
        .where(Entry.class_id == class_id, Entry.stream == stream, Entry.type == type_)
        .order_by(Entry.n.desc())
        .limit(1)
    ).scalar_one_or_none()


def length(session: Session, class_id: str, stream: str) -> int:
    """Return how many entries ``stream`` has, sealed or not."""
    where = Stream.class_id == class_id, Stream.stream == stream
    return session.scalar(select(Stream.count).where(*where)) or 0


def leaf_of(session: Session, class_id: str, stream: str, n: int) -> bytes:
    """Return the exact bytes of an entry, sealed or not."""
    return session.execute(
        select(Entry.leaf).where(Entry.class_id == class_id, Entry.stream == stream, Entry.n == n)
    ).scalar_one()
