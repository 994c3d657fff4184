"""Ledgers asked for on a page: queued with the click, built by whichever process works the queue."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from lmscompliance.evidence.signer import Signer
from lmscompliance.jobs import queue, worker
from lmscompliance.jobs.models import JobRow
from lmscompliance.kernel.actor import Actor
from lmscompliance.kernel.errors import InvalidInput, TooMany
from lmscompliance.ledgers.models import FULL, PUBLIC, LedgerExport
from lmscompliance.ledgers.service import export_for_download
from lmscompliance.services import Services
from lmscompliance.storage.transaction import reading, transaction
from lmscompliance.training import queries

KIND = "ledgers.export"
_SHARES = {"entries": (0, 40), "workbook": (40, 35), "pdf": (75, 15), "bundle": (90, 10)}
"""Where each phase begins and how much it is of the whole, in hundredths."""
_WHOLE = 100
_DAY_SECONDS = 86_400
_PAUSE = timedelta(seconds=1)
"""Progress is written at most so often: each time is a commit beside those of beats."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A class's newest export job and how far it is; for ``state`` see ``JobRow``."""

    state: str
    done: int
    total: int
    code: str
    params: dict[str, str]

    @property
    def unfinished(self) -> bool:
        """Whether there is still something to wait for."""
        return self.state in {"queued", "running"}


def ask(services: Services, actor: Actor, class_id: str, form: str = FULL) -> str:
    """Queue an export and return the job's id; while one is unfinished, that one's.

    Raises ``InvalidInput`` for an unknown ``form``, and ``TooMany`` when the account, or the class's
    enterprise, has asked for its share of the last 24 hours. Two who ask at the same moment may go one over.
    """
    if form not in {FULL, PUBLIC}:
        raise InvalidInput("ledgers.form")
    with transaction(services.database) as session:
        found = queue.unfinished(session, KIND, class_id)
        if found is not None:
            return found
        enterprise = queries.class_by_id(session, class_id).enterprise_id
        _within_quota(session, services, actor, enterprise)
        return queue.enqueue(
            session,
            services,
            KIND,
            class_id,
            {"account": actor.account, "form": form},
            asked_by=actor.account,
            asked_for=enterprise,
        )


def _within_quota(session: Session, services: Services, actor: Actor, enterprise: str) -> None:
    settings = services.settings
    for code, most, count in (
        (
            "ledgers.quota_account",
            settings.exports_per_account,
            queue.asked(session, KIND, seconds=_DAY_SECONDS, by=actor.account),
        ),
        (
            "ledgers.quota_enterprise",
            settings.exports_per_enterprise,
            queue.asked(session, KIND, seconds=_DAY_SECONDS, on_behalf=enterprise),
        ),
    ):
        if count >= most:
            raise TooMany(code, most=most)


def cancel(services: Services, class_id: str) -> bool:
    """Cancel the class's unfinished export; ``False`` when there is none.

    A worker that is at it stops at its next word of progress and removes what it has made so far.
    """
    with transaction(services.database) as session:
        return queue.cancel(session, KIND, class_id)


def waiting(services: Services, class_id: str) -> Waiting | None:
    """Return how the newest export job of the class stands; ``None`` when none was ever asked for."""
    with reading(services.database) as session:
        newest = session.scalar(
            select(JobRow.id)
            .where(JobRow.kind == KIND, JobRow.subject == class_id)
            .order_by(JobRow.id.desc())
        )
        if newest is None:
            return None
        state = queue.state_of(session, newest)
    outcome = state.outcome
    return Waiting(state.state, state.done, state.total, outcome.get("code", ""), outcome.get("params", {}))


def asked_for(services: Services) -> bool:
    """Tell whether any ledger waits to be built."""
    return queue.due(services, [KIND])


def build_asked(services: Services, signer: Signer) -> int:
    """Build every ledger that was asked for and return how many there were.

    If the process dies here, the next one that works the queue begins that ledger anew: the same snapshot,
    the same bytes.
    """
    return worker.work_off(services, {KIND: partial(_build, signer)})


@dataclass(slots=True)
class _Told:
    """Writes progress into the job, at most once a second and never backwards."""

    services: Services
    taken: queue.Claim
    done: int = -1
    at: datetime | None = None

    def __call__(self, phase: str, done: int, total: int) -> None:
        start, share = _SHARES[phase]
        reached, now = start + share * done // max(total, 1), self.services.clock.now()
        if self.at is not None and abs(now - self.at) < _PAUSE:
            return
        # Also when nothing moved: it says that we live, and hears whether somebody has cancelled.
        self.done, self.at = max(self.done, reached), now
        queue.progress(self.services, self.taken, self.done, _WHOLE)


def _build(signer: Signer, services: Services, taken: queue.Claim) -> dict[str, Any]:
    _sweep(services, taken.subject)
    account = str(taken.payload.get("account", ""))
    told = _Told(services, taken)
    form = str(taken.payload.get("form", FULL))
    export = export_for_download(
        services,
        signer,
        taken.subject,
        told,
        requested_by=account,
        pdf=form == FULL,
        form=form,
    )
    return {"export": export.id}


def _sweep(services: Services, class_id: str) -> None:
    """Remove what exports that died or were cancelled have left in the class's export directory.

    Called under the claim of the class's only unfinished job, so whatever is unfinished here is nobody's.
    """
    folder = services.settings.export_dir / class_id
    there = [path for path in folder.iterdir() if path.is_dir()] if folder.is_dir() else []
    with reading(services.database) as session:
        whole = set(
            session.scalars(
                select(LedgerExport.id).where(
                    LedgerExport.class_id == class_id, LedgerExport.finished_at.is_not(None)
                )
            )
        )
    for path in there:
        if path.name not in whole:
            shutil.rmtree(path, ignore_errors=True)
