"""What was signed, entered and confirmed, as the facts that ``rules`` judges by."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from lmscompliance.attendance.models import Confirmation, MarkEntry, Sign
from lmscompliance.kernel.clock import to_micros
from lmscompliance.rules.facts import AttendanceFacts, MarkFact, SignFact

_AT_ONCE = 200


def attendance_facts(
    session: Session, class_id: str, enrolment_ids: Iterable[str], *, lesson_id: str | None = None
) -> dict[str, AttendanceFacts]:
    """Return what is known of each enrolment; every id is a key. ``lesson_id`` narrows to one lesson."""
    ids = list(enrolment_ids)
    signs: defaultdict[str, list[SignFact]] = defaultdict(list)
    marks: defaultdict[str, list[MarkFact]] = defaultdict(list)
    for start in range(0, len(ids), _AT_ONCE):
        some = ids[start : start + _AT_ONCE]
        signed = select(Sign).where(Sign.class_id == class_id, Sign.enrolment_id.in_(some))
        entered = select(MarkEntry).where(MarkEntry.class_id == class_id, MarkEntry.enrolment_id.in_(some))
        if lesson_id is not None:
            signed = signed.where(Sign.lesson_id == lesson_id)
            entered = entered.where(MarkEntry.lesson_id == lesson_id)
        for sign in session.scalars(signed):
            signs[sign.enrolment_id].append(SignFact(sign.lesson_id, sign.purpose, to_micros(sign.at)))
        for entry in session.scalars(entered):
            marks[entry.enrolment_id].append(mark_fact(entry))
    return {one: AttendanceFacts(tuple(signs[one]), tuple(marks[one])) for one in ids}


def mark_fact(entry: MarkEntry) -> MarkFact:
    """Return a teacher's entry as a fact."""
    return MarkFact(
        entry.lesson_id,
        entry.mark,
        to_micros(entry.marked_at),
        None if entry.in_at is None else to_micros(entry.in_at),
        None if entry.out_at is None else to_micros(entry.out_at),
    )


def confirmed(session: Session, class_id: str) -> frozenset[str]:
    """Return the lessons of a class whose lists were confirmed."""
    return frozenset(
        session.scalars(select(Confirmation.lesson_id).where(Confirmation.class_id == class_id).distinct())
    )
