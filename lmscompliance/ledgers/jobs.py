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
from lmscompliance.kernel.actor import Actor
from lmscompliance.kernel.errors import InvalidInput, NotFound, TooMany
from lmscompliance.ledgers.downloads import ENDINGS, finished
from lmscompliance.ledgers.evidence_files import PHASE, pack
from lmscompliance.ledgers.models import FULL, PUBLIC, LedgerExport
from lmscompliance.ledgers.service import export_for_download, kept_directory
from lmscompliance.services import Services
from lmscompliance.storage.transaction import reading, transaction
from lmscompliance.training import queries

KIND = "ledgers.export"
FILES = "ledgers.files"
_KINDS = (KIND, FILES)
_SHARES = {"entries": (0, 40), "workbook": (40, 35), "pdf": (75, 15), "bundle": (90, 10), PHASE: (0, 100)}
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


def ask_for_files(services: Services, actor: Actor, class_id: str, export_id: str) -> str:
    """Queue the packing of a finished export's evidence files and return the job's id.

    While those of another export of the class are being packed, that job's. Raises ``NotFound`` for an export
    that is not there or is one for the public, which has no files.
    """
    with transaction(services.database) as session:
        found = finished(session, class_id, export_id)
        if found is None or found.form != FULL:
            raise NotFound("web.not_found")
        asked = {"account": actor.account, "export": export_id}
        return queue.enqueue(session, services, FILES, class_id, asked, asked_by=actor.account)


def cancel(services: Services, class_id: str, kind: str = KIND) -> bool:
    """Cancel the class's unfinished job of ``kind``; ``False`` when there is none.

    A worker that is at it stops at its next word of progress and removes what it has made so far.
    """
    with transaction(services.database) as session:
        return queue.cancel(session, kind, class_id)


def waiting(services: Services, class_id: str, kind: str = KIND) -> Waiting | None:
    """Return how the class's newest job of ``kind`` stands; ``None`` when none was ever asked for."""
    with reading(services.database) as session:
        state = queue.newest_of(session, kind, class_id)
    if state is None:
        return None
    outcome = state.outcome
    return Waiting(state.state, state.done, state.total, outcome.get("code", ""), outcome.get("params", {}))


def asked_for(services: Services) -> bool:
    """Tell whether any ledger waits to be built, or any files to be packed."""
    return queue.due(services, _KINDS)


def build_asked(services: Services, signer: Signer) -> int:
    """Do every job of this room that was asked for and return how many there were.

    If the process dies here, the next one that works the queue begins that ledger anew: the same snapshot,
    the same bytes.
    """
    return worker.work_off(services, {KIND: partial(_build, signer), FILES: _pack})


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


def _pack(services: Services, taken: queue.Claim) -> dict[str, Any]:
    """Pack the files of one export; dying here leaves at most a part that the next one writes over."""
    export_id = str(taken.payload.get("export", ""))
    with reading(services.database) as session:
        found = finished(session, taken.subject, export_id)
    if found is None:
        raise NotFound("web.not_found")
    stem = kept_directory(services, taken.subject, export_id) / found.stem
    bundle, target = (stem.with_name(f"{stem.name}{ENDINGS[file]}") for file in ("bundle", "files"))
    return {"files": pack(services, bundle, target, _Told(services, taken))}


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
