"""Writes the earlier checkpoints of a bundle: those with a time from outside, and those sessions name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from lmscompliance.evidence import reader, stamping
from lmscompliance.evidence.models import Checkpoint, Cosignature
from lmscompliance.evidence.tree import FIRST_LOG
from lmscompliance.ledgers.gather import HashedFile
from lmscompliance.tlog.notes import Note
from lmscompliance.verifier.bundle import CHECKPOINTS, EarlierCheckpoint, FileDigest

_COSIGNED_EVERY = timedelta(minutes=15)
"""One cosigned checkpoint in this time is enough: a log is sealed every few seconds."""


def write_earlier(
    session: Session, folder: Path, size: int, later: int, *, first: int, named: Iterable[int]
) -> FileDigest:
    """Write ``timestamps/checkpoints.ndjson`` into ``folder``.

    ``size`` is the data checkpoint's and ``later`` that of the checkpoint the export is recorded under;
    ``first`` is the index of the class's first entry, ``named`` the sizes of checkpoints that sessions name.
    """
    stamps = stamping.stamps_between(session, first, later)
    wanted = {one for one in named if 0 < one < size} | stamps.keys() | _cosigned(session, first, later)
    tree = reader.tree(session)
    with HashedFile(folder, CHECKPOINTS) as file:
        for one in sorted(wanted | {later}):
            proof = tree.consistency(min(one, size), max(one, size)) if one != size else []
            text = Note.parse(reader.checkpoint(session, one)).text
            lines = reader.cosignatures(session, one)
            file.write(EarlierCheckpoint(text, tuple(proof), tuple(lines), stamps.get(one, ())).encode())
        return file.digest()


def _cosigned(session: Session, first: int, later: int) -> set[int]:
    """Return sizes of cosigned checkpoints above ``first``, thinned out, with the last of them."""
    rows = session.execute(
        select(Checkpoint.size, Checkpoint.published_at)
        .where(
            Checkpoint.log_id == FIRST_LOG,
            Checkpoint.size > first,
            Checkpoint.size <= later,
            Checkpoint.size.in_(select(Cosignature.size).where(Cosignature.log_id == FIRST_LOG)),
        )
        .order_by(Checkpoint.size)
    )
    return set(_thinned((size, at) for size, at in rows))


def _thinned(rows: Iterator[tuple[int, datetime]]) -> Iterator[int]:
    last, kept = None, None
    for size, at in rows:
        last = size
        if kept is None or at - kept >= _COSIGNED_EVERY:
            kept = at
            yield size
    if last is not None:
        yield last
