"""Destruction certificates (销毁证明): what was destroyed, by which policy, on whose order, by the log."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from lmscompliance.evidence import class_stream, reader, streams
from lmscompliance.evidence.receipts import holders_receipt
from lmscompliance.kernel.clock import shanghai
from lmscompliance.kernel.errors import NotFound
from lmscompliance.kernel.jcs import Json
from lmscompliance.policy import Notice
from lmscompliance.retention.models import DONE, Purge
from lmscompliance.services import Services
from lmscompliance.storage.transaction import reading
from lmscompliance.tlog.encoding import to_base64
from lmscompliance.tlog.leaf import leaf_hash
from lmscompliance.training import queries
from lmscompliance.training.models import TrainingClass


@dataclass(frozen=True, slots=True)
class Category:
    """One line of a certificate: commitments, rows and files of a category, with their digests."""

    category: str
    due_on: str
    values: int
    values_sha256: str
    rows: int
    rows_sha256: str
    files: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate as page and JSON show it.

    ``leaf_sha256`` (base64) is the hash of its entry, number ``n`` of the class's stream, at ``index`` of the
    log once it is sealed. ``cleared_at`` is when the last file outside the database was gone.
    """

    class_id: str
    code: str
    title: str
    enterprise: str
    policy_id: str
    policy_version: int
    policy_digest: str
    document: str
    basis: str
    id: str
    began_on: str
    persons: int
    categories: tuple[Category, ...]
    ordered_at: datetime
    ordered_by: str
    confirmed_at: datetime
    confirmed_by: str
    cleared_at: datetime | None
    n: int
    leaf_sha256: str
    index: int | None

    def to_json(self, receipt: str | None) -> dict[str, Json]:
        """Return everything for a program, with the receipt that proves the entry, once there is one."""
        cleared = self.cleared_at
        return {
            "certificate": self.id,
            "class": {
                "id": self.class_id,
                "code": self.code,
                "title": self.title,
                "enterprise": self.enterprise,
            },
            "policy": {
                "id": self.policy_id,
                "version": self.policy_version,
                "digest": self.policy_digest,
                "document": self.document,
                "basis": self.basis,
            },
            "began_on": self.began_on,
            "persons": self.persons,
            "categories": [
                {
                    "category": one.category,
                    "due_on": one.due_on,
                    "values": one.values,
                    "values_sha256": one.values_sha256,
                    "rows": one.rows,
                    "rows_sha256": one.rows_sha256,
                    "files": list(one.files),
                }
                for one in self.categories
            ],
            "ordered": {"at": shanghai(self.ordered_at).isoformat(), "by": self.ordered_by},
            "confirmed": {"at": shanghai(self.confirmed_at).isoformat(), "by": self.confirmed_by},
            "cleared_at": None if cleared is None else shanghai(cleared).isoformat(),
            "entry": {
                "stream": class_stream(self.class_id),
                "n": self.n,
                "leaf_sha256": self.leaf_sha256,
                "index": self.index,
            },
            "receipt": receipt,
        }


def listed(services: Services, class_id: str) -> list[Certificate]:
    """Return the class's certificates, the newest first; raises ``NotFound`` for an unknown class."""
    with reading(services.database) as session:
        class_ = queries.class_by_id(session, class_id)
        rows = session.scalars(
            select(Purge).where(Purge.class_id == class_id, Purge.state == DONE).order_by(Purge.id.desc())
        )
        return [_certificate(session, class_, row) for row in rows]


def certificate(services: Services, class_id: str, purge_id: str) -> Certificate:
    """Return one; raises ``NotFound`` where there is no such purge or it was not carried out."""
    with reading(services.database) as session:
        row = session.get(Purge, (class_id, purge_id))
        if row is None or row.state != DONE:
            raise NotFound("retention.no_certificate")
        return _certificate(session, queries.class_by_id(session, class_id), row)


def receipt(services: Services, class_id: str, purge_id: str) -> str | None:
    """Return the ``.tlog-proof`` of a certificate's entry; ``None`` until it is sealed."""
    found = certificate(services, class_id, purge_id)
    with reading(services.database) as session:
        return holders_receipt(session, services, class_id, class_stream(class_id), found.n)


def _certificate(session: Session, class_: TrainingClass, row: Purge) -> Certificate:
    body = json.loads(row.report)
    notice = queries.notice_of(session, class_)
    stream, n = class_stream(class_.id), row.recorded_n or 0
    index = streams.index_of(session, class_.id, stream, n)
    return Certificate(
        class_id=class_.id,
        code=class_.code,
        title=class_.title,
        enterprise=queries.enterprise_of(session, class_).name,
        policy_id=class_.policy_id,
        policy_version=class_.policy_version,
        policy_digest=class_.policy_digest,
        document=notice.document,
        basis=basis_of(notice),
        id=row.id,
        began_on=body["began_on"],
        persons=body["persons"],
        categories=tuple(Category(**{**one, "files": tuple(one["files"])}) for one in body["categories"]),
        ordered_at=row.ordered_at,
        ordered_by=row.ordered_by,
        confirmed_at=row.confirmed_at or row.ordered_at,
        confirmed_by=row.confirmed_by or "",
        cleared_at=row.cleared_at,
        n=n,
        leaf_sha256=to_base64(leaf_hash(streams.leaf_of(session, class_.id, stream, n))),
        index=index if index is not None and index < reader.log_size(session) else None,
    )


def basis_of(notice: Notice) -> str:
    """Return the clause of the notice that states the term, or why the house chose it."""
    source = notice.source("retention.years")
    return f"{source.clause} {source.quote}" if source.kind == "clause" else source.rationale
