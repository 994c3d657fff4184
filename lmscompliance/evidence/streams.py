"""Reads one stream of the sealed log at a time, as a bundle holds them."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from lmscompliance.evidence import reader
from lmscompliance.evidence.models import POSITION_OF_ENTRY, Disclosure, Entry, Position, Stream
from lmscompliance.evidence.reader import SealedEntry
from lmscompliance.evidence.recording import DISCLOSURE_PLACE
from lmscompliance.evidence.tree import FIRST_LOG
from lmscompliance.kernel.jcs import Json
from lmscompliance.services import Services
from lmscompliance.storage.statements import table

_CHUNK = 500

# Built once: a class has thousands of streams, and building a statement costs more than running it.
_ENTRIES = (
    select(table(Position).c.log_index, table(Entry).c.leaf, table(Entry).c.type)
    .join_from(table(Entry), table(Position), POSITION_OF_ENTRY)
    .where(
        table(Entry).c.class_id == bindparam("of"),
        table(Entry).c.stream == bindparam("named"),
        table(Entry).c.n < bindparam("below"),
        table(Position).c.log_id == bindparam("log"),
        table(Position).c.log_index < bindparam("size"),
    )
    .order_by(table(Entry).c.n)
)
_DISCLOSURES = (
    select(table(Disclosure).c.n, table(Disclosure).c.name, table(Disclosure).c.sealed)
    .where(
        table(Disclosure).c.class_id == bindparam("of"),
        table(Disclosure).c.stream == bindparam("named"),
        table(Disclosure).c.n < bindparam("below"),
    )
    .order_by(table(Disclosure).c.n)
)


def stream_entries(
    session: Session, class_id: str, stream: str, count: int, *, size: int, log_id: int = FIRST_LOG
) -> Iterator[SealedEntry]:
    """Yield entries 0 to ``count`` - 1 of ``stream``, as far as they stand below index ``size`` of the log.

    Fewer than ``count`` mean that some of them are not sealed at that size.
    """
    of = {"of": class_id, "named": stream, "below": count, "log": log_id, "size": size}
    # A short stream comes at once: a cursor at the server costs more than its rows.
    options = {"yield_per": _CHUNK} if count > _CHUNK else {}
    for index, leaf, kind in session.connection().execute(_ENTRIES, of, execution_options=options):
        yield SealedEntry(index, leaf, kind)


def disclosed_texts(
    session: Session, services: Services, class_id: str, stream: str, count: int
) -> Iterator[tuple[int, str]]:
    """Yield (n, canonical ``[salt,name,value]``) of what entries 0 to ``count`` - 1 of ``stream`` withhold.

    By ``n``, then by name; erased values are simply absent.
    """
    of = {"of": class_id, "named": stream, "below": count}
    # Sorted here, because databases disagree about the order of texts.
    rows = sorted(session.connection().execute(_DISCLOSURES, of), key=lambda row: (row[0], row[1]))
    for n, _, sealed in rows:
        yield n, services.vault.open(DISCLOSURE_PLACE, sealed)


def stream_disclosures(
    session: Session, services: Services, class_id: str, stream: str, count: int
) -> Iterator[tuple[int, str, str, Json]]:
    """Yield (n, name, salt in base64, value) of what entries 0 to ``count`` - 1 of ``stream`` withhold.

    By ``n``, then by name; erased values are simply absent.
    """
    for n, text in disclosed_texts(session, services, class_id, stream, count):
        salt, name, value = reader.disclosed(text)
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


def leaves_of_type(session: Session, class_id: str, stream: str, type_: str) -> list[bytes]:
    """Return every leaf of ``type_`` in ``stream``, sealed or not, in order."""
    where = Entry.class_id == class_id, Entry.stream == stream, Entry.type == type_
    return [*session.scalars(select(Entry.leaf).where(*where).order_by(Entry.n))]


def length(session: Session, class_id: str, stream: str) -> int:
    """Return how many entries ``stream`` has, sealed or not."""
    where = Stream.class_id == class_id, Stream.stream == stream
    return session.scalar(select(Stream.count).where(*where)) or 0


def leaf_of(session: Session, class_id: str, stream: str, n: int) -> bytes:
    """Return the exact bytes of an entry, sealed or not."""
    return session.execute(
        select(Entry.leaf).where(Entry.class_id == class_id, Entry.stream == stream, Entry.n == n)
    ).scalar_one()
