"""Gives waiting entries their places in the log, before anything is signed."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import delete, func, insert, literal, select, tuple_
from sqlalchemy.orm import Session

from lmscompliance.evidence.models import Batch, Log, Outbox, Position
from lmscompliance.evidence.succession import present_origin
from lmscompliance.evidence.tree import FIRST_LOG
from lmscompliance.kernel.errors import Misconfigured
from lmscompliance.services import Services
from lmscompliance.storage.statements import upsert
from lmscompliance.storage.transaction import durable_transaction, reading
from lmscompliance.tlog.merkle import EMPTY_ROOT


@dataclass(frozen=True, slots=True)
class Staged:
    """A batch: entries to become ``[start, end)`` of a log whose tree head is (``start``, ``old_root``)."""

    log_id: int
    start: int
    old_root: bytes
    end: int
    fresh: bool
    """False when the batch was found staged already: by a process that died, or by one still at work."""


def anything_waits(services: Services) -> bool:
    """Tell, without writing, whether there is a staged batch or a waiting entry."""
    with reading(services.database) as session:
        queries = (select(Batch.log_id), select(Outbox.class_id))
        return any(session.execute(query.limit(1)).first() is not None for query in queries)


def stage(services: Services, origin: str, limit: int) -> Staged | None:
    """Return the staged batch of the log, staging up to ``limit`` waiting entries if there is none.

    Positions, the emptied outbox and the batch row are one commit. If the process dies before it, restart
    sees the entries waiting as before; after it, restart finds this batch and goes on with it. The commit
    survives a power cut: the signer will remember the head it leads to, so the database must, too.
    Writers are never locked out: only rows that were committed are taken, by their keys, and an entry that
    is committed later waits for the next batch, after every earlier entry of its stream.
    """
    with durable_transaction(services.database) as session:
        log = _lock_log(session, origin)
        batch = session.get(Batch, log.id)
        if batch is not None:
            return Staged(log.id, batch.start_size, log.root, batch.end_size, fresh=False)
        next_ = (
            select(Outbox.queued_at, Outbox.class_id, Outbox.stream, Outbox.n)
            .order_by(Outbox.queued_at, Outbox.class_id, Outbox.stream, Outbox.n)
            .limit(limit)
            .subquery()
        )
        place = func.row_number().over(order_by=list(next_.c)) + (log.size - 1)
        waiting = select(literal(log.id), place, next_.c.class_id, next_.c.stream, next_.c.n)
        session.execute(
            insert(Position).from_select(["log_id", "log_index", "class_id", "stream", "n"], waiting)
        )
        placed = (Position.log_id == log.id, Position.log_index >= log.size)
        last = session.execute(select(func.max(Position.log_index)).where(*placed)).scalar_one()
        if last is None:
            return None
        keys = select(Position.class_id, Position.stream, Position.n).where(*placed)
        session.execute(delete(Outbox).where(tuple_(Outbox.class_id, Outbox.stream, Outbox.n).in_(keys)))
        session.add(
            Batch(log_id=log.id, start_size=log.size, end_size=last + 1, staged_at=services.clock.now())
        )
        return Staged(log.id, log.size, log.root, last + 1, fresh=True)


def _lock_log(session: Session, origin: str) -> Log:
    """Return the log named ``origin``, locked for this short transaction; the first one opens itself."""
    query = select(Log).with_for_update()
    logs = session.scalars(query).all()
    if not logs:
        # Two processes that open it at once: the second waits for the first's commit and adds nothing.
        first = {"id": FIRST_LOG, "origin": origin, "size": 0, "root": EMPTY_ROOT}
        session.execute(upsert(session.connection(), Log).values(first).on_conflict_do_nothing())
        logs = session.scalars(query).all()
    known = present_origin(session, logs[0])
    if known != origin:
        raise Misconfigured("evidence.other_origin", origin=origin, known=known)
    return logs[0]
