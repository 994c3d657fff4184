"""Builds the facts that ``rules`` credits from, out of the open and the closed rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from sqlalchemy import BigInteger, Row, Select, select, type_coerce
from sqlalchemy.orm import Session

from lmscompliance.kernel.clock import to_micros
from lmscompliance.learning import beatlog
from lmscompliance.learning.models import ClosedSegment, ClosedSession, CreditCorrection, OpenSession
from lmscompliance.rules.facts import Correction, Segment, SessionFact

RUNNING = "running"
"""``closed_by`` of a segment that still takes beats; never in a leaf."""

_AT_ONCE = 200


def session_facts(
    session: Session, class_id: str, enrolment_ids: Iterable[str], *, lesson_id: str | None = None
) -> dict[str, list[SessionFact]]:
    """Return each enrolment's sessions in the order they were opened, open ones included.

    Every id of ``enrolment_ids`` is a key of the result, also without a session. An open session has no
    ``closed_us``; its last segment ends with its last beat so far. ``lesson_id`` narrows to one lesson.
    Four queries for each 200 enrolments, whatever the number of sessions.
    """
    facts: dict[str, list[SessionFact]] = {one: [] for one in enrolment_ids}
    for some in _batched(facts, _AT_ONCE):
        # In this order nothing is missed or doubled even where each query sees a newer state: a session
        # that closes meanwhile is found closed, and a segment that closes meanwhile is still running here.
        still_open = session.execute(_of(OpenSession, class_id, some, lesson_id)).all()
        closed = session.execute(_of(ClosedSession, class_id, some, lesson_id)).all()
        gone = {row.session_id for row in closed}
        running = [row for row in still_open if row.session_id not in gone]
        segments = _segments(session, some, None if lesson_id is None else [*closed, *running])
        corrected = _corrections(session, class_id, some)
        for row in closed:
            facts[row.enrolment_id].append(
                _fact(
                    row,
                    segments[row.session_id],
                    to_micros(row.closed_at),
                    row.close_reason,
                    corrected[row.session_id],
                )
            )
        for row in running:
            before = [one for one in segments[row.session_id] if one.n < row.segment_n]
            facts[row.enrolment_id].append(
                _fact(row, [*before, _running(row)], None, None, corrected[row.session_id])
            )
    for found in facts.values():
        found.sort(key=lambda one: (one.opened_us, one.session))
    return facts


def _batched(ids: Iterable[str], size: int) -> Iterator[tuple[str, ...]]:
    remaining = iter(ids)
    while some := tuple(islice(remaining, size)):
        yield some


def _of(
    table: type[ClosedSession | OpenSession],
    class_id: str,
    enrolments: tuple[str, ...],
    lesson_id: str | None,
) -> Select[Any]:
    query = select(*table.__table__.columns).where(
        table.enrolment_id.in_(enrolments), table.class_id == class_id
    )
    return query if lesson_id is None else query.where(table.lesson_id == lesson_id)


def _segments(
    session: Session, enrolments: tuple[str, ...], only: list[Row[Any]] | None
) -> defaultdict[str, list[Segment]]:
    # Instants are read as the microseconds they are stored as: a class has tens of thousands of them.
    columns = (
        ClosedSegment.session_id,
        ClosedSegment.n,
        type_coerce(ClosedSegment.start_at, BigInteger),
        type_coerce(ClosedSegment.end_at, BigInteger),
        ClosedSegment.closed_by,
        ClosedSegment.beats,
        type_coerce(ClosedSegment.arrived_at, BigInteger),
    )
    query = select(*columns).where(ClosedSegment.enrolment_id.in_(enrolments))
    if only is not None:
        # One lesson's few sessions are named, so that the beats of all others stay unread.
        query = query.where(ClosedSegment.session_id.in_([row.session_id for row in only]))
    found: defaultdict[str, list[Segment]] = defaultdict(list)
    for one, n, start_us, end_us, closed_by, beats, arrived_us in session.execute(
        query.order_by(ClosedSegment.n)
    ):
        found[one].append(Segment(one, n, start_us, end_us, closed_by, beatlog.parse(beats), arrived_us))
    return found


def _corrections(
    session: Session, class_id: str, enrolments: tuple[str, ...]
) -> defaultdict[str, list[Correction]]:
    query = (
        select(CreditCorrection)
        .where(CreditCorrection.enrolment_id.in_(enrolments), CreditCorrection.class_id == class_id)
        .order_by(CreditCorrection.correction_id)
    )
    found: defaultdict[str, list[Correction]] = defaultdict(list)
    for one in session.scalars(query):
        found[one.session_id].append(
            Correction(
                one.correction_id,
                one.effect,
                to_micros(one.start_at),
                to_micros(one.end_at),
                to_micros(one.corrected_at),
            )
        )
    return found


def _fact(
    row: Row[Any],
    segments: list[Segment],
    closed_us: int | None,
    close_reason: str | None,
    corrections: list[Correction],
) -> SessionFact:
    return SessionFact(
        session=row.session_id,
        lesson=row.lesson_id,
        opened_us=to_micros(row.opened_at),
        closed_us=closed_us,
        close_reason=close_reason,
        superseded_us=None if row.superseded_at is None else to_micros(row.superseded_at),
        segments=tuple(segments),
        corrections=tuple(corrections),
    )


def _running(row: Row[Any]) -> Segment:
    return Segment(
        session=row.session_id,
        n=row.segment_n,
        start_us=to_micros(row.segment_start),
        end_us=to_micros(row.last_at),
        closed_by=RUNNING,
        beats=beatlog.parse(row.beats),
    )
