"""Puts a fact into the evidence log, in the same transaction as the business row it belongs to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

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
    """Append a fact of ``type`` to ``stream`` and queue it for sealing.

    ``body`` goes into the leaf as it is and must hold no personal value; each value of ``disclose`` is
    salted, and only its digest goes into the leaf. ``at`` is when it happened. Raises ``InvalidInput``
    when the leaf would be over 65,535 bytes or holds what canonical JSON cannot.

    Nothing is durable before the caller's transaction commits; if the process dies earlier, neither the
    business row nor the entry is there. Two writers of one stream wait for each other until the commit.
    """
    connection = session.connection()
    n, prev, queued_before = lock_head(connection, services, class_id, stream)
    disclosed = {name: _salted(services, name, value) for name, value in (disclose or {}).items()}
    leaf = Leaf(
        t=type,
        class_id=class_id,
        stream=stream,
        n=n,
        prev=to_base64(prev),
        at_us=to_micros(at),
        body=dict(body),
        d={name: digest_of_text(text) for name, text in disclosed.items()},
    )
    try:
        data = leaf.encode()
    except LeafTooLong as error:
        raise InvalidInput(
            "evidence.leaf_too_long", type=type, stream=stream, size=error.size, limit=MAX_LEAF_BYTES
        ) from error
    except BadLeaf as error:
        raise InvalidInput("evidence.bad_leaf", type=type, stream=stream, reason=str(error)) from error
    hashed = leaf_hash(data)
    # Sealing goes by this time; it may not run backwards within a stream, or n would lose its order.
    queued = max(services.clock.now(), queued_before)
    moved = {"b_class": class_id, "b_stream": stream, "b_count": n + 1, "b_head": hashed, "b_queued": queued}
    connection.execute(_MOVE_HEAD, moved)
    key = {"class_id": class_id, "stream": stream, "n": n}
    connection.execute(_ADD_ENTRY, {**key, "type": type, "leaf_hash": hashed, "leaf": data})
    connection.execute(_ADD_OUTBOX, {**key, "queued_at": queued})
    if disclosed:
        seal = services.vault.seal
        rows = [
            {**key, "name": name, "sealed": seal(DISCLOSURE_PLACE, text)} for name, text in disclosed.items()
        ]
        connection.execute(_ADD_DISCLOSURES, rows)
    return Recorded(stream, n, hashed)


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


def _salted(services: Services, name: str, value: Json) -> str:
    return disclosure_text(to_base64(services.ids.salt()), name, value)
