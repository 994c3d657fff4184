"""Documents and declarations of a filing, and whether it is complete; each fact with its leaf."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lmscompliance import evidence
from lmscompliance.files import service as files
from lmscompliance.files.service import Content
from lmscompliance.filing import projects, standards
from lmscompliance.filing.models import FilingDeclaration, FilingDocument
from lmscompliance.filing.projects import Standing
from lmscompliance.kernel.clock import shanghai_day, to_micros
from lmscompliance.kernel.errors import Conflict, InvalidInput, NotFound
from lmscompliance.kernel.jcs import Json
from lmscompliance.kernel.messages import Sentences
from lmscompliance.policy import DOCUMENTS, Notice
from lmscompliance.rules import blended, class_life, deadlines
from lmscompliance.rules.filing import Filed, completeness
from lmscompliance.rules.filing_gates import Coverage, Prepared, gates
from lmscompliance.rules.verdict import Cited, NotMet, Verdict
from lmscompliance.services import Services
from lmscompliance.storage.transaction import reading, transaction
from lmscompliance.training import life, queries, workdays
from lmscompliance.training.models import TrainingClass


@dataclass(frozen=True, slots=True)
class Dossier:
    """A filing as it stands: the latest document of each kind, what was declared, what is missing."""

    class_: TrainingClass
    notice: Notice
    documents: Mapping[str, FilingDocument]
    declared: FilingDeclaration | None
    standing: Standing
    verdicts: tuple[Verdict, ...]

    @property
    def open(self) -> bool:
        """Whether documents can still be changed: until the bureau has the filing, or once it came back."""
        return self.class_.status == class_life.DRAFT


def dossier(services: Services, class_id: str) -> Dossier:
    """Return a filing as it stands today; raises ``NotFound``."""
    with reading(services.database) as session:
        return _dossier(session, services, queries.class_by_id(session, class_id))


def add_document(services: Services, class_id: str, kind: str, data: bytes, *, by: str, ip: str) -> str:
    """Keep a scan of a stamped document and return its digest; it takes the place of an earlier one.

    Raises ``InvalidInput`` for a kind there is not or a file that may not be kept, ``Conflict`` unless the
    class is a draft.
    """
    if kind not in DOCUMENTS:
        raise InvalidInput("filing.bad_kind", kinds=", ".join(DOCUMENTS))
    ready = files.prepare(services, data)
    now = services.clock.now()
    with transaction(services.database) as session:
        class_ = queries.locked_draft(session, class_id)
        digest = files.keep(session, services, ready)
        mine = (FilingDocument.class_id == class_.id) & (FilingDocument.kind == kind)
        count = session.scalar(select(func.count()).where(mine)) or 0
        session.add(FilingDocument(class_id=class_id, kind=kind, n=count, sha256=digest, by=by, at=now))
        evidence.record_in_class(
            session,
            services,
            class_id,
            type="filing.document_added",
            at=now,
            body={
                "kind": kind,
                "sha256": digest,
                "original_sha256": ready.original_sha256,
                "media_type": ready.cleaned.kind.value,
                "size": len(ready.cleaned.data),
                "added_us": to_micros(now),
            },
            disclose={"by": by, "ip": ip},
        )
        return digest


def declare(
    services: Services, class_id: str, *, output_yuan: int | None, above_scale: bool, by: str
) -> None:
    """Keep what the enterprise declares of itself for the class; a later declaration holds."""
    if output_yuan is not None and output_yuan < 0:
        raise InvalidInput("filing.bad_output")
    now = services.clock.now()
    with transaction(services.database) as session:
        queries.locked_draft(session, class_id)
        mine = FilingDeclaration.class_id == class_id
        count = session.scalar(select(func.count()).where(mine)) or 0
        row = FilingDeclaration(
            class_id=class_id, n=count, output_yuan=output_yuan, above_scale=above_scale, by=by, at=now
        )
        session.add(row)
        evidence.record_in_class(
            session,
            services,
            class_id,
            type="filing.declared",
            at=now,
            body={"output_yuan": output_yuan, "above_scale": above_scale, "declared_us": to_micros(now)},
            disclose={"by": by},
        )


def submit(services: Services, class_id: str, *, by: str, reason: str = "") -> None:
    """File a draft: in time, with everything the notice asks for. The server's clock decides.

    A class that was filed in time and came back is in time. Raises ``Conflict`` naming everything that is
    missing with its clause.
    """
    with transaction(services.database) as session:
        class_ = queries.locked_class(session, class_id)
        found = _dossier(session, services, class_)
        missing = [one for one in found.verdicts if isinstance(one, NotMet)]
        if class_.status == class_life.DRAFT and missing:
            what = Sentences(Cited(one, found.notice) for one in missing)
            raise Conflict("filing.incomplete", code=class_.code, what=what)
        life.take(session, services, class_, class_life.FILED, by=by, reason=reason)
        _record_judged(session, services, found)


def document(services: Services, class_id: str, sha256: str) -> tuple[FilingDocument, Content]:
    """Return a document's row and file; raises ``NotFound``. The scope is the caller's."""
    with reading(services.database) as session:
        found = session.scalars(
            select(FilingDocument)
            .where(FilingDocument.class_id == class_id, FilingDocument.sha256 == sha256)
            .limit(1)
        ).one_or_none()
        if found is None:
            raise NotFound("web.not_found")
        return found, files.read(session, services, sha256)


def _dossier(session: Session, services: Services, class_: TrainingClass) -> Dossier:
    notice = queries.notice_of(session, class_)
    rows = session.scalars(
        select(FilingDocument).where(FilingDocument.class_id == class_.id).order_by(FilingDocument.n)
    )
    documents = {row.kind: row for row in rows}
    declared = session.scalars(
        select(FilingDeclaration)
        .where(FilingDeclaration.class_id == class_.id)
        .order_by(FilingDeclaration.n.desc())
        .limit(1)
    ).one_or_none()
    filed = Filed(
        documents=documents.keys(),
        output_yuan=None if declared is None else declared.output_yuan,
        above_scale=None if declared is None else declared.above_scale,
    )
    standing = projects.standing(session, services, class_)
    verdicts = [
        *completeness(filed, notice),
        *gates(_prepared(session, class_, documents, standing), notice),
        *_in_time(session, services, class_, notice),
    ]
    return Dossier(class_, notice, documents, declared, standing, tuple(verdicts))


def _prepared(
    session: Session, class_: TrainingClass, documents: Collection[str], standing: Standing
) -> Prepared:
    plan = blended.planned(queries.lesson_fact(one) for one in queries.lessons(session, class_.id))
    taught = standards.mapped(session, class_.id)
    evaluation, licence = standing.evaluation, standing.licence
    return Prepared(
        documents=documents,
        last_day=shanghai_day(class_.window_end - timedelta(microseconds=1)),
        in_catalogue=standing.entry is not None,
        awarded=standing.award is not None,
        online_only=None if not plan.total else not plan.offline,
        evaluated=None if evaluation is None else evaluation.passed,
        licence_until=None if licence is None else licence.valid_until,
        coverage=Coverage() if taught is None else taught.coverage,
    )


def _in_time(session: Session, services: Services, class_: TrainingClass, notice: Notice) -> list[Verdict]:
    first = min(
        (one.at for one in life.steps(session, services, class_.id) if one.target == class_life.FILED),
        default=services.clock.now(),
    )
    day = shanghai_day(first)
    judged = deadlines.filing(day, notice)
    if notice.filing.opening_working_days:
        calendar = workdays.calendar(services.settings.workdays_file)
        judged += deadlines.opening(day, shanghai_day(class_.window_start), notice, calendar)
    return judged


def _record_judged(session: Session, services: Services, found: Dossier) -> None:
    """Record what the filing was judged by: scans may be replaced, and a licence is of all classes."""
    now, standing = services.clock.now(), found.standing
    documents: dict[str, Json] = {kind: row.sha256 for kind, row in sorted(found.documents.items())}
    body: dict[str, Json] = {"documents": documents, "judged_us": to_micros(now)}
    if standing.licence is not None:
        body["licence"] = {
            "number": standing.licence.number,
            "valid_until": str(standing.licence.valid_until),
        }
    if standing.entry is not None:
        body["project"] = standing.entry.code
    evidence.record_in_class(
        session,
        services,
        found.class_.id,
        type="filing.judged",
        at=now,
        body=body | {"met": [one.rule for one in found.verdicts if one.met]},
    )
