"""Lists the head of every enrolment's stream in the class's own stream, so that completeness can be shown.

An auditor who has a snapshot and the log up to it knows how many entries each trainee must have: a
failed attempt that is left out cannot hide.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lmscompliance.evidence.models import Entry, HeadsSnapshot
from lmscompliance.evidence.reader import stream_heads
from lmscompliance.evidence.recording import ENROLMENT_PREFIX, class_stream, lock_head, record_in_class
from lmscompliance.kernel import jcs
from lmscompliance.kernel.jcs import Json
from lmscompliance.services import Services
from lmscompliance.tlog.encoding import to_base64
from lmscompliance.tlog.leaf import MAX_LEAF_BYTES

EXPORT = "export"
CLOSE = "close"

_ENVELOPE_BYTES = 1024
"""More than the envelope and the other members of the body ever take."""
_INDIFFERENT = ("class.heads", "export.recorded", "export.signed", "details.revealed")
"""Entries of the class's stream that change nothing a ledger shows."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Where a snapshot stands: entries ``first_n`` to ``first_n + pages - 1`` of the class's stream."""

    id: str
    purpose: str
    taken_at: datetime
    first_n: int
    pages: int
    reused: bool


@dataclass(frozen=True, slots=True)
class DataState:
    """What a class's evidence had come to: entries that matter, and a digest of all streams' heads.

    Two that are equal saw the same facts.
    """

    entries: int
    sha256: str


def data_state(session: Session, class_id: str) -> DataState:
    """Return the state of a class's evidence; takes some ms for thousands of enrolments."""
    heads = _enrolment_heads(session, class_id)
    own = select(func.count()).where(
        Entry.class_id == class_id,
        Entry.stream == class_stream(class_id),
        Entry.type.not_in(_INDIFFERENT),
    )
    count = session.scalar(own) or 0
    digest = hashlib.sha256(jcs.encode([count, heads])).hexdigest()
    return DataState(count + sum(int(str(head[1])) for head in heads), digest)


def _enrolment_heads(session: Session, class_id: str) -> list[list[Json]]:
    return [
        [stream, count, to_base64(head)]
        for stream, count, head in stream_heads(session, class_id)
        if stream.startswith(ENROLMENT_PREFIX)
    ]


def snapshot(session: Session, services: Services, class_id: str, purpose: str) -> Snapshot:
    """Write the heads of all enrolment streams of the class as ``class.heads`` leaves.

    ``purpose`` is ``export`` or ``close``. When no stream of the class has moved since its last snapshot
    (records of exports aside), that one is returned, so that an unchanged class exports the same bytes;
    closing a class never reuses an export's. The session should do this first and then commit: what other
    transactions commit to an enrolment's stream meanwhile is beyond the listed count, not lost.
    """
    # Holding the class's stream makes two snapshots at once one after the other.
    lock_head(session.connection(), services, class_id, class_stream(class_id))
    heads: list[Json] = [*_enrolment_heads(session, class_id)]
    digest = hashlib.sha256(jcs.encode(heads)).digest()
    last = session.execute(
        select(HeadsSnapshot)
        .where(HeadsSnapshot.class_id == class_id)
        .order_by(HeadsSnapshot.first_n.desc())
        .limit(1)
    ).scalar_one_or_none()
    if (
        last is not None
        and last.heads_digest == digest
        and purpose in {EXPORT, last.purpose}
        and not _class_moved(session, last)
    ):
        return Snapshot(last.id, last.purpose, last.taken_at, last.first_n, last.pages, reused=True)
    return _write(session, services, class_id=class_id, purpose=purpose, heads=heads, digest=digest)


def _write(
    session: Session, services: Services, *, class_id: str, purpose: str, heads: list[Json], digest: bytes
) -> Snapshot:
    now = services.clock.now()
    snapshot_id = services.ids.new()
    pages = _paged(heads)
    written = [
        record_in_class(
            session,
            services,
            class_id,
            type="class.heads",
            at=now,
            body={
                "snapshot": snapshot_id,
                "purpose": purpose,
                "page": number,
                "pages": len(pages),
                "heads": page,
            },
        )
        for number, page in enumerate(pages, start=1)
    ]
    first_n = written[0].n
    session.add(
        HeadsSnapshot(
            class_id=class_id,
            id=snapshot_id,
            purpose=purpose,
            taken_at=now,
            first_n=first_n,
            pages=len(pages),
            heads_digest=digest,
        )
    )
    session.flush()
    return Snapshot(snapshot_id, purpose, now, first_n, len(pages), reused=False)


def _paged(heads: list[Json]) -> list[list[Json]]:
    """Cut the list so that each page's leaf keeps within its limit; an empty list is one empty page."""
    pages: list[list[Json]] = [[]]
    room = MAX_LEAF_BYTES - _ENVELOPE_BYTES
    for head in heads:
        size = len(jcs.encode(head)) + 1
        if size > room:
            pages.append([])
            room = MAX_LEAF_BYTES - _ENVELOPE_BYTES
        pages[-1].append(head)
        room -= size
    return pages


def _class_moved(session: Session, last: HeadsSnapshot) -> bool:
    """Tell whether the class's own stream has gained an entry that matters since ``last``."""
    return (
        session.execute(
            select(Entry.n)
            .where(
                Entry.class_id == last.class_id,
                Entry.stream == class_stream(last.class_id),
                Entry.n >= last.first_n + last.pages,
                Entry.type.not_in(_INDIFFERENT),
            )
            .limit(1)
        ).first()
        is not None
    )
