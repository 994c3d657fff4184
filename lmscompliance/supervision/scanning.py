"""Looks at each enrolment that has learnt something new, and keeps what is unusual about it.

The work is found by comparing completion's judgement of each with the one that was looked at here, never
by a time or an id that a late commit could slip past. Whatever dies half-way is found again the next time:
``Watched`` is written last.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime, timedelta

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from lmscompliance.completion.judging import Course, TraineeStatus, course_of, judge
from lmscompliance.completion.models import Completion
from lmscompliance.kernel.clock import from_micros, shanghai_day
from lmscompliance.learning.models import OpenSession
from lmscompliance.rules.account import Account
from lmscompliance.rules.company import many_addresses
from lmscompliance.rules.daytime import WHOLE_DAY
from lmscompliance.rules.rhythm import findings
from lmscompliance.services import Services
from lmscompliance.storage.statements import upsert
from lmscompliance.storage.transaction import reading, transaction
from lmscompliance.supervision import addresses
from lmscompliance.supervision.findings import keep
from lmscompliance.supervision.models import StudyDay, Watched
from lmscompliance.training.models import TrainingClass

Due = dict[str, datetime | None]
"""Enrolments of a class, each with the moment of the judgement that is looked at (``None``: none yet)."""

ENROLMENTS_A_RUN = 1_000
_AT_ONCE = 100
_STILL_LEARNING = timedelta(minutes=5)
"""Whoever is learning is looked at again after this, so that the day's sums follow."""
_LOOK_BACK = timedelta(days=60)
"""For so long after its window a class is watched; completion judges it for a shorter time."""
_SECOND_US = 1_000_000


def scan(services: Services) -> int:
    """Look at every enrolment with something new; return how many there were."""
    due = _due(services)
    for class_id, of_class in due.items():
        everybody = list(of_class.items())
        for place in range(0, len(everybody), _AT_ONCE):
            _look_at(services, class_id, dict(everybody[place : place + _AT_ONCE]))
    return sum(map(len, due.values()))


def _due(services: Services) -> dict[str, Due]:
    """Return whom to look at, by class, each with the judgement that shows there is something new."""
    now = services.clock.now()
    watched = and_(Watched.class_id == Completion.class_id, Watched.enrolment_id == Completion.enrolment_id)
    new = (
        select(Completion.class_id, Completion.enrolment_id, Completion.judged_at)
        .join(TrainingClass, TrainingClass.id == Completion.class_id)
        .outerjoin(Watched, watched)
        .where(
            TrainingClass.window_end > now - _LOOK_BACK,
            or_(Watched.judged_at.is_(None), Watched.judged_at != Completion.judged_at),
        )
        .order_by(Completion.class_id, Completion.enrolment_id)
        .limit(ENROLMENTS_A_RUN)
    )
    learning = (
        select(OpenSession.class_id, OpenSession.enrolment_id, Watched.judged_at)
        .outerjoin(
            Watched,
            and_(Watched.class_id == OpenSession.class_id, Watched.enrolment_id == OpenSession.enrolment_id),
        )
        .where(or_(Watched.seen_at.is_(None), Watched.seen_at < now - _STILL_LEARNING))
        .limit(ENROLMENTS_A_RUN)
    )
    due: defaultdict[str, Due] = defaultdict(dict)
    with reading(services.database) as session:
        # In this order: whoever learns and was judged anew is remembered with the new judgement.
        for query in (learning, new):
            for class_id, enrolment_id, judged_at in session.execute(query):
                due[class_id][enrolment_id] = judged_at
    return due


def _look_at(services: Services, class_id: str, due: Due) -> None:
    enrolment_ids = list(due)
    with reading(services.database) as session:
        course = course_of(session, class_id)
        judged = list(judge(session, course, enrolment_ids))
        seen = addresses.new_sightings(session, services, judged)
    with transaction(services.database) as session:
        addresses.add(session, seen)
        places = addresses.of_enrolments(session, services, enrolment_ids)
        for status in judged:
            _keep(session, services, course, status)
            keep(
                session,
                services,
                class_id,
                many_addresses(places[status.enrolment_id], course.notice.anomaly),
                enrolment_id=status.enrolment_id,
            )
    addresses.compare(services, seen)
    _remember(services, class_id, due)


def _keep(session: Session, services: Services, course: Course, status: TraineeStatus) -> None:
    class_id, notice = course.fact.id, course.notice
    found = findings(status.sessions, notice.anomaly, notice.credit, checks=status.checks)
    keep(session, services, class_id, found, enrolment_id=status.enrolment_id)
    for day, (credited, wall) in study_days(status.account).items():
        figures = {"credited_seconds": credited, "wall_seconds": wall}
        new = upsert(session, StudyDay).values(
            class_id=class_id, enrolment_id=status.enrolment_id, day=day, **figures
        )
        session.execute(
            new.on_conflict_do_update(
                index_elements=["class_id", "enrolment_id", "day"],
                set_=figures,
                where=or_(StudyDay.credited_seconds != credited, StudyDay.wall_seconds != wall),
            )
        )


def study_days(account: Account) -> dict[date, tuple[int, int]]:
    """Return what was credited, and what there was in all, on each Shanghai day, in seconds."""
    days: defaultdict[date, list[int]] = defaultdict(lambda: [0, 0])
    for one in account.intervals:
        for midnight, next_midnight in WHOLE_DAY.occurrences(one.start_s, one.end_s):
            seconds = min(one.end_s, next_midnight) - max(one.start_s, midnight)
            day = days[shanghai_day(from_micros(midnight * _SECOND_US))]
            day[0] += seconds if one.reason is None else 0
            day[1] += seconds
    return {day: (credited, wall) for day, (credited, wall) in days.items()}


def _remember(services: Services, class_id: str, due: Due) -> None:
    """Last of all: if the process dies before, all of it is looked at again, and nothing is kept twice."""
    now = services.clock.now()
    with transaction(services.database) as session:
        for enrolment_id, judged_at in due.items():
            figures = {"judged_at": judged_at, "seen_at": now, "compared": False}
            new = upsert(session, Watched).values(class_id=class_id, enrolment_id=enrolment_id, **figures)
            session.execute(
                new.on_conflict_do_update(index_elements=["class_id", "enrolment_id"], set_=figures)
            )
