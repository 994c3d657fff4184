"""Leases: at most one process holds a name, for a bounded time, and its writes can prove it.

A holder may be frozen past its time and wake up believing it still holds. Therefore work under a lease
either does no harm twice (the periodic jobs, see docs/architecture.md), or calls ``check`` in the transaction
of each write: it locks the lease's row and compares the fencing token, so a holder that was replaced cannot
commit, and one that is committing cannot be replaced meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from lmscompliance.jobs.models import LeaseRow
from lmscompliance.jobs.moment import SECOND, database_now
from lmscompliance.kernel.errors import Conflict
from lmscompliance.services import Services
from lmscompliance.storage.statements import upsert
from lmscompliance.storage.transaction import transaction


class LeaseLost(Conflict):
    """Somebody else holds the name now, or our time ran out: stop, and write nothing more."""


@dataclass(frozen=True, slots=True)
class Lease:
    """A name that was ours when this was made, and the fencing token that proves it."""

    name: str
    fence: int


def acquire(services: Services, name: str, *, seconds: int) -> Lease | None:
    """Take ``name`` for ``seconds`` of database time; ``None`` while another holds it.

    If the process dies afterwards, the name is free again when the time has passed.
    """
    holder = services.ids.opaque()
    with transaction(services.database) as session:
        fresh = upsert(session, LeaseRow).values(
            name=name, holder=holder, fence=1, expires_us=database_now() + seconds * SECOND
        )
        taken = session.scalar(
            fresh.on_conflict_do_update(
                index_elements=["name"],
                set_={
                    "holder": fresh.excluded.holder,
                    "fence": LeaseRow.fence + 1,
                    "expires_us": fresh.excluded.expires_us,
                },
                where=LeaseRow.expires_us <= database_now(),
            ).returning(LeaseRow.fence)
        )
    return None if taken is None else Lease(name, taken)


def check(session: Session, lease: Lease) -> None:
    """Make sure, until ``session``'s transaction ends, that ``lease`` is held; raise ``LeaseLost`` if not."""
    held = session.scalar(
        select(LeaseRow.name)
        .where(
            LeaseRow.name == lease.name, LeaseRow.fence == lease.fence, LeaseRow.expires_us > database_now()
        )
        .with_for_update()
    )
    if held is None:
        raise LeaseLost("jobs.lease_lost", name=lease.name)


def renew(services: Services, lease: Lease, *, seconds: int) -> None:
    """Hold ``lease`` for another ``seconds`` from now; raises ``LeaseLost`` when it is no longer ours."""
    with transaction(services.database) as session:
        check(session, lease)
        session.execute(
            update(LeaseRow)
            .where(LeaseRow.name == lease.name)
            .values(expires_us=database_now() + seconds * SECOND)
        )


def release(services: Services, lease: Lease) -> None:
    """Free the name at once; a lease that was lost already is left to its new holder."""
    with transaction(services.database) as session:
        session.execute(
            update(LeaseRow)
            .where(LeaseRow.name == lease.name, LeaseRow.fence == lease.fence)
            .values(expires_us=0)
        )


@contextmanager
def held(services: Services, name: str, *, seconds: int) -> Iterator[Lease | None]:
    """Hold ``name`` for the block if it is free; yield ``None`` when another has it."""
    lease = acquire(services, name, seconds=seconds)
    try:
        yield lease
    finally:
        if lease is not None:
            release(services, lease)
