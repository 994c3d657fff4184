"""Printed sign-in sheets, and their scans: what was on paper is kept with what the teacher entered from it.

A sheet's QR code says which class, lesson, plan and list of people it was printed for, so that a page found
years later can be told apart from one drawn up afterwards.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from lmscompliance import evidence
from lmscompliance.attendance import codes
from lmscompliance.attendance.access import meeting_scope, offline_lesson
from lmscompliance.attendance.lists import Meeting, meeting
from lmscompliance.attendance.models import PrintedSheet, Scan
from lmscompliance.attendance.signing import Reader
from lmscompliance.files import service as files
from lmscompliance.kernel import jcs
from lmscompliance.kernel.actor import Actor
from lmscompliance.kernel.clock import to_micros
from lmscompliance.kernel.errors import NotFound
from lmscompliance.services import Services
from lmscompliance.storage.transaction import reading, transaction
from lmscompliance.training import queries
from lmscompliance.training.queries import RosterEntry


@dataclass(frozen=True, slots=True)
class SheetPage:
    """A sheet as it is printed; ``changed`` says that people were enrolled since."""

    meeting: Meeting
    sheet_id: str
    digest: str
    printed_at: datetime
    people: Sequence[RosterEntry]
    changed: bool
    code: str
    scans: Sequence[Scan]


def sheet_scope(services: Services, actor: Actor, arguments: dict[str, str]) -> None:
    """Raise ``NotFound`` unless the lesson is in scope and the sheet (and scan) of the path is of it."""
    meeting_scope(services, actor, arguments)
    with reading(services.database) as session:
        sheet = _sheet(session, arguments["class_id"], arguments["lesson_id"], arguments["sheet_id"])
        if "sha256" in arguments:
            _scan(session, sheet, arguments["sha256"])


def print_sheet(services: Services, reader: Reader, class_id: str, lesson_id: str) -> str:
    """Record that a sheet is printed for the people enrolled now, and return its id."""
    now = services.clock.now()
    with transaction(services.database) as session:
        class_ = queries.locked_class(session, class_id)
        lesson = offline_lesson(session, class_id, lesson_id)
        people = [one.id for one in queries.roster(session, class_id)]
        sheet = PrintedSheet(
            class_id=class_id,
            lesson_id=lesson.id,
            id=services.ids.new(),
            plan_version=class_.plan_version,
            digest=_digest(class_id, lesson_id, class_.plan_version, people),
            printed_at=now,
        )
        session.add(sheet)
        evidence.record(
            session,
            services,
            class_id=class_id,
            stream=evidence.class_stream(class_id),
            type="attendance.printed",
            at=now,
            body={
                "sheet": sheet.id,
                "lesson": lesson_id,
                "plan_version": sheet.plan_version,
                "people": len(people),
                "digest": sheet.digest,
            },
            disclose={"by": reader.actor.account, "ip": reader.ip},
        )
        return sheet.id


def sheet_page(services: Services, class_id: str, lesson_id: str, sheet_id: str) -> SheetPage:
    """Return a sheet for printing; raises ``NotFound``."""
    with reading(services.database) as session:
        sheet = _sheet(session, class_id, lesson_id, sheet_id)
        lesson = offline_lesson(session, class_id, lesson_id)
        people = queries.open_roster(session, services.vault, class_id)
        digest = _digest(class_id, lesson_id, sheet.plan_version, [one.enrolment_id for one in people])
        scans = session.scalars(
            select(Scan).where(Scan.class_id == class_id, Scan.sheet_id == sheet_id).order_by(Scan.at)
        ).all()
        return SheetPage(
            meeting=meeting(session, services, lesson),
            sheet_id=sheet.id,
            digest=sheet.digest,
            printed_at=sheet.printed_at,
            people=people,
            changed=digest != sheet.digest,
            code=codes.picture(
                f"LMSC-SHEET:1:{class_id}:{lesson_id}:{sheet.plan_version}:{sheet.id}:{sheet.digest}"
            ),
            scans=scans,
        )


def keep_scan(
    services: Services, reader: Reader, class_id: str, lesson_id: str, sheet_id: str, *, data: bytes
) -> str:
    """Keep the scan of a filled-in sheet and return its digest; the same file again changes nothing.

    Raises ``InvalidInput`` for what is neither a picture nor a PDF (see ``files``).
    """
    ready = files.prepare(services, data)
    now = services.clock.now()
    with transaction(services.database) as session:
        queries.locked_class(session, class_id)
        sheet = _sheet(session, class_id, lesson_id, sheet_id)
        digest = files.keep(session, services, ready)
        if session.get(Scan, (class_id, sheet_id, digest)) is not None:
            return digest
        size, kind = len(ready.cleaned.data), str(ready.cleaned.kind)
        session.add(
            Scan(class_id=class_id, sheet_id=sheet_id, sha256=digest, size=size, media_type=kind, at=now)
        )
        evidence.record(
            session,
            services,
            class_id=class_id,
            stream=evidence.class_stream(class_id),
            type="attendance.scanned",
            at=now,
            body={
                "sheet": sheet.id,
                "lesson": lesson_id,
                "sha256": digest,
                "original_sha256": ready.original_sha256,
                "size": size,
                "media_type": kind,
                "scanned_us": to_micros(now),
            },
            disclose={"by": reader.actor.account, "ip": reader.ip},
        )
        return digest


def scan_content(services: Services, digest: str) -> files.Content:
    """Return a kept scan; whose it is has been asked by ``sheet_scope``."""
    with reading(services.database) as session:
        return files.read(session, services, digest)


def _sheet(session: Session, class_id: str, lesson_id: str, sheet_id: str) -> PrintedSheet:
    found = session.get(PrintedSheet, (class_id, lesson_id, sheet_id))
    if found is None:
        raise NotFound("web.not_found")
    return found


def _scan(session: Session, sheet: PrintedSheet, digest: str) -> Scan:
    found = session.get(Scan, (sheet.class_id, sheet.id, digest))
    if found is None:
        raise NotFound("web.not_found")
    return found


def _digest(class_id: str, lesson_id: str, plan_version: int, people: Sequence[str]) -> str:
    listed = {"class": class_id, "lesson": lesson_id, "plan": plan_version, "people": list(people)}
    return hashlib.sha256(jcs.encode(listed)).hexdigest()
