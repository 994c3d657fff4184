"""Who is learning at this moment, with what the day has brought so far.

Everything here only reads, and what it reads of the hot table it reads from a snapshot: no lock is taken
and no row is written, so nobody's heartbeat waits for a page that somebody watches. One view is computed
for all who look at it within a few seconds. The number of queries depends on the rows of a page alone.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from lmscompliance.completion.judging import course_of, judge
from lmscompliance.identity.models import Person
from lmscompliance.identity.people import open_name
from lmscompliance.kernel.actor import Actor
from lmscompliance.kernel.clock import shanghai_day, to_micros
from lmscompliance.learning import origin
from lmscompliance.learning.models import ClosedSegment, OpenSession
from lmscompliance.rules.masking import mask_name
from lmscompliance.services import Services
from lmscompliance.storage.database import Database
from lmscompliance.storage.transaction import reading
from lmscompliance.supervision import networks
from lmscompliance.supervision.models import INSPECT, OPEN, Anomaly, StudyDay
from lmscompliance.supervision.scanning import study_days
from lmscompliance.training import queries
from lmscompliance.training.models import Enrolment, Enterprise, Lesson, TrainingClass

PAGE_ROWS = 50
FRESH = timedelta(seconds=4)
"""For so long a view serves all who ask for it."""
_KEPT = 256
_UNDECIDED = (OPEN, INSPECT)


@dataclass(frozen=True, slots=True)
class Learner:
    """Somebody who is learning. Seconds are credited ones, judged by the class's rules as of the last beat.

    ``here`` is how many people learn from the same address at this moment, this one included, and ``moved``
    how many addresses the running session has come from.
    """

    class_id: str
    class_title: str
    enrolment_id: str
    ordinal: int
    name: str
    lesson: str
    state: str
    opened_at: datetime
    last_at: datetime
    seconds_today: int
    here: int
    crowded: bool
    moved: int
    anomalies: int


@dataclass(frozen=True, slots=True)
class Live:
    """One page of who is learning, and the sums of all of them.

    ``credited_today`` is the sum over everybody who learnt today: of those on this page as of now, of all
    others as of the last look at each, which is at most some minutes old. ``as_of`` is when the view was
    computed.
    """

    day: date
    as_of: datetime
    learning: int
    learnt_today: int
    credited_today: int
    anomalies: int
    rows: Sequence[Learner]
    page: int
    pages: int


_remembered: WeakKeyDictionary[Database, dict[object, Live]] = WeakKeyDictionary()


def view(services: Services, actor: Actor, class_id: str = "", page: int = 1) -> Live:
    """Return who is learning in a class, or in every class that ``actor`` may see.

    The scope of a single class is the route's to check.
    """
    key = (
        (class_id, page) if class_id else (actor.role, actor.enterprise, actor.districts, actor.classes, page)
    )
    known = _remembered.setdefault(services.database, {})
    now = services.clock.now()
    found = known.get(key)
    if found is None or not now - FRESH < found.as_of <= now:
        if len(known) >= _KEPT:
            known.clear()
        with reading(services.database) as session:
            found = _view(session, services, _scope(actor, class_id), now, page)
        known[key] = found
    return found


def _scope(actor: Actor, class_id: str) -> ColumnElement[bool]:
    return TrainingClass.id == class_id if class_id else queries.seen_by(actor)


def _view(session: Session, services: Services, scope: ColumnElement[bool], now: datetime, page: int) -> Live:
    day = shanghai_day(now)
    learning = _count(session, OpenSession, scope, OpenSession.active.is_(True))
    pages = max(1, -(-learning // PAGE_ROWS))
    page = min(max(1, page), pages)
    rows: Sequence[Any] = session.execute(
        select(OpenSession, Enrolment.ordinal, Person, TrainingClass, Lesson.title)
        .join(
            Enrolment,
            (Enrolment.class_id == OpenSession.class_id) & (Enrolment.id == OpenSession.enrolment_id),
        )
        .join(Person, Person.id == OpenSession.person_id)
        .join(TrainingClass, TrainingClass.id == OpenSession.class_id)
        .join(Enterprise, Enterprise.id == TrainingClass.enterprise_id)
        .outerjoin(Lesson, (Lesson.class_id == OpenSession.class_id) & (Lesson.id == OpenSession.lesson_id))
        .where(OpenSession.active, scope)
        .order_by(OpenSession.class_id, Enrolment.ordinal)
        .limit(PAGE_ROWS)
        .offset((page - 1) * PAGE_ROWS)
    ).all()
    learnt, credited = session.execute(
        _in_scope(
            select(func.count(), func.coalesce(func.sum(StudyDay.credited_seconds), 0)), StudyDay
        ).where(StudyDay.day == day, scope)
    ).one()
    learners = _learners(session, services, rows, day)
    looked_at = _looked_at(session, learners, day)
    # Nobody should read that one person learnt for seven minutes, and all together for none.
    fresh = sum(max(0, one.seconds_today - looked_at.get(one.enrolment_id, 0)) for one in learners)
    return Live(
        day=day,
        as_of=now,
        learning=learning,
        learnt_today=learnt + sum(one.enrolment_id not in looked_at for one in learners),
        credited_today=int(credited) + fresh,
        anomalies=_count(session, Anomaly, scope, Anomaly.status.in_(_UNDECIDED)),
        rows=learners,
        page=page,
        pages=pages,
    )


def _in_scope(query: Any, table: Any) -> Any:
    return (
        query.select_from(table)
        .join(TrainingClass, TrainingClass.id == table.class_id)
        .join(Enterprise, Enterprise.id == TrainingClass.enterprise_id)
    )


def _count(session: Session, table: Any, *wanted: ColumnElement[bool]) -> int:
    return session.scalar(_in_scope(select(func.count()), table).where(*wanted)) or 0


def _learners(session: Session, services: Services, rows: Sequence[Any], day: date) -> list[Learner]:
    sessions = [row[0] for row in rows]
    seconds = _seconds_today(session, sessions, day)
    crowds = _crowds(session, services, sessions)
    moved = _moved(session, services, sessions)
    anomalies = _anomalies(session, sessions)
    crowded = _crowded(session, services, {row[3].id: row[3] for row in rows})
    return [
        Learner(
            class_id=one.class_id,
            class_title=class_.title,
            enrolment_id=one.enrolment_id,
            ordinal=ordinal,
            name=mask_name(open_name(services.vault, person)),
            lesson=title or "",
            state=one.last_state,
            opened_at=one.opened_at,
            last_at=one.last_at,
            seconds_today=seconds.get(one.enrolment_id, 0),
            here=crowds[one.ip_blind],
            crowded=crowded(class_, one.ip_sealed, crowds[one.ip_blind]),
            moved=moved[one.session_id],
            anomalies=anomalies[one.class_id, one.enrolment_id],
        )
        for one, ordinal, person, class_, title in rows
    ]


def _looked_at(session: Session, learners: Sequence[Learner], day: date) -> dict[str, int]:
    """Return what the last look at each of ``learners`` found for the day; absent before the first look."""
    rows = session.execute(
        select(StudyDay.enrolment_id, StudyDay.credited_seconds).where(
            StudyDay.class_id.in_({one.class_id for one in learners}),
            StudyDay.enrolment_id.in_([one.enrolment_id for one in learners]),
            StudyDay.day == day,
        )
    )
    return {row.enrolment_id: row.credited_seconds for row in rows}


def _seconds_today(session: Session, sessions: Sequence[OpenSession], day: date) -> dict[str, int]:
    """Judge whoever is shown by the rules that decide in the end, running sessions included."""
    classes: defaultdict[str, list[str]] = defaultdict(list)
    for one in sessions:
        classes[one.class_id].append(one.enrolment_id)
    return {
        status.enrolment_id: study_days(status.account).get(day, (0, 0))[0]
        for class_id, enrolment_ids in classes.items()
        for status in judge(session, course_of(session, class_id), enrolment_ids)
    }


def _crowds(session: Session, services: Services, sessions: Sequence[OpenSession]) -> Counter[str]:
    """Count the people who learn from each address now, whatever class they are in."""
    addresses = {one.ip_blind: origin.ip_blinds(services, one.ip_blind, one.ip_sealed) for one in sessions}
    rows = session.execute(
        select(OpenSession.ip_blind, func.count())
        .where(OpenSession.active, OpenSession.ip_blind.in_(set().union(*addresses.values())))
        .group_by(OpenSession.ip_blind)
    )
    counted = Counter(dict(rows.all()))
    return Counter({one: sum(counted[each] for each in every) for one, every in addresses.items()})


def _moved(session: Session, services: Services, sessions: Sequence[OpenSession]) -> Counter[str]:
    """Count the different addresses of each running session: those of its closed segments, and its own."""
    seen: defaultdict[str, set[str]] = defaultdict(set)
    for one in sessions:
        seen[one.session_id].add(origin.ip_blinds(services, one.ip_blind, one.ip_sealed)[0])
    rows = session.execute(
        select(ClosedSegment.session_id, ClosedSegment.ip_blind, ClosedSegment.ip_sealed).where(
            ClosedSegment.enrolment_id.in_([one.enrolment_id for one in sessions]),
            ClosedSegment.session_id.in_(list(seen)),
        )
    )
    for session_id, ip_blind, ip_sealed in rows:
        if ip_blind is None or ip_sealed is None:
            continue  # the address of the segment before still held
        seen[session_id].add(origin.ip_blinds(services, ip_blind, ip_sealed)[0])
    return Counter({session_id: len(addresses) for session_id, addresses in seen.items()})


def _anomalies(session: Session, sessions: Sequence[OpenSession]) -> Counter[tuple[str, str]]:
    rows = session.execute(
        select(Anomaly.class_id, Anomaly.enrolment_id, func.count())
        .where(
            Anomaly.enrolment_id.in_([one.enrolment_id for one in sessions]),
            Anomaly.status.in_(_UNDECIDED),
        )
        .group_by(Anomaly.class_id, Anomaly.enrolment_id)
    )
    return Counter({(class_id, str(enrolment)): count for class_id, enrolment, count in rows})


def _crowded(
    session: Session, services: Services, classes: Mapping[str, TrainingClass]
) -> Callable[[TrainingClass, bytes, int], bool]:
    """Return what tells whether so many at an address are a crowd by the policy, known networks aside."""
    least = {
        class_id: queries.notice_of(session, class_).anomaly.address_persons
        for class_id, class_ in classes.items()
    }
    known = {
        enterprise_id: networks.shared_by(session, services, enterprise_id)
        for enterprise_id in {class_.enterprise_id for class_ in classes.values()}
    }

    def crowded(class_: TrainingClass, ip_sealed: bytes, here: int) -> bool:
        return 0 < least[class_.id] <= here and not networks.within(
            services, ip_sealed, known[class_.enterprise_id]
        )

    return crowded


def as_json(live: Live) -> dict[str, Any]:
    """Return a view for programs, equal for equal views; instants in microseconds."""
    return {
        "day": live.day.isoformat(),
        "learning": live.learning,
        "learnt_today": live.learnt_today,
        "credited_seconds_today": live.credited_today,
        "anomalies": live.anomalies,
        "page": live.page,
        "pages": live.pages,
        "rows": [
            {
                "class": one.class_id,
                "class_title": one.class_title,
                "enrolment": one.enrolment_id,
                "ordinal": one.ordinal,
                "name": one.name,
                "lesson": one.lesson,
                "state": one.state,
                "opened_us": to_micros(one.opened_at),
                "last_us": to_micros(one.last_at),
                "credited_seconds_today": one.seconds_today,
                "people_at_address": one.here,
                "crowded": one.crowded,
                "addresses": one.moved,
                "anomalies": one.anomalies,
            }
            for one in live.rows
        ],
    }
