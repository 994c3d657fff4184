"""Lists about people (社保、名单、类别、已享受补贴) from spreadsheets, matched by ID number.

Only what concerns trainees of the class is kept; a row about anybody else is counted and forgotten.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from lmscompliance import evidence
from lmscompliance.claims import list_rows
from lmscompliance.claims.list_rows import Line
from lmscompliance.claims.models import FACTS, LISTED, ClaimFact, ClaimList
from lmscompliance.identity import links
from lmscompliance.identity.models import Person
from lmscompliance.identity.people import number_blinds, open_name
from lmscompliance.kernel import jcs
from lmscompliance.kernel.clock import shanghai_day, to_micros
from lmscompliance.kernel.errors import InvalidInput
from lmscompliance.services import Services
from lmscompliance.storage.transaction import reading, transaction
from lmscompliance.training import queries

PLACE = "compliance_claim_fact.value_sealed"
_MOST_DOUBTFUL = 50
_CHUNK = 500


@dataclass(frozen=True, slots=True)
class ListReport:
    """What an import came to; ``doubtful`` are rows whose name is not that of the trainee with the number."""

    rows: int
    matched: int
    doubtful: tuple[int, ...] = ()

    @property
    def doubtful_rows(self) -> tuple[int, ...]:
        """The first of them, for people."""
        return self.doubtful[:_MOST_DOUBTFUL]


def import_list(
    services: Services, class_id: str, kind: str, path: Path, *, by: str, name: str = ""
) -> ListReport:
    """Import a list about the class's trainees; it replaces the one of the same kind and name.

    ``name`` says which exclusion list it is, as the notice calls it. Raises ``InvalidInput`` naming the
    missing column, or ``FaultyRows`` with each row and field that cannot be used; then nothing is changed.
    """
    if kind not in FACTS:
        raise InvalidInput("claims.bad_kind", kinds=", ".join(FACTS))
    data = path.read_bytes()
    lines = list_rows.read(path, kind, shanghai_day(services.clock.now()))
    with reading(services.database) as session:
        known = queries.class_notice(session, class_id).subsidy.excludes
        if kind == LISTED and name not in known:
            raise InvalidInput("claims.unknown_list", name=name, known=known)
        name = name if kind == LISTED else ""
        # Found and encrypted before anything is locked: that takes seconds where a class is large.
        found = _matched(session, services, class_id, lines)
    with transaction(services.database) as session:
        queries.locked_class(session, class_id)
        session.execute(
            delete(ClaimFact).where(
                ClaimFact.class_id == class_id, ClaimFact.kind == kind, ClaimFact.name == name
            )
        )
        place = {"class_id": class_id, "kind": kind, "name": name}
        if found.facts:
            session.execute(insert(ClaimFact), [{**place, **fact} for fact in found.facts])
        now = services.clock.now()
        digest = hashlib.sha256(data).hexdigest()
        row = ClaimList(
            class_id=class_id,
            kind=kind,
            name=name,
            sha256=digest,
            rows=len(lines),
            matched=found.count,
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
                "matched": found.count,
                "at_us": to_micros(now),
            },
            disclose={"by": by, "name": name or kind},
        )
    return ListReport(len(lines), found.count, tuple(found.doubtful))


def _plain(name: str) -> str:
    """Return a name without spaces, and without the dots that systems write differently or not at all."""
    return re.sub(r"[\s·•・．.‧]", "", unicodedata.normalize("NFKC", name)).lower()


@dataclass(slots=True)
class _Matched:
    """What a list says of the class's trainees, ready to be inserted."""

    facts: list[dict[str, object]] = field(default_factory=list)
    doubtful: list[int] = field(default_factory=list)
    count: int = 0


def _matched(session: Session, services: Services, class_id: str, lines: Sequence[Line]) -> _Matched:
    found = _Matched()
    counts: dict[str, int] = {}
    known = _records(session, class_id)
    for line in lines:
        blinds = number_blinds(services.vault, line.number)
        for enrolment_id, person in [one for blind in blinds for one in known.get(blind, ())]:
            found.count += 1
            if line.name and _plain(line.name) != _plain(open_name(services.vault, person)):
                found.doubtful.append(line.row)
            for value in line.values:
                n = counts.get(enrolment_id, 0)
                counts[enrolment_id] = n + 1
                sealed = services.vault.seal(PLACE, jcs.encode(value).decode())
                found.facts.append({"enrolment_id": enrolment_id, "n": n, "value_sealed": sealed})
    return found


def _records(session: Session, class_id: str) -> dict[str, list[tuple[str, Person]]]:
    """Return the class's enrolments by the blind index of every number that their people are known under."""
    united = links.current(session)
    others: dict[str, list[str]] = {}
    for record, head in united.items():
        others.setdefault(head, []).append(record)
    owners: dict[str, list[str]] = {}
    for one in queries.roster(session, class_id):
        head = united.get(one.person_id, one.person_id)
        for record in (head, *others.get(head, ())):
            owners.setdefault(record, []).append(one.id)
    found: dict[str, list[tuple[str, Person]]] = {}
    wanted = list(owners)
    for start in range(0, len(wanted), _CHUNK):
        chunk = wanted[start : start + _CHUNK]
        for person in session.scalars(select(Person).where(Person.id.in_(chunk))):
            enrolled = [(enrolment_id, person) for enrolment_id in owners[person.id]]
            found.setdefault(person.id_number_blind, []).extend(enrolled)
    return found
