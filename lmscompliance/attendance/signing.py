"""Signing in and out by a code: the trainee reads the teacher's screen, or the teacher the trainee's.

Either way the one who reads is signed in as themselves, so the fact is bound to a person, a lesson and a
moment of the server's clock. Row and leaf are one transaction: if the process dies before its commit,
nobody was told that they had signed, and reading the next code does it again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from lmscompliance import evidence
from lmscompliance.attendance import codes
from lmscompliance.attendance.codes import Code
from lmscompliance.attendance.models import Sign
from lmscompliance.identity import consent
from lmscompliance.kernel.actor import RUNNING, Actor, Role
from lmscompliance.kernel.clock import from_micros, shanghai, to_micros
from lmscompliance.kernel.errors import Conflict, Forbidden, InvalidInput, NotFound
from lmscompliance.policy.terms import AttendanceTerms
from lmscompliance.rules.attendance import IN, OUT, SECOND_US, is_time_to_sign
from lmscompliance.rules.facts import OFFLINE
from lmscompliance.services import Services
from lmscompliance.storage.transaction import reading, transaction
from lmscompliance.training import queries
from lmscompliance.training.models import Enrolment, Lesson


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads a code, and from where."""

    actor: Actor
    ip: str
    agent: str


@dataclass(frozen=True, slots=True)
class Reading:
    """What a code that was read is about; ``signed_at`` is set once it is signed."""

    class_id: str
    lesson_id: str
    title: str
    purpose: str
    name: str
    starts_at: datetime | None
    ends_at: datetime | None
    place: str
    signed_at: datetime | None = None


def look(services: Services, reader: Reader, token: str) -> Reading:
    """Return what reading ``token`` now would sign; raises what ``sign`` would raise."""
    with reading(services.database) as session:
        found = _find(session, services, reader, codes.read(services, token))
        return found.reading(services, session, _already(session, found))


def sign(services: Services, reader: Reader, token: str) -> Reading:
    """Sign the person in or out; reading the same code again changes nothing.

    Raises ``InvalidInput`` (not our code), ``Gone`` (too old), ``Forbidden`` (not their class) and
    ``Conflict`` (not at this time; leaving without having come).
    """
    code = codes.read(services, token)
    with transaction(services.database) as session:
        found = _find(session, services, reader, code, lock=True)
        signed_at = _already(session, found)
        if signed_at is None:
            signed_at = _keep(session, services, reader, found)
        return found.reading(services, session, signed_at)


@dataclass(frozen=True, slots=True)
class _Found:
    code: Code
    lesson: Lesson
    enrolment: Enrolment
    method: str

    def reading(self, services: Services, session: Session, signed_at: datetime | None) -> Reading:
        person = queries.open_enrolment(
            session, services.vault, self.lesson.class_id, self.enrolment.id
        ).person
        return Reading(
            class_id=self.lesson.class_id,
            lesson_id=self.lesson.id,
            title=self.lesson.title,
            purpose=self.code.purpose,
            name=person.name,
            starts_at=self.lesson.starts_at,
            ends_at=self.lesson.ends_at,
            place=self.lesson.place,
            signed_at=signed_at,
        )


def _find(session: Session, services: Services, reader: Reader, code: Code, *, lock: bool = False) -> _Found:
    try:
        lesson = queries.lesson(session, code.lesson_id)
    except NotFound:
        raise InvalidInput("attendance.code_unreadable") from None
    if lesson.mode != OFFLINE:
        raise InvalidInput("attendance.code_unreadable")
    enrolment = _whose(session, reader.actor, code, lesson)
    terms = queries.class_notice(session, lesson.class_id).attendance
    codes.require_fresh(services, code, terms)
    _require_time(services, lesson, code.purpose, terms)
    if lock:
        # Two readings of one code at the same moment: the second waits here and finds the first's row.
        key = (Enrolment.class_id == lesson.class_id, Enrolment.id == enrolment.id)
        session.scalars(select(Enrolment).where(*key).with_for_update()).one()
    if code.purpose == OUT and _signs(session, lesson, enrolment, IN) == []:
        raise Conflict("attendance.not_signed_in", title=lesson.title)
    return _Found(code, lesson, enrolment, "personal" if code.enrolment_id else "screen")


def _whose(session: Session, actor: Actor, code: Code, lesson: Lesson) -> Enrolment:
    """Return whom the code signs: its bearer for the screen's code, its owner for a personal one."""
    if not code.enrolment_id:
        if actor.role is not Role.TRAINEE:
            raise Forbidden("attendance.code_for_trainees")
        mine = queries.enrolment_of(session, lesson.class_id, actor.account)
        if mine is None:
            raise Forbidden("attendance.wrong_class", title=lesson.title)
        consent.require_learning(session, (lesson.class_id, mine.id))
        return mine
    if actor.role not in RUNNING:
        raise Forbidden("attendance.code_for_teacher")
    if not queries.in_scope(session, actor, lesson.class_id):
        raise Forbidden("attendance.wrong_class_staff", title=lesson.title)
    return queries.enrolment(session, lesson.class_id, code.enrolment_id)


def _require_time(services: Services, lesson: Lesson, purpose: str, terms: AttendanceTerms) -> None:
    fact = queries.lesson_fact(lesson)
    if is_time_to_sign(fact, purpose, to_micros(services.clock.now()), terms):
        return
    starts, ends = lesson.starts_at, lesson.ends_at
    if starts is None or ends is None:
        raise InvalidInput("attendance.code_unreadable")
    if purpose == IN:
        opens, closes = starts - timedelta(minutes=terms.open_minutes), ends
    else:
        opens, closes = starts, ends + timedelta(minutes=terms.close_minutes)
    code = "attendance.not_now_in" if purpose == IN else "attendance.not_now_out"
    raise Conflict(code, title=lesson.title, opens=_shown(opens), closes=_shown(closes))


def _shown(instant: datetime) -> str:
    return shanghai(instant).strftime("%Y-%m-%d %H:%M")


def _signs(session: Session, lesson: Lesson, enrolment: Enrolment, purpose: str) -> list[datetime]:
    return list(
        session.scalars(
            select(Sign.at)
            .where(
                Sign.class_id == lesson.class_id,
                Sign.enrolment_id == enrolment.id,
                Sign.lesson_id == lesson.id,
                Sign.purpose == purpose,
            )
            .order_by(Sign.at)
        )
    )


def _already(session: Session, found: _Found) -> datetime | None:
    """Return when this was signed before: one comes once; one may leave again, but not by the same code."""
    signed = _signs(session, found.lesson, found.enrolment, found.code.purpose)
    if not signed:
        return None
    if found.code.purpose == IN:
        return signed[0]
    return signed[-1] if signed[-1] >= from_micros(found.code.shown_s * SECOND_US) else None


def _keep(session: Session, services: Services, reader: Reader, found: _Found) -> datetime:
    now = services.clock.now()
    sign_id = services.ids.new()
    lesson, enrolment = found.lesson, found.enrolment
    session.add(
        Sign(
            class_id=lesson.class_id,
            enrolment_id=enrolment.id,
            id=sign_id,
            lesson_id=lesson.id,
            purpose=found.code.purpose,
            method=found.method,
            at=now,
        )
    )
    disclose = {"ip": reader.ip, "agent": reader.agent}
    if found.method == "personal":
        disclose["by"] = reader.actor.account
    evidence.record(
        session,
        services,
        class_id=lesson.class_id,
        stream=evidence.enrolment_stream(enrolment.id),
        type="attendance.signed",
        at=now,
        body={
            "sign": sign_id,
            "lesson": lesson.id,
            "purpose": found.code.purpose,
            "signed_us": to_micros(now),
            "method": found.method,
        },
        disclose=disclose,
    )
    return now
