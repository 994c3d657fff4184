"""Ledgers asked for on a page: queued with the click, built by whichever process works the queue.

A class has at most one unfinished job a form. How one ends is decided once, under its row's lock: where a
cancellation comes first there is no export, and one that comes later finds nothing to cancel.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy.orm import Session

from lmscompliance.evidence.signer import Signer
from lmscompliance.jobs import aside, queue, worker
from lmscompliance.jobs.aside import Aside
from lmscompliance.kernel.actor import Actor
from lmscompliance.kernel.errors import Conflict, InvalidInput, NotFound, TooMany
from lmscompliance.ledgers.downloads import ENDINGS, finished
from lmscompliance.ledgers.evidence_files import PHASE, write_pack
from lmscompliance.ledgers.models import FULL, KIND, PACKING, PUBLIC
from lmscompliance.ledgers.placing import (
    kept_directory,
    part_of,
    place,
    sweep,
    told_when_full,
)
from lmscompliance.ledgers.service import How, export_for_download
from lmscompliance.services import Services
from lmscompliance.storage.transaction import reading, transaction
from lmscompliance.training import queries

FILES = "files"
_KINDS = {FULL: KIND, PUBLIC: KIND, FILES: PACKING}
"""What is made of a class, with the job's kind: its ledger in each form, and the evidence files of one."""
PHASES = {
    FULL: {"entries": 15, "workbook": 25, "pdf": 50, "bundle": 10},
    PUBLIC: {"entries": 20, "masked": 35, "workbook": 35, "bundle": 10},
    FILES: {PHASE: 100},
}
"""How much each phase is of the whole, in hundredths, as it is for a class of hundreds."""
_WHOLE = 100
_DAY_SECONDS = 86_400
_PAUSE = timedelta(seconds=aside.SECONDS)
"""Progress is written at most so often: each time is a commit beside those of beats."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """The newest job for ``what`` (of ``PHASES``) and how far it is; for ``state`` see ``JobRow``."""

    what: str
    state: str
    done: int
    total: int
    code: str
    params: dict[str, str]

    @property
    def unfinished(self) -> bool:
        """Whether there is still something to wait for."""
        return self.state in {"queued", "running"}

    @property
    def phase(self) -> str:
        """What is being done, a key of ``PHASES``; empty while nobody does anything."""
        begun = [phase for phase, (start, _) in _shares(self.what).items() if start <= self.done]
        return begun[-1] if self.state == "running" else ""


def ask(services: Services, actor: Actor, class_id: str, form: str = FULL) -> str:
    """Queue an export and return the job's id; while one of this form is unfinished, that one's.

    Raises ``InvalidInput`` for an unknown ``form``, and ``TooMany`` when the account, or the class's
    enterprise, has asked for its share of the last 24 hours. Two who ask at the same moment may go one over.
    """
    if form not in {FULL, PUBLIC}:
        raise InvalidInput("ledgers.form")
    kind, subject = _named(class_id, form)
    with transaction(services.database) as session:
        found = queue.unfinished(session, kind, subject)
        if found is not None:
            return found
        enterprise = queries.class_by_id(session, class_id).enterprise_id
        _within_quota(session, services, actor, enterprise)
        return queue.enqueue(
            session,
            services,
            kind,
            subject,
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

    Raises ``NotFound`` for an export that is not there or is one for the public, which has no files, and
    ``Conflict`` while those of another export of the class are being packed.
    """
    kind, subject = _named(class_id, FILES)
    asked = {"account": actor.account, "export": export_id}
    with transaction(services.database) as session:
        found = finished(session, class_id, export_id)
        if found is None or found.form != FULL:
            raise NotFound("web.not_found")
        job = queue.enqueue(session, services, kind, subject, asked, asked_by=actor.account)
        if queue.payload_of(session, job)["export"] != export_id:
            raise Conflict("ledgers.packing_another")
        return job


def cancel(services: Services, class_id: str, what: str = FULL) -> bool:
    """Cancel the class's unfinished job for ``what`` (of ``PHASES``); ``False`` when there is none.

    A worker that is at it stops within a second and removes what it has made so far.
    """
    with transaction(services.database) as session:
        return queue.cancel(session, *_named(class_id, what))


def cancel_all(session: Session, class_id: str) -> None:
    """Cancel whatever is being made of the class, in the caller's transaction."""
    for what in PHASES:
        queue.cancel(session, *_named(class_id, what))


def waiting(services: Services, class_id: str) -> list[Waiting]:
    """Return how the newest job for each thing stands, of those that were ever asked for."""
    with reading(services.database) as session:
        found = [(what, queue.newest_of(session, *_named(class_id, what))) for what in PHASES]
    return [
        Waiting(
            what, job.state, job.done, job.total, job.outcome.get("code", ""), job.outcome.get("params", {})
        )
        for what, job in found
        if job is not None
    ]


def _named(class_id: str, what: str) -> tuple[str, str]:
    """Return a job's kind and subject: who asks for one thing must not be given another."""
    if what not in _KINDS:
        raise InvalidInput("ledgers.form")
    return _KINDS[what], f"{class_id}/{what}" if what == PUBLIC else class_id


def asked_for(services: Services) -> bool:
    """Tell whether any ledger waits to be built, or any files to be packed."""
    return queue.due(services, set(_KINDS.values()))


def build_asked(services: Services, signer: Signer, by: Aside = aside.here) -> int:
    """Do every job of this room that was asked for and return how many there were; the bulk is done ``by``.

    If the process dies here, the next one that works the queue begins that ledger anew: the same snapshot,
    the same bytes. What it left behind is removed before the next ledger is begun, whichever that is.
    """
    if not asked_for(services):
        return 0
    return worker.work_off(services, {KIND: partial(_build, signer, by), _KINDS[FILES]: partial(_pack, by)})


@dataclass(slots=True)
class _Told:
    """Writes progress into the job, at most once a second and never backwards."""

    services: Services
    taken: queue.Claim
    what: str
    done: int = 0
    at: datetime | None = None

    def __call__(self, phase: str, done: int, total: int) -> None:
        now = self.services.clock.now()
        start, share = _shares(self.what)[phase]
        self.done = max(self.done, start + share * min(done, total) // max(total, 1))
        if self.at is not None and abs(now - self.at) < _PAUSE:
            return
        # Also when nothing moved: it says that we live, and hears whether somebody has cancelled.
        self.at = now
        queue.progress(self.services, self.taken, self.done, _WHOLE)


def _shares(what: str) -> dict[str, tuple[int, int]]:
    """Return where each phase begins and how much it is of the whole, in hundredths."""
    begins, shares = 0, {}
    for phase, share in PHASES[what].items():
        shares[phase] = begins, share
        begins += share
    return shares


def _build(signer: Signer, by: Aside, services: Services, taken: queue.Claim) -> None:
    # With the claim in hand: whoever had it before is dead, or will find that it is somebody else's.
    sweep(services)
    class_id = taken.subject.partition("/")[0]
    form = str(taken.payload.get("form", FULL))

    def closing(session: Session) -> None:
        queue.finish(session, taken, {"export": taken.by})

    export_for_download(
        services,
        signer,
        class_id,
        _Told(services, taken, form),
        requested_by=str(taken.payload.get("account", "")),
        pdf=form == FULL,
        form=form,
        # The claim's own id, by which a sweep knows whether anybody is making it.
        how=How(taken.by, by, closing),
    )


def _pack(by: Aside, services: Services, taken: queue.Claim) -> None:
    """Pack the files of one export.

    Dying leaves at most a part under this claim's name, which the next worker removes. One that was taken for
    dead and wakes up gives nothing its name: that is done in the transaction in which its claim still holds.
    """
    export_id = str(taken.payload.get("export", ""))
    with reading(services.database) as session:
        found = finished(session, taken.subject, export_id)
    if found is None:
        raise NotFound("web.not_found")
    stem = kept_directory(services, taken.subject, export_id) / found.stem
    bundle, target = (stem.with_name(f"{stem.name}{ENDINGS[file]}") for file in ("bundle", "files"))
    part = part_of(target, taken.by)
    sweep(services)
    try:
        with told_when_full(target.parent):
            packed = by(partial(write_pack, services, bundle, part), _Told(services, taken, FILES))
            with transaction(services.database) as session:
                queue.finish(session, taken, {"files": packed})
                # Dying here leaves a whole pack of a job that is not done, which the next one packs again.
                place({part: target})
    finally:
        # Who packs aside is killed when somebody cancels, and removes nothing any more.
        part.unlink(missing_ok=True)
