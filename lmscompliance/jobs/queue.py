"""The job table: enqueue with the fact, claim, report progress, finish or fail.

Claiming skips rows that another worker is claiming (``FOR UPDATE SKIP LOCKED`` on PostgreSQL; SQLite has
one writer at a time by ``BEGIN IMMEDIATE``). Each claim raises the job's fencing token, and every later
write compares it, so a worker that was taken for dead cannot overwrite its successor.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select, update
from sqlalchemy.orm import Session

from lmscompliance.jobs.models import JobRow
from lmscompliance.jobs.moment import SECOND, database_now
from lmscompliance.kernel.errors import Conflict, NotFound
from lmscompliance.services import Services
from lmscompliance.storage.statements import upsert
from lmscompliance.storage.transaction import reading, transaction

CLAIM_SECONDS = 120
"""How long a worker may be silent before its job goes to another; progress reports renew it."""

MAX_CLAIMS = 5
"""A job that killed this many workers is failed instead of killing another."""


class ClaimLost(Conflict):
    """The job was cancelled or given to another worker: stop, and write nothing more."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A job in our hands, and the fencing token that proves it."""

    id: str
    kind: str
    subject: str
    payload: dict[str, Any]
    fence: int
    by: str
    """This claim's own id: the next one of the same job has another."""


@dataclass(frozen=True, slots=True)
class JobState:
    """What a waiting person sees of a job."""

    id: str
    kind: str
    subject: str
    state: str
    done: int
    total: int
    outcome: dict[str, Any]

    @property
    def unfinished(self) -> bool:
        """Whether there is still something to wait for."""
        return self.state in {"queued", "running"}


def enqueue(
    session: Session,
    services: Services,
    kind: str,
    subject: str,
    payload: dict[str, Any] | None = None,
    *,
    asked_by: str = "",
    asked_for: str = "",
) -> str:
    """Queue work in the caller's transaction and return the job's id.

    ``asked_by`` and ``asked_for`` are what ``asked`` counts by. While an unfinished job of the same kind and
    subject exists, that one's id is returned instead.
    """
    while True:
        made = session.scalar(
            upsert(session, JobRow)
            .values(
                id=services.ids.new(),
                kind=kind,
                subject=subject,
                payload=json.dumps(payload or {}, ensure_ascii=False),
                state="queued",
                due_us=database_now(),
                fence=0,
                claimed_by="",
                claimed_until_us=0,
                done=0,
                total=0,
                outcome="",
                asked_by=asked_by,
                asked_for=asked_for,
            )
            .on_conflict_do_nothing()
            .returning(JobRow.id)
        )
        found = made or unfinished(session, kind, subject)
        if found is not None:  # else it finished between the two statements: queue anew
            return found


def unfinished(session: Session, kind: str, subject: str) -> str | None:
    """Return the id of the job of this kind and subject that waits or is being worked on."""
    return session.scalar(select(JobRow.id).where(*_unfinished(kind, subject)))


def asked(session: Session, kind: str, *, seconds: int, by: str = "", on_behalf: str = "") -> int:
    """Count the jobs of ``kind`` queued in the last ``seconds`` by an account or for an enterprise."""
    query = select(func.count()).where(JobRow.kind == kind, JobRow.due_us > database_now() - seconds * SECOND)
    if by:
        query = query.where(JobRow.asked_by == by)
    if on_behalf:
        query = query.where(JobRow.asked_for == on_behalf)
    return session.execute(query).scalar_one()


def cancel(session: Session, kind: str, subject: str) -> bool:
    """Cancel the unfinished job in the caller's transaction; ``False`` when there is none.

    A worker that is at it finds its claim lost at its next word of progress, and leaves nothing behind.
    """
    cancelled = session.execute(
        update(JobRow)
        .where(*_unfinished(kind, subject))
        .values(state="cancelled", finished_us=database_now())
        .returning(JobRow.id)
        .execution_options(synchronize_session=False)
    )
    return cancelled.first() is not None


def _unfinished(kind: str, subject: str) -> tuple[ColumnElement[bool], ...]:
    return JobRow.kind == kind, JobRow.subject == subject, JobRow.state.in_(("queued", "running"))


def _claimable(kinds: Collection[str]) -> ColumnElement[bool]:
    free = or_(
        and_(JobRow.state == "queued", JobRow.due_us <= database_now()),
        and_(JobRow.state == "running", JobRow.claimed_until_us <= database_now()),
    )
    return and_(JobRow.kind.in_(kinds), JobRow.fence < MAX_CLAIMS, free)


def due(services: Services, kinds: Collection[str]) -> bool:
    """Tell whether a worker would find something to do."""
    with reading(services.database) as session:
        return session.scalar(select(JobRow.id).where(_claimable(kinds)).limit(1)) is not None


def claim(services: Services, kinds: Collection[str], *, seconds: int = CLAIM_SECONDS) -> Claim | None:
    """Take the longest-due job of ``kinds`` that nobody is working on; ``None`` when there is none.

    If the process dies afterwards, the job is claimable again once ``seconds`` have passed.
    """
    oldest = (
        select(JobRow.id)
        .where(_claimable(kinds))
        .order_by(JobRow.due_us, JobRow.id)
        .limit(1)
        .with_for_update(skip_locked=True)
        .scalar_subquery()
    )
    with transaction(services.database) as session:
        _fail_worn_out(session)
        row = session.execute(
            update(JobRow)
            .where(JobRow.id == oldest)
            .values(
                state="running",
                fence=JobRow.fence + 1,
                claimed_by=services.ids.opaque(),
                claimed_until_us=database_now() + seconds * SECOND,
            )
            .returning(
                JobRow.id, JobRow.kind, JobRow.subject, JobRow.payload, JobRow.fence, JobRow.claimed_by
            )
            .execution_options(synchronize_session=False)
        ).one_or_none()
    if row is None:
        return None
    return Claim(row.id, row.kind, row.subject, json.loads(row.payload), row.fence, row.claimed_by)


def held(session: Session, kind: str) -> set[str]:
    """Return the claims (``Claim.by``) of ``kind`` that nobody has taken over, cancelled or finished."""
    return set(
        session.scalars(select(JobRow.claimed_by).where(JobRow.kind == kind, JobRow.state == "running"))
    )


def check(session: Session, taken: Claim) -> None:
    """Make sure, until the transaction ends, that the claim is ours; raise ``ClaimLost`` if not."""
    held = session.scalar(
        select(JobRow.id)
        .where(JobRow.id == taken.id, JobRow.fence == taken.fence, JobRow.state == "running")
        .with_for_update()
    )
    if held is None:
        raise ClaimLost("jobs.claim_lost", job=taken.id)


def progress(
    services: Services, taken: Claim, done: int, total: int, *, seconds: int = CLAIM_SECONDS
) -> None:
    """Say how far the work is, and that its worker lives; raises ``ClaimLost``."""
    with transaction(services.database) as session:
        check(session, taken)
        _set(session, taken, done=done, total=total, claimed_until_us=database_now() + seconds * SECOND)


def finish(session: Session, taken: Claim, outcome: dict[str, Any] | None = None) -> None:
    """Mark the job done in the transaction that makes its result durable; raises ``ClaimLost``."""
    check(session, taken)
    _end(session, taken, "done", outcome or {})


def fail(session: Session, taken: Claim, outcome: dict[str, Any]) -> None:
    """Mark the job failed for good, with what to tell the person who waits; raises ``ClaimLost``."""
    check(session, taken)
    _end(session, taken, "failed", outcome)


def state_of(session: Session, job_id: str) -> JobState:
    """Return how a job stands; raises ``NotFound``."""
    row = session.get(JobRow, job_id, populate_existing=True)
    if row is None:
        raise NotFound("jobs.no_such_job", job=job_id)
    outcome = json.loads(row.outcome) if row.outcome else {}
    return JobState(row.id, row.kind, row.subject, row.state, row.done, row.total, outcome)


def newest_of(session: Session, kind: str, subject: str) -> JobState | None:
    """Return how the newest job of a kind and subject stands; ``None`` when there never was one."""
    newest = session.scalar(
        select(JobRow.id)
        .where(JobRow.kind == kind, JobRow.subject == subject)
        .order_by(JobRow.due_us.desc(), JobRow.id.desc())
        .limit(1)
    )
    return None if newest is None else state_of(session, newest)


def payload_of(session: Session, job_id: str) -> dict[str, Any]:
    """Return what a job was queued with; raises ``NotFound``."""
    row = session.get(JobRow, job_id)
    if row is None:
        raise NotFound("jobs.no_such_job", job=job_id)
    found: dict[str, Any] = json.loads(row.payload)
    return found


def _fail_worn_out(session: Session) -> None:
    session.execute(
        update(JobRow)
        .where(
            JobRow.state == "running",
            JobRow.claimed_until_us <= database_now(),
            JobRow.fence >= MAX_CLAIMS,
        )
        .values(state="failed", finished_us=database_now(), outcome='{"code": "jobs.worn_out"}')
        .execution_options(synchronize_session=False)
    )


def _end(session: Session, taken: Claim, state: str, outcome: dict[str, Any]) -> None:
    _set(
        session,
        taken,
        state=state,
        outcome=json.dumps(outcome, ensure_ascii=False),
        finished_us=database_now(),
    )


def _set(session: Session, taken: Claim, **values: Any) -> None:
    session.execute(
        update(JobRow)
        .where(JobRow.id == taken.id)
        .values(**values)
        .execution_options(synchronize_session=False)
    )
