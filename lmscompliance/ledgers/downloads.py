"""The exports of a class that can be downloaded, and the record of who did."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from lmscompliance.identity import looks
from lmscompliance.kernel.actor import Actor
from lmscompliance.kernel.errors import Forbidden, NotFound
from lmscompliance.ledgers import links
from lmscompliance.ledgers.models import FULL, LedgerDownload, LedgerExport
from lmscompliance.ledgers.placing import kept_directory
from lmscompliance.services import Services
from lmscompliance.storage.transaction import reading, transaction

ENDINGS = {
    "workbook": ".xlsx",
    "pdf": ".pdf",
    "signed": ".signed.pdf",
    "bundle": ".lmsev.zip",
    "trust": ".trust",
    "receipt": ".tlog-proof",
    "files": ".files.zip",
}
"""What can be downloaded of an export, and how the files' names end."""


@dataclass(frozen=True, slots=True)
class ExportLine:
    """One finished export as a page lists it."""

    id: str
    form: str
    stem: str
    taken_at: datetime
    finished_at: datetime
    requested_by: str
    data_size: int
    workbook_sha256: str
    workbook_size: int
    bundle_sha256: str
    bundle_size: int
    stamped_at: datetime | None
    printed: bool
    """Whether there is an archive copy, and whether somebody signed it."""
    signed: bool
    packed: bool
    """Whether the evidence files of its bundle are packed (see ``evidence_files``)."""


def finished(session: Session, class_id: str, export_id: str) -> LedgerExport | None:
    """Return the export if its files are complete and offered for download."""
    found = session.get(LedgerExport, (class_id, export_id))
    return found if found is not None and found.kept and found.finished_at is not None else None


def _stands(services: Services, row: LedgerExport, file: str) -> bool:
    return (kept_directory(services, row.class_id, row.id) / f"{row.stem}{ENDINGS[file]}").is_file()


def listed(services: Services, class_id: str, limit: int = 50) -> list[ExportLine]:
    """Return the class's newest finished exports."""
    with reading(services.database) as session:
        rows = session.scalars(
            select(LedgerExport)
            .where(
                LedgerExport.class_id == class_id,
                LedgerExport.kept.is_(True),
                LedgerExport.finished_at.is_not(None),
            )
            .order_by(LedgerExport.recorded_n.desc())
            .limit(limit)
        )
        return [
            ExportLine(
                id=row.id,
                form=row.form,
                stem=row.stem,
                taken_at=row.taken_at,
                finished_at=row.finished_at or row.recorded_at,
                requested_by=row.requested_by,
                data_size=row.data_size,
                workbook_sha256=row.workbook_sha256,
                workbook_size=row.workbook_size,
                bundle_sha256=row.bundle_sha256 or "",
                bundle_size=row.bundle_size or 0,
                stamped_at=row.stamped_at,
                printed=_stands(services, row, "pdf"),
                signed=_stands(services, row, "signed"),
                packed=_stands(services, row, "files"),
            )
            for row in rows
        ]


WHOLE = ("workbook", "pdf", "signed", "bundle", "files")
"""Those of ``ENDINGS`` that hold everybody's full numbers, in the form ``FULL``."""
COMMAND = "command"
"""The occasion of an export at a command line."""


def handed_out(services: Services, actor: Actor, class_id: str, *, purpose: str) -> None:
    """Record that a ledger is written for somebody at a command line; everybody in it finds it."""
    words = looks.checked_purpose(purpose)
    with transaction(services.database) as session:
        place = (class_id, looks.NOBODY)
        looks.record(session, services, actor, place, what=looks.LEDGER, occasion=COMMAND, purpose=words)


def link(
    services: Services, actor: Actor, class_id: str, export_id: str, *, file: str, purpose: str = ""
) -> str:
    """Return a signed link (see ``links``) to ``file`` (of ``ENDINGS``) of an export.

    A ledger holds full ID numbers, so that what it is for has to be said and everybody in it finds it; that
    is durable before the link is handed out. Raises ``NotFound`` for an unknown file, and when the file was
    removed from the export directory; ``InvalidInput`` without a purpose where one is needed.
    """
    if file not in ENDINGS:
        raise NotFound("web.not_found")
    made = links.Link(class_id, export_id, file, actor.account, actor.role.value)
    with transaction(services.database) as session:
        found = _standing(session, services, made)
        if found.form == FULL and file in WHOLE:
            words = looks.checked_purpose(purpose)
            place = (class_id, looks.NOBODY)
            looks.record(session, services, actor, place, what=looks.LEDGER, occasion=file, purpose=words)
    return links.issue(services, made)


def fetch(services: Services, text: str, actor: Actor | None) -> Path:
    """Return the path of the file that a signed link opens, having recorded that it is fetched.

    ``actor`` is whoever is signed in where it is opened. Raises ``Unauthenticated`` for a link that is not
    ours or over, ``Forbidden`` for somebody else's, ``NotFound`` for a file that went.
    """
    opened = links.read(services, text)
    if actor is not None and actor.account != opened.account:
        # It would be recorded as fetched by somebody who did not.
        raise Forbidden("ledgers.link_of_another")
    with transaction(services.database) as session:
        found = _standing(session, services, opened)
        session.add(
            LedgerDownload(
                class_id=opened.class_id,
                id=services.ids.new(),
                export_id=opened.export_id,
                file=opened.file,
                account=opened.account,
                role=opened.role,
                downloaded_at=services.clock.now(),
            )
        )
    return _path(services, found, opened.file)


def _standing(session: Session, services: Services, wanted: links.Link) -> LedgerExport:
    """Return the export, whose file stands; raises ``NotFound``."""
    found = finished(session, wanted.class_id, wanted.export_id)
    if found is None:
        raise NotFound("web.not_found")
    path = _path(services, found, wanted.file)
    if not path.is_file():
        raise NotFound("ledgers.file_gone", name=path.name)
    return found


def _path(services: Services, found: LedgerExport, file: str) -> Path:
    return kept_directory(services, found.class_id, found.id) / f"{found.stem}{ENDINGS[file]}"
