"""The teacher's part: entering marks, correcting them, and confirming (co-signing) a lesson's list.

Nothing is ever changed: a correction is a newer entry with who and why. The server's clock decides; a
lesson that has not begun has no marks, one that has not ended no confirmed list.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from lmscompliance import evidence
from lmscompliance.attendance.access import offline_lesson
from lmscompliance.attendance.facts import attendance_facts, confirmed
from lmscompliance.attendance.models import Confirmation, MarkEntry, PrintedSheet
from lmscompliance.attendance.signing import Reader
from lmscompliance.kernel.clock import shanghai, to_micros
from lmscompliance.kernel.errors import Conflict, InvalidInput, NotFound
from lmscompliance.kernel.jcs import Json
from lmscompliance.rules.attendance import Attended, Mark, judge
from lmscompliance.rules.facts import AttendanceFacts
from lmscompliance.services import Services
from lmscompliance.storage.transaction import transaction
from lmscompliance.training import queries
from lmscompliance.training.models import Lesson

BY_PLACE = "compliance_attendance.by"
REASON_PLACE = "compliance_attendance.reason"
"""What the ciphertexts of these tables are bound to in the vault."""

LONGEST_REASON = 500


@dataclass(frozen=True, slots=True)
class EntryInput:
    """A mark for one trainee; times where the teacher knows them, on the lesson's own days."""

    enrolment_id: str
    mark: str
    in_at: datetime | None = None
    out_at: datetime | None = None


def enter(
    services: Services,
    reader: Reader,
    class_id: str,
    lesson_id: str,
    entries: Sequence[EntryInput],
    *,
    reason: str = "",
    sheet: str = "",
) -> int:
    """Record marks, all or none, and return how many; ``sheet`` is the printed sheet they were read from.

    Raises ``Conflict`` for a lesson that has not begun and ``InvalidInput`` for a mark or time that cannot
    be, or a correction (of a sign, an entry or a confirmed list) without ``reason``.
    """
    reason = reason.strip()
    if len(reason) > LONGEST_REASON:
        raise InvalidInput("attendance.reason_long", limit=LONGEST_REASON)
    now = services.clock.now()
    with transaction(services.database) as session:
        queries.locked_class(session, class_id)
        lesson = offline_lesson(session, class_id, lesson_id)
        if lesson.starts_at is None or now < lesson.starts_at:
            raise Conflict("attendance.future", title=lesson.title)
        if sheet and session.get(PrintedSheet, (class_id, lesson_id, sheet)) is None:
            raise NotFound("web.not_found")
        known = attendance_facts(
            session, class_id, [one.enrolment_id for one in entries], lesson_id=lesson_id
        )
        closed = lesson_id in confirmed(session, class_id)
        for one in entries:
            queries.enrolment(session, class_id, one.enrolment_id)
            before = known[one.enrolment_id]
            if not reason and (closed or before.signs or before.marks):
                raise InvalidInput("attendance.reason_missing", title=lesson.title)
            _check(session, one, lesson, before, now)
            _keep(session, services, reader, lesson, one, now=now, reason=reason, sheet=sheet)
    return len(entries)


def confirm(services: Services, reader: Reader, class_id: str, lesson_id: str) -> None:
    """Record that the teacher stands by the list as it is now; who has neither sign nor mark is absent.

    Confirming again after corrections is a new entry. Raises ``Conflict`` before the lesson's end.
    """
    now = services.clock.now()
    with transaction(services.database) as session:
        queries.locked_class(session, class_id)
        lesson = offline_lesson(session, class_id, lesson_id)
        if lesson.ends_at is None or now < lesson.ends_at:
            raise Conflict("attendance.not_over", title=lesson.title)
        listed = attended(session, class_id, lesson, as_confirmed=True)
        confirmation_id = services.ids.new()
        session.add(
            Confirmation(
                class_id=class_id,
                lesson_id=lesson_id,
                id=confirmation_id,
                at=now,
                by_sealed=services.vault.seal(BY_PLACE, reader.actor.account),
            )
        )
        marks: list[Json] = [[enrolment_id, str(one.mark)] for enrolment_id, one in listed]
        evidence.record(
            session,
            services,
            class_id=class_id,
            stream=evidence.class_stream(class_id),
            type="attendance.cosigned",
            at=now,
            body={
                "confirmation": confirmation_id,
                "lesson": lesson_id,
                "cosigned_us": to_micros(now),
                "marks": marks,
            },
            disclose={"by": reader.actor.account, "ip": reader.ip},
        )


def attended(
    session: Session, class_id: str, lesson: Lesson, *, as_confirmed: bool = False
) -> list[tuple[str, Attended]]:
    """Return (enrolment, attendance) of everybody in one lesson, by ordinal.

    ``as_confirmed`` judges as if the list had been confirmed now.
    """
    terms = queries.class_notice(session, class_id).attendance
    ids = [one.id for one in queries.roster(session, class_id)]
    facts = attendance_facts(session, class_id, ids, lesson_id=lesson.id)
    closed = as_confirmed or lesson.id in confirmed(session, class_id)
    fact = queries.lesson_fact(lesson)
    return [(one, judge(fact, facts[one], terms, confirmed=closed)) for one in ids]


def _check(session: Session, one: EntryInput, lesson: Lesson, before: AttendanceFacts, now: datetime) -> None:
    who = {"title": lesson.title, "mark": one.mark}
    if one.mark not in set(Mark) or lesson.starts_at is None or lesson.ends_at is None:
        raise InvalidInput("attendance.mark_unknown", **who)
    terms = queries.class_notice(session, lesson.class_id).attendance
    first = lesson.starts_at - timedelta(minutes=terms.open_minutes)
    last = min(now, lesson.ends_at + timedelta(minutes=terms.close_minutes))
    for instant in (one.in_at, one.out_at):
        if instant is not None and not first <= instant <= last:
            raise InvalidInput(
                "attendance.time_outside", title=lesson.title, first=_clock(first), last=_clock(last)
            )
    if one.in_at and one.out_at and one.out_at < one.in_at:
        raise InvalidInput("attendance.time_backwards", title=lesson.title)
    came = any(sign.purpose == "in" for sign in before.signs)
    left = any(sign.purpose == "out" for sign in before.signs)
    if one.mark in {Mark.LATE, Mark.LATE_EARLY} and one.in_at is None and not came:
        raise InvalidInput("attendance.time_of_coming", title=lesson.title)
    if one.mark in {Mark.EARLY, Mark.LATE_EARLY} and one.out_at is None and not left:
        raise InvalidInput("attendance.time_of_leaving", title=lesson.title)


def _keep(
    session: Session,
    services: Services,
    reader: Reader,
    lesson: Lesson,
    one: EntryInput,
    *,
    now: datetime,
    reason: str,
    sheet: str,
) -> None:
    entry_id = services.ids.new()
    vault = services.vault
    session.add(
        MarkEntry(
            class_id=lesson.class_id,
            enrolment_id=one.enrolment_id,
            id=entry_id,
            lesson_id=lesson.id,
            mark=one.mark,
            in_at=one.in_at,
            out_at=one.out_at,
            marked_at=now,
            by_sealed=vault.seal(BY_PLACE, reader.actor.account),
            reason_sealed=vault.seal(REASON_PLACE, reason),
        )
    )
    body: dict[str, Json] = {
        "entry": entry_id,
        "lesson": lesson.id,
        "mark": one.mark,
        "marked_us": to_micros(now),
        "in_us": None if one.in_at is None else to_micros(one.in_at),
        "out_us": None if one.out_at is None else to_micros(one.out_at),
        "sheet": sheet or None,
    }
    evidence.record(
        session,
        services,
        class_id=lesson.class_id,
        stream=evidence.enrolment_stream(one.enrolment_id),
        type="attendance.marked",
        at=now,
        body=body,
        disclose={"by": reader.actor.account, "ip": reader.ip, "reason": reason},
    )


def _clock(instant: datetime) -> str:
    return shanghai(instant).strftime("%m-%d %H:%M")


def marks_of(listed: Iterable[tuple[str, Attended]]) -> dict[str, int]:
    """Return how many have which mark; ``""`` is nobody's mark yet."""
    counted: dict[str, int] = {}
    for _, one in listed:
        key = "" if one.mark is None else str(one.mark)
        counted[key] = counted.get(key, 0) + 1
    return counted
