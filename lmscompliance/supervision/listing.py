"""The worklist and what stands behind each of its lines, as staff are shown it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from lmscompliance.identity import links
from lmscompliance.identity.models import Person
from lmscompliance.identity.people import open_name
from lmscompliance.kernel.actor import SUPERVISING, Actor
from lmscompliance.kernel.errors import NotFound
from lmscompliance.learning.models import ClosedSession, OpenSession
from lmscompliance.learning.origin import IP_PLACE
from lmscompliance.learning.whereabouts import addresses
from lmscompliance.rules.masking import mask_address, mask_name
from lmscompliance.services import Services
from lmscompliance.storage.transaction import reading
from lmscompliance.supervision.findings import detail_of
from lmscompliance.supervision.models import Anomaly, AnomalyDecision
from lmscompliance.training import queries
from lmscompliance.training.models import Enrolment, Enterprise, Lesson, TrainingClass

PAGE_ROWS = 50
_PEOPLE_SHOWN = 100
_SESSIONS_SHOWN = 100


@dataclass(frozen=True, slots=True)
class Filters:
    """What the worklist is narrowed to; empty means all."""

    class_id: str = ""
    kind: str = ""
    status: str = ""
    severity: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the worklist; ``person`` is the masked name where one person is concerned."""

    anomaly: Anomaly
    class_title: str
    facts: Mapping[str, int]
    person: str
    people: int


@dataclass(frozen=True, slots=True)
class Worklist:
    """One page of the worklist, and how many lines there are."""

    lines: Sequence[Line]
    page: int
    pages: int
    total: int


@dataclass(frozen=True, slots=True)
class PersonShown:
    """Somebody concerned."""

    enrolment_id: str
    ordinal: int
    name: str


@dataclass(frozen=True, slots=True)
class SessionShown:
    """A session that the finding rests on; its addresses in the order they appeared."""

    session_id: str
    person: PersonShown
    lesson: str
    opened_at: datetime
    closed_at: datetime | None
    addresses: Sequence[str]


@dataclass(frozen=True, slots=True)
class AnomalyPage:
    """An anomaly with its evidence and every decision about it, the first first."""

    anomaly: Anomaly
    class_title: str
    facts: Mapping[str, int]
    address: str
    people: Sequence[PersonShown]
    people_total: int
    sessions: Sequence[SessionShown]
    sessions_total: int
    decisions: Sequence[AnomalyDecision]
    may_decide: bool


def may_decide(actor: Actor) -> bool:
    """Tell whether ``actor`` decides about anomalies; whoever is concerned only sees them."""
    return actor.role in SUPERVISING


def worklist(services: Services, actor: Actor, filters: Filters, page: int = 1) -> Worklist:
    """Return a page of what is unusual in the classes that ``actor`` may see, the latest first."""
    wanted: list[ColumnElement[bool]] = [queries.seen_by(actor)]
    for column, value in (
        (Anomaly.class_id, filters.class_id),
        (Anomaly.kind, filters.kind),
        (Anomaly.status, filters.status),
        (Anomaly.severity, filters.severity),
    ):
        if value:
            wanted.append(column == value)
    base = (
        select(Anomaly, TrainingClass.title)
        .join(TrainingClass, TrainingClass.id == Anomaly.class_id)
        .join(Enterprise, Enterprise.id == TrainingClass.enterprise_id)
        .where(*wanted)
    )
    with reading(services.database) as session:
        total = session.scalar(select(func.count()).select_from(base.subquery())) or 0
        pages = max(1, -(-total // PAGE_ROWS))
        page = min(max(1, page), pages)
        rows = session.execute(
            base.order_by(Anomaly.last_at.desc(), Anomaly.id.desc())
            .limit(PAGE_ROWS)
            .offset((page - 1) * PAGE_ROWS)
        ).all()
        people = _people(session, services, {one.enrolment_id for one, _ in rows if one.enrolment_id})
        lines = []
        for one, title in rows:
            detail = detail_of(one)
            person = people[one.enrolment_id].name if one.enrolment_id in people else ""
            lines.append(Line(one, title, detail.facts, person, len(detail.enrolments)))
    return Worklist(lines, page, pages, total)


def anomaly_page(services: Services, actor: Actor, class_id: str, anomaly_id: str) -> AnomalyPage:
    """Return an anomaly with what it rests on; raises ``NotFound``. The scope is the route's to check."""
    with reading(services.database) as session:
        anomaly = session.get(Anomaly, (class_id, anomaly_id))
        if anomaly is None:
            raise NotFound("web.not_found")
        detail = detail_of(anomaly)
        people = _people(session, services, detail.enrolments[:_PEOPLE_SHOWN])
        decisions = session.scalars(
            select(AnomalyDecision)
            .where(AnomalyDecision.class_id == class_id, AnomalyDecision.anomaly_id == anomaly_id)
            .order_by(AnomalyDecision.n)
        ).all()
        address = ""
        if anomaly.ip_sealed is not None:
            address = _shown(actor, services.vault.open(IP_PLACE, anomaly.ip_sealed))
        return AnomalyPage(
            anomaly=anomaly,
            class_title=queries.class_by_id(session, class_id).title,
            facts=detail.facts,
            address=address,
            people=sorted(people.values(), key=lambda one: one.ordinal),
            people_total=len(detail.enrolments),
            sessions=_sessions(session, services, actor, people, detail.sessions[:_SESSIONS_SHOWN]),
            sessions_total=len(detail.sessions),
            decisions=decisions,
            may_decide=may_decide(actor),
        )


def _shown(actor: Actor, address: str) -> str:
    return address if may_decide(actor) else mask_address(address)


def _people(session: Session, services: Services, enrolment_ids: Iterable[str]) -> dict[str, PersonShown]:
    rows = session.execute(
        select(Enrolment, Person)
        .join(Person, Person.id == links.held_by(Enrolment.person_id))
        .where(Enrolment.id.in_(list(enrolment_ids)))
    )
    return {
        one.id: PersonShown(one.id, one.ordinal, mask_name(open_name(services.vault, person)))
        for one, person in rows
    }


def _sessions(
    session: Session,
    services: Services,
    actor: Actor,
    people: Mapping[str, PersonShown],
    session_ids: Sequence[str],
) -> list[SessionShown]:
    found: list[SessionShown] = []
    seen = addresses(session, services, people, session_ids)
    tables: tuple[Any, ...] = (ClosedSession, OpenSession)
    for table in tables:
        rows = session.execute(
            select(table, Lesson.title)
            .outerjoin(Lesson, (Lesson.class_id == table.class_id) & (Lesson.id == table.lesson_id))
            .where(table.enrolment_id.in_(people), table.session_id.in_(session_ids))
        )
        found += [
            SessionShown(
                session_id=row.session_id,
                person=people[row.enrolment_id],
                lesson=title or "",
                opened_at=row.opened_at,
                closed_at=getattr(row, "closed_at", None),
                addresses=list(dict.fromkeys(_shown(actor, ip) for ip in seen.get(row.session_id, ()))),
            )
            for row, title in rows
        ]
    return sorted(found, key=lambda one: (one.opened_at, one.session_id))
