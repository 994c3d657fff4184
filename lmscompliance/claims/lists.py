"""Lists about people (社保、名单、类别、已享受补贴) from spreadsheets, matched by ID number.

Only what concerns trainees of the class is kept; a row about anybody else is counted and forgotten.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import delete
from sqlalchemy.orm import Session

from lmscompliance import evidence
from lmscompliance.claims import list_rows
from lmscompliance.claims.models import FACTS, LISTED, ClaimFact, ClaimList
from lmscompliance.identity import links
from lmscompliance.identity.models import Person
from lmscompliance.identity.people import open_person
from lmscompliance.kernel import jcs
from lmscompliance.kernel.clock import shanghai_day, to_micros
from lmscompliance.kernel.errors import InvalidInput
from lmscompliance.services import Services
from lmscompliance.storage.transaction import transaction
from lmscompliance.training import queries

PLACE = "compliance_claim_fact.value_sealed"
_MOST_DOUBTFUL = 50


@dataclass(frozen=True, slots=True)
class ListReport:
    """What an import came to; ``doubtful`` are rows whose name is not that of the trainee with the number."""

    rows: int
    matched: int
    doubtful: tuple[int, ...] = ()

    @property
    def doubtful_rows(self) -> str:
        """The first of them, for people."""
        return "、".join(map(str, self.doubtful[:_MOST_DOUBTFUL]))


def import_list(
    services: Services, class_id: str, kind: str, path: Path, *, by: str, name: str = ""
) -> ListReport:
    """Import a list about the class's trainees; it replaces the one of the same kind and name.

    ``name`` says which exclusion list it is, as the notice calls it. Raises ``InvalidInput`` naming the
    missing column, or ``BadRows`` with each row and field that cannot be used; then nothing is changed.
    """
    if kind not in FACTS:
        raise InvalidInput("claims.bad_kind", kinds=", ".join(FACTS))
    data = path.read_bytes()
    lines = list_rows.read(path, kind, shanghai_day(services.clock.now()))
    with transaction(services.database) as session:
        class_ = queries.locked_class(session, class_id)
        known = queries.notice_of(session, class_).subsidy.excludes
        if kind == LISTED and name not in known:
            raise InvalidInput("claims.unknown_list", name=name, known="、".join(known))
        name = name if kind == LISTED else ""
        by_number = _numbers(session, services, class_id)
        session.execute(
            delete(ClaimFact).where(
                ClaimFact.class_id == class_id, ClaimFact.kind == kind, ClaimFact.name == name
            )
        )
        matched = 0
        doubtful: list[int] = []
        counts: dict[str, int] = {}
        for line in lines:
            for enrolment_id, name_known in by_number.get(line.number, ()):
                matched += 1
                if line.name and _plain(line.name) != _plain(name_known):
                    doubtful.append(line.row)
                for value in line.values:
                    n = counts.get(enrolment_id, 0)
                    counts[enrolment_id] = n + 1
                    sealed = services.vault.seal(PLACE, jcs.encode(value).decode())
                    session.add(
                        ClaimFact(
                            class_id=class_id,
                            enrolment_id=enrolment_id,
                            kind=kind,
                            name=name,
                            n=n,
                            value_sealed=sealed,
                        )
                    )
        now = services.clock.now()
        digest = hashlib.sha256(data).hexdigest()
        row = ClaimList(
            class_id=class_id,
            kind=kind,
            name=name,
            sha256=digest,
            rows=len(lines),
            matched=matched,
            by=by,
            at=now,
        )
        session.merge(row)
        evidence.record(
            session,
            services,
            class_id=class_id,
            stream=evidence.class_stream(class_id),
            type="claim.list_imported",
            at=now,
            body={
                "kind": kind,
                "sha256": digest,
                "rows": len(lines),
                "matched": matched,
                "at_us": to_micros(now),
            },
            disclose={"by": by, "name": name or kind},
        )
    return ListReport(len(lines), matched, tuple(doubtful))


def _plain(name: str) -> str:
    """Return a name without spaces, and without the dots that systems write differently or not at all."""
    return re.sub(r"[\s·•・．.‧]", "", unicodedata.normalize("NFKC", name)).lower()


def _numbers(session: Session, services: Services, class_id: str) -> dict[str, list[tuple[str, str]]]:
    """Return enrolments of the class, each with the name, by every number its people are known under."""
    found: dict[str, list[tuple[str, str]]] = {}
    for one in queries.roster(session, class_id):
        for record in links.records_of(session, one.person_id):
            person = open_person(services.vault, session.get_one(Person, record))
            found.setdefault(person.id_number, []).append((one.id, person.name))
    return found
