"""Keeps what the rules found, once each, and reads it back."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import or_
from sqlalchemy.orm import Session

from lmscompliance.kernel.clock import from_micros
from lmscompliance.rules.finding import Finding
from lmscompliance.services import Services
from lmscompliance.storage.statements import upsert
from lmscompliance.storage.transaction import transaction
from lmscompliance.supervision.models import OPEN, Anomaly

_MOST_SESSIONS = 200
_MOST_ENROLMENTS = 500
"""More are not listed: a leaf of a decision holds the same lists and must stay below 65,535 bytes."""
_PEOPLE_AT_ONCE = 200
"""So many share a transaction, so that no other writer waits for long."""


@dataclass(frozen=True, slots=True)
class Detail:
    """What an anomaly rests on."""

    facts: dict[str, int]
    sessions: list[str]
    enrolments: list[str]


def detail_of(anomaly: Anomaly) -> Detail:
    """Return what ``keep`` wrote."""
    return Detail(**json.loads(anomaly.detail))


def keep(
    session: Session,
    services: Services,
    class_id: str,
    found: Iterable[Finding],
    *,
    enrolment_id: str | None = None,
    ip_sealed: bytes | None = None,
) -> None:
    """Write each finding of a class, or what is new about it; one that was decided about stays as it was.

    ``enrolment_id`` is whom the findings are about where that is one person. Safe to repeat and to run
    twice at once: the database lets a name in once.
    """
    now = services.clock.now()
    for one in found:
        enrolments = one.enrolments or ((enrolment_id,) if enrolment_id else ())
        detail = json.dumps(
            {
                "facts": dict(sorted(one.facts.items())),
                "sessions": list(one.sessions[:_MOST_SESSIONS]),
                "enrolments": list(enrolments[:_MOST_ENROLMENTS]),
            },
            separators=(",", ":"),
        )
        seen = {
            "severity": one.severity,
            "first_at": from_micros(one.first_us),
            "last_at": from_micros(one.last_us),
            "detail": detail,
        }
        new = upsert(session, Anomaly).values(
            class_id=class_id,
            id=services.ids.new(),
            kind=one.kind,
            subject=f"{enrolment_id}/{one.subject}" if enrolment_id else one.subject,
            enrolment_id=enrolment_id,
            found_at=now,
            ip_sealed=ip_sealed,
            status=OPEN,
            **seen,
        )
        session.execute(
            new.on_conflict_do_update(
                index_elements=["class_id", "kind", "subject"],
                set_=seen,
                where=(Anomaly.status == OPEN)
                & or_(Anomaly.detail != detail, Anomaly.last_at != seen["last_at"]),
            )
        )


def keep_of_people(services: Services, found: Sequence[tuple[str, str, Iterable[Finding]]]) -> None:
    """Keep what was found about each person: class, enrolment and findings.

    A process that dies in between leaves the people before; all are found again the next time.
    """
    for first in range(0, len(found), _PEOPLE_AT_ONCE):
        with transaction(services.database) as session:
            for class_id, enrolment_id, findings in found[first : first + _PEOPLE_AT_ONCE]:
                keep(session, services, class_id, findings, enrolment_id=enrolment_id)
