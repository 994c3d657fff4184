"""Ledgers asked for on a page: queued with the click, built by whichever process works the queue."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

from sqlalchemy import select

from lmscompliance.evidence.signer import Signer
from lmscompliance.jobs import queue, worker
from lmscompliance.jobs.models import JobRow
from lmscompliance.kernel.actor import Actor
from lmscompliance.ledgers.service import export_for_download
from lmscompliance.services import Services
from lmscompliance.storage.transaction import reading, transaction

KIND = "ledgers.export"
_SHARES = {"entries": (0, 50), "workbook": (50, 45), "bundle": (95, 5)}
"""Where each phase begins and how much it is of the whole, in hundredths."""
_WHOLE = 100


@dataclass(frozen=True, slots=True)
class Waiting:
    """A class's newest export job (``queued``, ``running``, ``done`` or ``failed``) and how far it is."""

    state: str
    done: int
    total: int
    code: str
    params: dict[str, str]

    @property
    def unfinished(self) -> bool:
        """Whether there is still something to wait for."""
        return self.state in {"queued", "running"}


def ask(services: Services, actor: Actor, class_id: str) -> str:
    """Queue an export and return the job's id; while one is unfinished, that one's."""
    with transaction(services.database) as session:
        return queue.enqueue(session, services, KIND, class_id, {"account": actor.account})


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


def build_asked(services: Services, signer: Signer) -> int:
    """Build every ledger that was asked for and return how many there were.

    If the process dies here, the next one that works the queue begins that ledger anew.
    """
    return worker.work_off(services, {KIND: partial(_build, signer)})


def _build(signer: Signer, services: Services, taken: queue.Claim) -> dict[str, Any]:
    told = -1

    def progress(phase: str, done: int, total: int) -> None:
        nonlocal told
        start, share = _SHARES[phase]
        reached = start + share * done // max(total, 1)
        # At most a hundred writes, however large the class.
        if reached > told:
            told = reached
            queue.progress(services, taken, reached, _WHOLE)

    account = str(taken.payload.get("account", ""))
    export = export_for_download(services, signer, taken.subject, progress, requested_by=account)
    return {"export": export.id}
