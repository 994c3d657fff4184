"""Checks the stored timestamps again: imprint, signature, chain, times, and that renewals came in time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from lmscompliance.evidence.models import Checkpoint, Log, Timestamp
from lmscompliance.kernel.clock import to_micros
from lmscompliance.tlog.notes import BadNote, Note
from lmscompliance.verifier import rfc3161
from lmscompliance.verifier.rfc3161 import BadTimestamp


@dataclass(slots=True)
class StampCount:
    """How many timestamps were looked at, and how many of them could not be checked for want of a library."""

    stamps: int = 0
    unchecked: int = 0


def bad_timestamps(session: Session, log: Log, count: StampCount) -> Iterator[str]:
    """Yield what is wrong with a log's timestamps (in English, for operators).

    Each is held against the certificates that were kept with it, as of the time it names. Number 0 is of the
    checkpoint's text, each further one of the whole answer before it, made before that one expired. Without
    ``rfc3161-client`` only their sequence is checked.
    """
    rows = session.execute(
        select(Timestamp, Checkpoint.note)
        .outerjoin(Checkpoint, and_(Checkpoint.log_id == Timestamp.log_id, Checkpoint.size == Timestamp.size))
        .where(Timestamp.log_id == log.id)
        .order_by(Timestamp.size, Timestamp.number)
    )
    before: Timestamp | None = None
    for row, note in rows:
        count.stamps += 1
        where = f"log {log.origin}, timestamp {row.number} of size {row.size}"
        last = before if before is not None and before.size == row.size else None
        before = row
        if row.number != (0 if last is None else last.number + 1):
            yield f"{where}: the one before it is missing"
            continue
        if last is not None and row.stamped_at > last.expires_at:
            yield f"{where}: it was made after the one before it had expired"
        message = _message(note) if last is None else last.response
        if message is None:
            yield f"{where}: there is no checkpoint of this size"
        elif not rfc3161.AVAILABLE:
            count.unchecked += 1
        else:
            yield from (f"{where}: {problem}" for problem in _wrong(row, message))


def _message(note: str | None) -> bytes | None:
    if note is None:
        return None
    try:
        return Note.parse(note).text.encode()
    except BadNote:
        return None


def _wrong(row: Timestamp, message: bytes) -> Iterator[str]:
    try:
        chain = rfc3161.certificates(row.chain)
        roots = rfc3161.self_signed(chain)
        # An authority without a configured chain was believed for nothing but what its answer is of.
        made = (
            rfc3161.check(row.response, message, chain, roots)
            if roots
            else rfc3161.read(row.response, message, chain)
        )
    except (BadTimestamp, ValueError) as error:
        yield str(error)
        return
    if (made.time_us, made.expires_us) != (to_micros(row.stamped_at), to_micros(row.expires_at)):
        yield "its times are not those in the answer"
