"""What a project's filing rests on: the bureau's catalogue, award, evaluation, the institution's licence."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from lmscompliance import evidence
from lmscompliance.filing import sheets
from lmscompliance.filing.project_models import (
    AWARD,
    EVALUATION,
    CatalogueEntry,
    FilingProject,
    FilingRecord,
    InstitutionLicence,
    ProjectCatalogue,
)
from lmscompliance.identity.headings import Patterns
from lmscompliance.kernel.clock import shanghai_day, to_micros
from lmscompliance.kernel.errors import InvalidInput, NotFound
from lmscompliance.kernel.words import stated
from lmscompliance.rules.levels import level_of
from lmscompliance.services import Services
from lmscompliance.storage.transaction import transaction
from lmscompliance.training import queries
from lmscompliance.training.models import TrainingClass

COLUMNS: Patterns = {
    "code": re.compile("(?:项目|目录)?(?:编号|编码|代码)|code"),
    "project": re.compile("(?:培训)?(?:项目|专业)(?:名称)?|project"),
    "occupation": re.compile("(?:对应)?(?:职业|工种)(?:名称)?|职业工种|occupation"),
    "occupation_code": re.compile("(?:职业|工种)(?:编码|代码|编号)|occupation_?code"),
    "level": re.compile("(?:职业|技能|培训)?(?:技能)?等级|level"),
    "overlaps": re.compile("(?:是否)?(?:与.*)?重合(?:.*)?|overlaps?"),
}
NEEDED = ("code", "project", "occupation")
_WIDTHS = {"code": 64, "project": 255, "occupation": 128, "occupation_code": 64}
_YES, _NO = {"是", "重合", "y", "yes", "true", "1"}, {"", "否", "不重合", "n", "no", "false", "0"}
_MOST_FOUND = 50
_PLACE = f"{FilingRecord.__tablename__}.opinion_sealed"


@dataclass(frozen=True, slots=True)
class Standing:
    """What is on record of a class's project: the latest of each; ``opinion`` is the evaluation's."""

    entry: CatalogueEntry | None
    catalogue: ProjectCatalogue | None
    award: FilingRecord | None
    evaluation: FilingRecord | None
    opinion: str
    licence: InstitutionLicence | None


def import_catalogue(
    services: Services, policy_id: str, path: Path, *, published_on: date, source: str, by: str
) -> int:
    """Keep a catalogue as the bureau published it, and return how many projects it lists.

    Raises ``InvalidInput`` for an unknown policy, a missing column, or naming each row and field that
    cannot be used; then nothing is kept.
    """
    if policy_id not in {one.id for one in services.policies.all()}:
        known = ", ".join(sorted({one.id for one in services.policies.all()}))
        raise InvalidInput("filing.recipient_policy", policy=policy_id, known=known)
    source = stated(source, 255, "filing.catalogue_source")
    entries = _entries(path)
    with transaction(services.database) as session:
        row = ProjectCatalogue(
            id=services.ids.new(),
            policy_id=policy_id,
            source=source,
            published_on=published_on,
            sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
            entries=len(entries),
            by=by,
            at=services.clock.now(),
        )
        session.add(row)
        session.flush()
        for entry in entries:
            entry.catalogue_id = row.id
        session.add_all(entries)
    return len(entries)


def _entries(path: Path) -> list[CatalogueEntry]:
    listing = sheets.read(path, COLUMNS, NEEDED, "catalogue")
    entries: list[CatalogueEntry] = []
    seen: dict[str, int] = {}
    for number, row in listing.rows:
        for name, width in _WIDTHS.items():
            if len(row.get(name, "")) > width:
                listing.fault(number, name, "list_too_long", most=width)
        listing.once(number, "code", row["code"], seen)
        level, overlaps = row.get("level", ""), row.get("overlaps", "").lower()
        if overlaps not in _YES | _NO:
            listing.fault(number, "overlaps", "list_yes_or_no")
        entries.append(
            CatalogueEntry(
                code=row["code"],
                project=row["project"],
                occupation=row["occupation"],
                occupation_code=row.get("occupation_code", ""),
                level=level_of(level),
                overlaps=overlaps in _YES,
            )
        )
    listing.settle()
    return entries


def in_force(session: Session, policy_id: str, day: date) -> ProjectCatalogue | None:
    """Return the catalogue that was the latest published on ``day``; ``None`` before the first."""
    return session.scalar(
        select(ProjectCatalogue)
        .where(ProjectCatalogue.policy_id == policy_id, ProjectCatalogue.published_on <= day)
        .order_by(ProjectCatalogue.published_on.desc(), ProjectCatalogue.id.desc())
        .limit(1)
    )


def search(session: Session, catalogue: ProjectCatalogue, words: str) -> Sequence[CatalogueEntry]:
    """Return projects whose code, name or occupation holds ``words``, by code."""
    mine = select(CatalogueEntry).where(CatalogueEntry.catalogue_id == catalogue.id)
    if words.strip():
        like = [
            column.contains(words.strip(), autoescape=True)
            for column in (
                CatalogueEntry.code,
                CatalogueEntry.project,
                CatalogueEntry.occupation,
                CatalogueEntry.occupation_code,
            )
        ]
        mine = mine.where(or_(*like))
    return session.scalars(mine.order_by(CatalogueEntry.code).limit(_MOST_FOUND)).all()


def choose(services: Services, class_id: str, code: str, *, by: str) -> None:
    """Say which project of the catalogue in force today a class teaches; a later choice holds.

    Raises ``NotFound`` for a code that is not in it and ``Conflict`` unless the class is a draft.
    """
    now = services.clock.now()
    with transaction(services.database) as session:
        class_ = queries.locked_draft(session, class_id)
        catalogue = in_force(session, class_.policy_id, shanghai_day(now))
        entry = None if catalogue is None else session.get(CatalogueEntry, (catalogue.id, code.strip()))
        if catalogue is None or entry is None:
            raise NotFound("filing.no_such_project", project=code, code=class_.code)
        mine = FilingProject.class_id == class_id
        count = session.scalar(select(func.count()).where(mine)) or 0
        session.add(
            FilingProject(
                class_id=class_id, n=count, catalogue_id=catalogue.id, code=entry.code, by=by, at=now
            )
        )
        evidence.record_in_class(
            session,
            services,
            class_id,
            type="filing.project_chosen",
            at=now,
            body={
                "catalogue_sha256": catalogue.sha256,
                "published_on": str(catalogue.published_on),
                "code": entry.code,
                "project": entry.project,
                "occupation": entry.occupation,
                "occupation_code": entry.occupation_code,
                "level": entry.level,
                "overlaps": entry.overlaps,
                "chosen_us": to_micros(now),
            },
            disclose={"by": by},
        )


def decide(
    services: Services,
    class_id: str,
    kind: str,
    *,
    number: str,
    day: date,
    passed: bool = True,
    opinion: str = "",
    by: str,
) -> None:
    """Keep an award or an expert evaluation of a draft; a later one of the kind holds.

    Raises ``InvalidInput`` for another kind, a missing number or a day in the future (an award's publicity
    must be over), ``Conflict`` unless the class is a draft.
    """
    now = services.clock.now()
    if kind not in {AWARD, EVALUATION}:
        raise InvalidInput("filing.bad_record", kinds=f"{AWARD}, {EVALUATION}")
    number, opinion = stated(number, 128, "filing.record_number"), opinion.strip()[:2000]
    if day > shanghai_day(now):
        raise InvalidInput("filing.record_later", day=day, today=shanghai_day(now))
    with transaction(services.database) as session:
        queries.locked_draft(session, class_id)
        mine = (FilingRecord.class_id == class_id) & (FilingRecord.kind == kind)
        count = session.scalar(select(func.count()).where(mine)) or 0
        session.add(
            FilingRecord(
                class_id=class_id,
                kind=kind,
                n=count,
                number=number,
                day=day,
                passed=passed,
                opinion_sealed=services.vault.seal(_PLACE, opinion) if opinion else None,
                by=by,
                at=now,
            )
        )
        evidence.record_in_class(
            session,
            services,
            class_id,
            type="filing.decision_stated",
            at=now,
            body={"kind": kind, "number": number, "day": str(day), "passed": passed, "at_us": to_micros(now)},
            disclose={"by": by, **({"opinion": opinion} if opinion else {})},
        )


def state_licence(services: Services, class_id: str, *, number: str, valid_until: date, by: str) -> None:
    """Keep the licence of the institution that files a class; it holds for all its classes."""
    now = services.clock.now()
    number = stated(number, 128, "filing.record_number")
    with transaction(services.database) as session:
        class_ = queries.locked_class(session, class_id)
        mine = InstitutionLicence.enterprise_id == class_.enterprise_id
        count = session.scalar(select(func.count()).where(mine)) or 0
        session.add(
            InstitutionLicence(
                enterprise_id=class_.enterprise_id,
                n=count,
                number=number,
                valid_until=valid_until,
                by=by,
                at=now,
            )
        )
        evidence.record_in_class(
            session,
            services,
            class_id,
            type="filing.licence_stated",
            at=now,
            body={"number": number, "valid_until": str(valid_until), "at_us": to_micros(now)},
            disclose={"by": by},
        )


def licence_of(session: Session, enterprise_id: str) -> InstitutionLicence | None:
    """Return an institution's latest licence."""
    return session.scalar(
        select(InstitutionLicence)
        .where(InstitutionLicence.enterprise_id == enterprise_id)
        .order_by(InstitutionLicence.n.desc())
        .limit(1)
    )


def chosen(session: Session, class_id: str) -> CatalogueEntry | None:
    """Return the catalogue's project that a class teaches, if one was chosen."""
    row = session.scalar(
        select(FilingProject)
        .where(FilingProject.class_id == class_id)
        .order_by(FilingProject.n.desc())
        .limit(1)
    )
    return None if row is None else session.get_one(CatalogueEntry, (row.catalogue_id, row.code))


def standing(session: Session, services: Services, class_: TrainingClass) -> Standing:
    """Return what is on record of a class's project."""
    records = {
        row.kind: row
        for row in session.scalars(
            select(FilingRecord).where(FilingRecord.class_id == class_.id).order_by(FilingRecord.n)
        )
    }
    entry = chosen(session, class_.id)
    evaluation = records.get(EVALUATION)
    sealed = None if evaluation is None else evaluation.opinion_sealed
    return Standing(
        entry=entry,
        catalogue=None if entry is None else session.get(ProjectCatalogue, entry.catalogue_id),
        award=records.get(AWARD),
        evaluation=evaluation,
        opinion="" if sealed is None else services.vault.open(_PLACE, sealed),
        licence=licence_of(session, class_.enterprise_id),
    )
