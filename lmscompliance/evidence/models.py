"""Tables of the evidence log.

What is recorded is only ever inserted; the database refuses anything else (``guards``). What moves is small
and can be checked against it: a stream's head, the outbox, the staged batch, the tree head; the guards let
heads and tiles grow and nothing else. Personal values stand apart, encrypted, in ``disclosure``, the one
table whose rows may be erased.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Index, Integer, LargeBinary, String, Text, UniqueConstraint, and_
from sqlalchemy.orm import Mapped, mapped_column

from lmscompliance.evidence import guards
from lmscompliance.storage.base import TABLE_PREFIX, Base
from lmscompliance.storage.statements import table
from lmscompliance.storage.types import Id, Instant

StreamName = String(64)


class Stream(Base):
    """A stream's head: how many entries it has and the leaf hash of its last.

    The row is the lock that keeps ``n`` contiguous: whoever appends holds it until the commit.
    ``queued_at`` never goes back within a stream, whatever the clock does.
    """

    __tablename__ = TABLE_PREFIX + "evidence_stream"

    class_id: Mapped[str] = mapped_column(Id, primary_key=True)
    stream: Mapped[str] = mapped_column(StreamName, primary_key=True)
    count: Mapped[int] = mapped_column(BigInteger)
    head: Mapped[bytes] = mapped_column(LargeBinary)
    queued_at: Mapped[datetime] = mapped_column(Instant)


class Entry(Base):
    """A recorded fact: the exact bytes that are hashed, never rebuilt from columns. Insert only."""

    __tablename__ = TABLE_PREFIX + "evidence_entry"

    class_id: Mapped[str] = mapped_column(Id, primary_key=True)
    stream: Mapped[str] = mapped_column(StreamName, primary_key=True)
    n: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    type: Mapped[str] = mapped_column(String(40))
    leaf_hash: Mapped[bytes] = mapped_column(LargeBinary)
    leaf: Mapped[bytes] = mapped_column(LargeBinary)


class Outbox(Base):
    """An entry that waits for its place in the log; inserted with it, deleted when it is staged.

    Taken in the order (queued_at, class_id, stream, n). No counter is compared, so an entry whose
    transaction commits late is found all the same.
    """

    __tablename__ = TABLE_PREFIX + "evidence_outbox"

    class_id: Mapped[str] = mapped_column(Id, primary_key=True)
    stream: Mapped[str] = mapped_column(StreamName, primary_key=True)
    n: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    queued_at: Mapped[datetime] = mapped_column(Instant, index=True)


class Disclosure(Base):
    """A withheld value: the whole text ``[salt,name,value]``, encrypted. Erasing the row erases the value."""

    __tablename__ = TABLE_PREFIX + "evidence_disclosure"

    class_id: Mapped[str] = mapped_column(Id, primary_key=True)
    stream: Mapped[str] = mapped_column(StreamName, primary_key=True)
    n: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)


class Log(Base):
    """A log and its tree head, which is replaced by compare-and-swap only."""

    __tablename__ = TABLE_PREFIX + "evidence_log"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    origin: Mapped[str] = mapped_column(String(255), unique=True)
    size: Mapped[int] = mapped_column(BigInteger)
    root: Mapped[bytes] = mapped_column(LargeBinary)


class Batch(Base):
    """The entries staged to become ``[start_size, end_size)`` of a log; gone once they are published."""

    __tablename__ = TABLE_PREFIX + "evidence_batch"

    log_id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    start_size: Mapped[int] = mapped_column(BigInteger)
    end_size: Mapped[int] = mapped_column(BigInteger)
    staged_at: Mapped[datetime] = mapped_column(Instant)


class Position(Base):
    """Which entry stands at which index of a log. Insert only; counts once the tree head has passed it."""

    __tablename__ = TABLE_PREFIX + "evidence_position"
    __table_args__ = (
        UniqueConstraint("class_id", "stream", "n"),
        Index("ix_compliance_evidence_position_class_id", "class_id", "log_id", "log_index"),
    )

    log_id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    log_index: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    class_id: Mapped[str] = mapped_column(Id)
    stream: Mapped[str] = mapped_column(StreamName)
    n: Mapped[int] = mapped_column(BigInteger)


POSITION_OF_ENTRY = and_(
    Position.class_id == Entry.class_id, Position.stream == Entry.stream, Position.n == Entry.n
)
"""Joins an entry with where it stands in the log."""


class Tile(Base):
    """A hash tile (C2SP tlog-tiles): up to 256 hashes of 32 bytes. It only grows; a prefix stays a prefix."""

    __tablename__ = TABLE_PREFIX + "evidence_tile"

    log_id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    level: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    tile_index: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    data: Mapped[bytes] = mapped_column(LargeBinary)


class Checkpoint(Base):
    """A signed tree head as published: the whole note, one a size."""

    __tablename__ = TABLE_PREFIX + "evidence_checkpoint"

    log_id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    size: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    root: Mapped[bytes] = mapped_column(LargeBinary)
    note: Mapped[str] = mapped_column(Text)
    published_at: Mapped[datetime] = mapped_column(Instant)


class Cosignature(Base):
    """A witness's signature line under the checkpoint of a size. Insert only, one a witness and size."""

    __tablename__ = TABLE_PREFIX + "evidence_cosignature"

    log_id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    size: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    witness: Mapped[str] = mapped_column(String(512), primary_key=True)
    """The whole verifier key, so that a new key is a new witness."""
    line: Mapped[str] = mapped_column(Text)


class Timestamp(Base):
    """An RFC 3161 answer about the checkpoint of a size. Insert only.

    ``number`` 0 is of the checkpoint's text; each further one is of the whole answer before it, made before
    a certificate that one rests on expired.
    """

    __tablename__ = TABLE_PREFIX + "evidence_timestamp"

    log_id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    size: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    stamped_at: Mapped[datetime] = mapped_column(Instant)
    """The authority's time."""
    expires_at: Mapped[datetime] = mapped_column(Instant)
    """When the first of its certificates expires."""
    response: Mapped[bytes] = mapped_column(LargeBinary)
    """The whole answer (DER)."""
    chain: Mapped[str] = mapped_column(Text)
    """The certificates (PEM) by which it was checked."""


class HeadsSnapshot(Base):
    """A listing of every enrolment stream's head, written into the class's stream (``class.heads``)."""

    __tablename__ = TABLE_PREFIX + "evidence_snapshot"

    class_id: Mapped[str] = mapped_column(Id, primary_key=True)
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    purpose: Mapped[str] = mapped_column(String(16))
    taken_at: Mapped[datetime] = mapped_column(Instant)
    first_n: Mapped[int] = mapped_column(BigInteger)
    pages: Mapped[int] = mapped_column(Integer)
    heads_digest: Mapped[bytes] = mapped_column(LargeBinary)


for _insert_only in (Entry, Position, Checkpoint, Cosignature, Timestamp, HeadsSnapshot):
    guards.append_only(table(_insert_only))
guards.append_only(
    table(Stream),
    may_become="NEW.class_id = OLD.class_id AND NEW.stream = OLD.stream AND NEW.count = OLD.count + 1",
)
guards.append_only(
    table(Log), may_become="NEW.id = OLD.id AND NEW.origin = OLD.origin AND NEW.size > OLD.size"
)
guards.append_only(
    table(Tile),
    may_become="NEW.log_id = OLD.log_id AND NEW.level = OLD.level AND NEW.tile_index = OLD.tile_index "
    "AND substr(NEW.data, 1, length(OLD.data)) = OLD.data",
    replaceable=True,
)
