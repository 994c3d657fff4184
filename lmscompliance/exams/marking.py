"""People mark essays: two who do not see each other, a third where they lie too far apart.

Nobody is shown whose answer it is, nor what was given before. A mark, its evidence and whatever follows from
it (the essay settled, the attempt graded) commit together; after a crash the mark is there, or was never
acknowledged.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lmscompliance.evidence import record_for
from lmscompliance.exams import essays, grading, sheets
from lmscompliance.exams.models import ExamAttempt, ExamMark, ExamMarking
from lmscompliance.kernel.actor import Actor
from lmscompliance.kernel.clock import to_micros
from lmscompliance.kernel.errors import Conflict, InvalidInput, NotFound
from lmscompliance.kernel.jcs import Json
from lmscompliance.questions.shown import pictures
from lmscompliance.rules import essays as rules
from lmscompliance.rules.marking import plain
from lmscompliance.services import Services
from lmscompliance.storage.transaction import reading, transaction
from lmscompliance.training import queries as training

_HUNDREDTHS = -2


@dataclass(frozen=True, slots=True)
class Essay:
    """An answer as whoever marks it sees it; ``reference`` is what the bank says a good one holds."""

    id: str
    topic: str
    stem: str
    reference: Sequence[str]
    answer: str
    points: Decimal
    asked_at: datetime
    pictures: Sequence[str]
    """As data URIs."""


@dataclass(frozen=True, slots=True)
class Queue:
    """What waits in a class: the essays that the asker may mark, and how many wait for other people."""

    mine: Sequence[Essay]
    others: int


@dataclass(frozen=True, slots=True)
class Waiting:
    """How much waits for marks in a class, and since when."""

    code: str
    title: str
    essays: int
    since: datetime


def queue(services: Services, actor: Actor, class_id: str) -> Queue:
    """Return what ``actor`` may mark in a class, in an order that tells nothing. Reads only."""
    with reading(services.database) as session:
        waiting = _waiting(session, class_id)
        marked = select(ExamMark.marking_id).where(
            ExamMark.class_id == class_id, ExamMark.by == actor.account
        )
        done = set(session.scalars(marked))
        mine = [_essay(session, services, one) for one in waiting if one.id not in done]
        return Queue(mine, len(waiting) - len(mine))


def waiting(services: Services, class_id: str) -> int:
    """Return how many essays of a class wait for anybody's mark. Reads only."""
    with reading(services.database) as session:
        return len(_waiting(session, class_id))


def overview(services: Services) -> list[Waiting]:
    """Return how much waits in each class that has anything to mark. Reads only."""
    counted = (
        select(ExamMarking.class_id, func.count(), func.min(ExamMarking.asked_at))
        .join(ExamAttempt, _ITS_ATTEMPT)
        .where(ExamMarking.settled_at.is_(None), ExamAttempt.voided_at.is_(None))
        .group_by(ExamMarking.class_id)
    )
    with reading(services.database) as session:
        found = [
            (training.class_by_id(session, class_id), count, since)
            for class_id, count, since in session.execute(counted)
        ]
        return sorted(
            (Waiting(one.code, one.title, count, since) for one, count, since in found),
            key=lambda one: (one.since, one.code),
        )


def give(services: Services, actor: Actor, class_id: str, marking_id: str, points: str) -> None:
    """Record what ``actor`` gives for an essay, and grade its attempt when that was the last mark needed.

    Raises ``NotFound``, ``InvalidInput`` for points that are none of the question's, ``Conflict`` when the
    actor has marked it, or nobody needs to any more.
    """
    with transaction(services.database) as session:
        # The sheet's lock is what closing and voiding take: two last marks must not both miss the other.
        marking = _find(session, class_id, marking_id)
        sheet = sheets.find(session, marking.attempt_id, lock=True)
        session.refresh(marking)
        sitting = grading.sitting(session, sheet)
        attempt = sitting.attempt
        before = essays.marks_of(session, marking)
        if marking.settled_at is not None or attempt.voided_at is not None:
            raise Conflict("exams.marking_over")
        if any(one.by == actor.account for one in before):
            raise Conflict("exams.marking_by_another")
        full = sitting.items[marking.item - 1].points
        mark = ExamMark(
            class_id=class_id,
            marking_id=marking_id,
            n=len(before) + 1,
            by=actor.account,
            points=_points(points, full),
            at=services.clock.now(),
        )
        session.add(mark)
        _record(session, services, attempt, marking, mark)
        marking.points = rules.settled([one.points for one in [*before, mark]], full, sitting.notice.exam)
        if marking.points is None:
            return
        marking.settled_at = mark.at
        session.flush()
        if all(one.points is not None for one in essays.of_attempt(session, class_id, attempt.id)):
            grading.grade(session, services, sitting, essays.given(session, class_id, attempt.id))


def _record(
    session: Session, services: Services, attempt: ExamAttempt, marking: ExamMarking, mark: ExamMark
) -> None:
    session.flush()
    body: dict[str, Json] = {
        "attempt": attempt.id,
        "item": marking.item,
        "n": mark.n,
        "points": plain(mark.points),
        "marked_us": to_micros(mark.at),
    }
    record_for(
        session,
        services,
        attempt,
        type="attempt.marked",
        at=mark.at,
        body=body,
        disclose={"by": mark.by},
    )


_ITS_ATTEMPT = (ExamAttempt.class_id == ExamMarking.class_id) & (ExamAttempt.id == ExamMarking.attempt_id)


def _waiting(session: Session, class_id: str) -> list[ExamMarking]:
    wanted = (
        select(ExamMarking)
        .join(ExamAttempt, _ITS_ATTEMPT)
        .where(
            ExamMarking.class_id == class_id,
            ExamMarking.settled_at.is_(None),
            ExamAttempt.voided_at.is_(None),
        )
    )
    return list(session.scalars(wanted.order_by(ExamMarking.id)))


def _find(session: Session, class_id: str, marking_id: str) -> ExamMarking:
    found = session.get(ExamMarking, (class_id, marking_id))
    if found is None:
        raise NotFound("exams.no_marking")
    return found


def _essay(session: Session, services: Services, marking: ExamMarking) -> Essay:
    sheet = sheets.find(session, marking.attempt_id)
    question = grading.paper_of(session, sheet)[marking.item - 1]
    answer, reference = sheet.answers.get(str(marking.item)), question["key"]
    return Essay(
        marking.id,
        str(question["topic"]),
        str(question["stem"]),
        [str(text) for text in reference] if isinstance(reference, list) else [],
        str(answer[0]) if isinstance(answer, list) and answer else "",
        Decimal(str(question["points"])),
        marking.asked_at,
        list(pictures(session, services, [question]).values()),
    )


def _points(text: str, full: Decimal) -> Decimal:
    try:
        points = Decimal(text.strip())
    except InvalidOperation:
        points = Decimal(-1)
    exponent = points.normalize().as_tuple().exponent if points.is_finite() else None
    if not isinstance(exponent, int) or exponent < _HUNDREDTHS or not 0 <= points <= full:
        raise InvalidInput("exams.marking_points", points=text[:20], full=plain(full))
    return points
