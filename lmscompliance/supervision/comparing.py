"""Compares the sessions of a class's people with one another, as far as there is something new."""

from __future__ import annotations

from sqlalchemy import select, update

from lmscompliance.identity import links
from lmscompliance.kernel.clock import to_micros
from lmscompliance.learning.models import ClosedSession
from lmscompliance.rules.company import Visit, lockstep
from lmscompliance.services import Services
from lmscompliance.storage.transaction import reading, transaction
from lmscompliance.supervision.findings import keep
from lmscompliance.supervision.models import Watched
from lmscompliance.training import queries


def compare(services: Services) -> int:
    """Look for lockstep in every class in which somebody has learnt since; return how many there were.

    What a scan adds meanwhile is marked as not compared by that scan and found the next time; if the
    process dies in between, the class is simply compared again.
    """
    with reading(services.database) as session:
        classes = session.scalars(
            select(Watched.class_id).where(Watched.compared.is_(False)).distinct().order_by(Watched.class_id)
        ).all()
    for class_id in classes:
        _compare(services, class_id)
    return len(classes)


def _compare(services: Services, class_id: str) -> None:
    with reading(services.database) as session:
        terms = queries.class_notice(session, class_id).anomaly
        pending = session.execute(
            select(Watched.enrolment_id, Watched.seen_at).where(
                Watched.class_id == class_id, Watched.compared.is_(False)
            )
        ).all()
        united = links.current(session)
        visits = [
            Visit(united.get(person, person), enrolment, one, to_micros(opened_at), to_micros(closed_at))
            for person, enrolment, one, opened_at, closed_at in session.execute(
                select(
                    ClosedSession.person_id,
                    ClosedSession.enrolment_id,
                    ClosedSession.session_id,
                    ClosedSession.opened_at,
                    ClosedSession.closed_at,
                ).where(ClosedSession.class_id == class_id)
            )
        ]
    found = lockstep(visits, terms)
    with transaction(services.database) as session:
        keep(session, services, class_id, found)
        for enrolment_id, seen_at in pending:
            session.execute(
                update(Watched)
                .where(
                    Watched.class_id == class_id,
                    Watched.enrolment_id == enrolment_id,
                    Watched.seen_at == seen_at,
                )
                .values(compared=True)
            )
