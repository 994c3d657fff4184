"""Puts a fact into the evidence log, in the same transaction as the business row it belongs to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple, Protocol

from sqlalchemy import Connection, bindparam, insert, select, update
from sqlalchemy.orm import Session

from lmscompliance.evidence.models import Disclosure, Entry, Outbox, Stream
from lmscompliance.kernel.clock import to_micros
from lmscompliance.kernel.errors import InvalidInput
from lmscompliance.kernel.jcs import Json
from lmscompliance.services import Services
from lmscompliance.storage.statements import table, upsert
from lmscompliance.tlog.encoding import to_base64
from lmscompliance.tlog.leaf import (
    MAX_LEAF_BYTES,
    BadLeaf,
    Leaf,
    LeafTooLong,
    digest_of_text,
    disclosure_text,
    leaf_hash,
)

ENROLMENT_PREFIX = "enrolment/"

DISCLOSURE_PLACE = f"{Disclosure.__tablename__}.sealed"
"""What a disclosure's ciphertext is bound to in the vault."""

# Built once: compiling a statement costs more than running it.
_HEAD = (
    select(Stream.count.label("n"), Stream.head, Stream.queued_at)
    .where(Stream.class_id == bindparam("b_class"), Stream.stream == bindparam("b_stream"))
    .with_for_update()
)
_MOVE_HEAD = (
    update(table(Stream))
    .where(Stream.class_id == bindparam("b_class"), Stream.stream == bindparam("b_stream"))
    .values(count=bindparam("b_count"), head=bindparam("b_head"), queued_at=bindparam("b_queued"))
)
_ADD_ENTRY = insert(table(Entry))
_ADD_OUTBOX = insert(table(Outbox))
_ADD_DISCLOSURES = insert(table(Disclosure))


@dataclass(frozen=True, slots=True)
class Fact:
    """What is to be recorded: ``body`` goes into the leaf as it is and must hold no personal value.

    Each value of ``disclose`` is salted, and only its digest goes into the leaf.
    """

    type: str
    body: Mapping[str, Json]
    disclose: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Recorded:
    """Where a fact was put: entry ``n`` of ``stream``, and the hash of its leaf (for a receipt)."""

    stream: str
    n: int
    leaf_hash: bytes


def class_stream(class_id: str) -> str:
    """Return the name of a class's own stream."""
    return f"class/{class_id}"


def enrolment_stream(enrolment_id: str) -> str:
    """Return the name of an enrolment's stream; ``enrolment_id`` is the random subject id."""
    return ENROLMENT_PREFIX + enrolment_id


def record(
    session: Session,
    services: Services,
    *,
    class_id: str,
    stream: str,
    type: str,  # noqa: A002  # the word every leaf, table and document uses for it
    at: datetime,
    body: Mapping[str, Json],
    disclose: Mapping[str, Json] | None = None,
) -> Recorded:
    """Append one fact that happened ``at`` a moment to ``stream``, as ``record_each`` does several."""
    fact = Fact(type, body, disclose or {})
    (recorded,) = record_each(session, services, class_id=class_id, stream=stream, at=at, facts=[fact])
    return recorded


class OfEnrolment(Protocol):
    """A row, or a value, that says whose it is."""

    @property
    def class_id(self) -> str:
        """The class."""
        ...

    @property
    def enrolment_id(self) -> str:
        """The enrolment within it."""
        ...


class Owner(NamedTuple):
    """An enrolment, where no row is at hand that says so."""

    class_id: str
    enrolment_id: str


def record_for(
    session: Session,
    services: Services,
    of: OfEnrolment,
    *,
    type: str,  # noqa: A002  # as above
    body: Mapping[str, Json],
    disclose: Mapping[str, Json] | None = None,
    at: datetime | None = None,
) -> Recorded:
    """Append one fact to the stream of the enrolment ``of`` belongs to; it happened now unless ``at``."""
    return record(
        session,
        services,
        class_id=of.class_id,
        stream=enrolment_stream(of.enrolment_id),
        type=type,
        at=at or services.clock.now(),
        body=body,
        disclose=disclose,
    )


def record_in_class(
    session: Session,
    services: Services,
    class_id: str,
    *,
    type: str,  # noqa: A002  # as above
    body: Mapping[str, Json],
    disclose: Mapping[str, Json] | None = None,
    at: datetime | None = None,
) -> Recorded:
    """Append one fact to a class's own stream; it happened now unless ``at``."""
    return record(
        session,
        services,
        class_id=class_id,
        stream=class_stream(class_id),
        type=type,
        at=at or services.clock.now(),
        body=body,
        disclose=disclose,
    )


def record_each(
    session: Session, services: Services, *, class_id: str, stream: str, at: datetime, facts: Sequence[Fact]
) -> list[Recorded]:
    """Append facts that happened at one moment to ``stream``, in order, and queue them for sealing.

    Raises ``InvalidInput`` when a leaf would be over 65,535 bytes or holds what canonical JSON cannot.

    Nothing is durable before the caller's transaction commits; if the process dies earlier, neither the
    business row nor an entry is there. Two writers of one stream wait for each other until the commit.
    """
    connection = session.connection()
    n, prev, queued_before = lock_head(connection, services, class_id, stream)
    # Sealing goes by this time; it may not run backwards within a stream, or n would lose its order.
    queued = max(services.clock.now(), queued_before)
    entries: list[dict[str, object]] = []
    disclosures: list[dict[str, object]] = []
    recorded = []
    for fact in facts:
        disclosed = {name: _salted(services, name, value) for name, value in fact.disclose.items()}
        leaf = Leaf(
            t=fact.type,
            class_id=class_id,
            stream=stream,
            n=n,
            prev=to_base64(prev),
            at_us=to_micros(at),
            body=dict(fact.body),
            d={name: digest_of_text(text) for name, text in disclosed.items()},
        )
        data = _encoded(leaf)
        prev = leaf_hash(data)
        key = {"class_id": class_id, "stream": stream, "n": n}
        entries.append({**key, "type": fact.type, "leaf_hash": prev, "leaf": data})
        disclosures += [
            {**key, "name": name, "sealed": services.vault.seal(DISCLOSURE_PLACE, text)}
            for name, text in disclosed.items()
        ]
        recorded.append(Recorded(stream, n, prev))
        n += 1
    where = {"b_class": class_id, "b_stream": stream, "b_queued": queued}
    # Fact by fact: the database lets a head move by one entry only.
    moves = [{**where, "b_count": one.n + 1, "b_head": one.leaf_hash} for one in recorded]
    connection.execute(_MOVE_HEAD, moves)
    connection.execute(_ADD_ENTRY, entries)
    outbox = [{"class_id": class_id, "stream": stream, "n": one.n, "queued_at": queued} for one in recorded]
    connection.execute(_ADD_OUTBOX, outbox)
    if disclosures:
        connection.execute(_ADD_DISCLOSURES, disclosures)
    return recorded


def lock_head(
    connection: Connection, services: Services, class_id: str, stream: str
) -> tuple[int, bytes, datetime]:
    """Return (count, head, queued_at) of the stream, locked until the commit; open it if it is new."""
    where = {"b_class": class_id, "b_stream": stream}
    head = connection.execute(_HEAD, where).one_or_none()
    if head is None:
        # Two first writers: the second waits here for the first's commit, then reads what it left.
        new = {"class_id": class_id, "stream": stream, "count": 0, "head": b""}
        opening = upsert(connection, Stream).on_conflict_do_nothing()
        connection.execute(opening, {**new, "queued_at": services.clock.now()})
        head = connection.execute(_HEAD, where).one()
    return head[0], head[1], head[2]


def _encoded(leaf: Leaf) -> bytes:
    try:
        return leaf.encode()
    except LeafTooLong as error:
        raise InvalidInput(
            "evidence.leaf_too_long", type=leaf.t, stream=leaf.stream, size=error.size, limit=MAX_LEAF_BYTES
        ) from error
    except BadLeaf as error:
        raise InvalidInput("evidence.bad_leaf", type=leaf.t, stream=leaf.stream, reason=str(error)) from error


def _salted(services: Services, name: str, value: Json) -> str:
    return disclosure_text(to_base64(services.ids.salt()), name, value)
