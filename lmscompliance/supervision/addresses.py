"""Who was where: what is kept of closed sessions' addresses, and what several people there have in common.

Addresses and browsers are compared by their digests, of an IPv6 address only what its line keeps; an address
is opened only for that, and to be held against the networks that an enterprise is known to share.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from lmscompliance.completion.judging import TraineeStatus
from lmscompliance.kernel.clock import shanghai_day, to_micros
from lmscompliance.learning import origin
from lmscompliance.learning.models import ClosedSegment, ClosedSession
from lmscompliance.rules.company import Sighting, at_one_address
from lmscompliance.services import Services
from lmscompliance.storage.statements import upsert
from lmscompliance.storage.transaction import reading, transaction
from lmscompliance.supervision import networks
from lmscompliance.supervision.findings import keep
from lmscompliance.supervision.models import SeenAt
from lmscompliance.training import queries

Row = Mapping[str, Any]


def new_sightings(session: Session, services: Services, judged: Sequence[TraineeStatus]) -> Sequence[Row]:
    """Return rows of ``SeenAt`` for the closed sessions of ``judged`` that have none yet."""
    ids = [one.enrolment_id for one in judged]
    known = set(session.scalars(select(SeenAt.session_id).where(SeenAt.enrolment_id.in_(ids)).distinct()))
    wanted = [
        fact.session
        for one in judged
        for fact in one.sessions
        if fact.closed_us is not None and fact.session not in known
    ]
    if not wanted:
        return []
    segments = session.execute(
        select(ClosedSegment, ClosedSession.class_id, ClosedSession.person_id)
        .join(
            ClosedSession,
            (ClosedSession.enrolment_id == ClosedSegment.enrolment_id)
            & (ClosedSession.session_id == ClosedSegment.session_id),
        )
        .where(ClosedSegment.enrolment_id.in_(ids), ClosedSegment.session_id.in_(wanted))
        .order_by(ClosedSegment.enrolment_id, ClosedSegment.session_id, ClosedSegment.n)
    )
    rows: list[dict[str, Any]] = []
    for segment, class_id, person_id in segments:
        if segment.ip_sealed is None or segment.agent_sealed is None:
            rows[-1]["last_at"] = segment.end_at  # the address of the segment before still held
            continue
        came_from = origin.unseal(services, segment.ip_sealed, segment.agent_sealed)
        place = origin.Origin(networks.line(came_from.ip), came_from.agent)
        ip_blind, agent_blind = origin.blinds(services, place)
        rows.append(
            {
                "enrolment_id": segment.enrolment_id,
                "session_id": segment.session_id,
                "n": segment.n,
                "class_id": class_id,
                "person_id": person_id,
                "day": shanghai_day(segment.start_at),
                "first_at": segment.start_at,
                "last_at": segment.end_at,
                "ip_blind": ip_blind,
                "ip_sealed": segment.ip_sealed if place == came_from else origin.seal(services, place)[0],
                "agent_blind": agent_blind,
                "agent_sealed": segment.agent_sealed,
            }
        )
    return rows


def add(session: Session, rows: Iterable[Row]) -> None:
    """Keep ``rows``; those that are there already stay."""
    for row in rows:
        session.execute(upsert(session, SeenAt).values(**row).on_conflict_do_nothing())


def of_enrolments(
    session: Session, services: Services, enrolment_ids: Sequence[str]
) -> dict[str, list[Sighting]]:
    """Return where each of the enrolments was seen; every id is a key."""
    found: dict[str, list[Sighting]] = {one: [] for one in enrolment_ids}
    for row in session.scalars(select(SeenAt).where(SeenAt.enrolment_id.in_(enrolment_ids))):
        found[row.enrolment_id].append(_sighting(services, row))
    return found


def compare(services: Services, seen: Iterable[Row]) -> None:
    """Look at whoever was where and when ``seen`` were, together, for every class that had people there."""
    places = {
        (tuple(origin.ip_blinds(services, one["ip_blind"], one["ip_sealed"])), one["day"]) for one in seen
    }
    for blinds, day in sorted(places):
        with reading(services.database) as session:
            there = select(SeenAt).where(SeenAt.ip_blind.in_(blinds), SeenAt.day == day)
            rows = session.scalars(there).all()
        here = [_sighting(services, row) for row in rows]
        sealed = {row.class_id: row.ip_sealed for row in rows}
        for class_id, ip_sealed in sorted(sealed.items()):
            with reading(services.database) as session:
                class_ = queries.class_by_id(session, class_id)
                found = at_one_address(here, class_id, queries.notice_of(session, class_).anomaly)
                known = networks.shared_by(session, services, class_.enterprise_id) if found else []
                if networks.within(services, ip_sealed, known):
                    found = []
            with transaction(services.database) as session:
                networks.tell(session, services, class_)
                keep(session, services, class_id, found, ip_sealed=ip_sealed)


def _sighting(services: Services, row: SeenAt) -> Sighting:
    return Sighting(
        person=row.person_id,
        class_id=row.class_id,
        enrolment=row.enrolment_id,
        session=row.session_id,
        address=origin.ip_blinds(services, row.ip_blind, row.ip_sealed)[0],
        device=origin.agent_blinds(services, row.agent_blind, row.agent_sealed)[0],
        day=row.day,
        first_us=to_micros(row.first_at),
        last_us=to_micros(row.last_at),
    )
