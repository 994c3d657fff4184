"""Opening, ending and giving up sessions; what a beat does stands in ``beats``."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from lmscompliance import evidence
from lmscompliance.content import service as content
from lmscompliance.identity import consent, links
from lmscompliance.kernel.actor import Actor
from lmscompliance.kernel.clock import to_micros
from lmscompliance.kernel.errors import Conflict, Gone
from lmscompliance.learning import (
    beatlog,
    delivery,
    history,
    limits,
    nonces,
    origin,
    segments,
    tokens,
)
from lmscompliance.learning.facts import session_facts
from lmscompliance.learning.instants import instant
from lmscompliance.learning.jobs import close_silent, is_silent
from lmscompliance.learning.models import OPEN_SESSION, ClosedSession, OpenSession
from lmscompliance.learning.origin import Origin
from lmscompliance.learning.presence import watch
from lmscompliance.learning.presence.facts import presence_facts
from lmscompliance.learning.progress import credited_seconds
from lmscompliance.learning.sent import SentBeat
from lmscompliance.rules.facts import OFFLINE
from lmscompliance.services import Services
from lmscompliance.storage.transaction import reading, transaction
from lmscompliance.training import queries
from lmscompliance.training.models import Enrolment, Lesson
from lmscompliance.training.own_lessons import own_lesson

__all__ = ["Ended", "Started", "close_silent", "end", "presence_facts", "session_facts", "start"]


@dataclass(frozen=True, slots=True)
class Started:
    """A new session and what its page needs; a beat is due every ``beat_seconds``.

    The first one shows ``nonce``. ``presence`` says how the trainee stands with presence checks, as in each
    beat's answer.
    """

    session: str
    token: str
    nonce: str
    beat_seconds: int
    planned_seconds: int
    resume_position_ms: int
    credited_seconds: int
    presence: str
    late_seconds: int
    """For so long after its last answer a page without a network may deliver what it kept."""


@dataclass(frozen=True, slots=True)
class Ended:
    """A closed session, and what now counts of its lesson."""

    state: str
    credited_seconds: int


def start(
    services: Services,
    actor: Actor,
    lesson_id: str,
    sender: Origin,
    *,
    takeover: bool = False,
    again: bool = False,
) -> Started:
    """Open a session of the actor in a lesson; it counts as playing from this moment on.

    Another active session of the same person is ``Conflict`` (``learning.other_device``), unless it has
    been silent for longer than its policy's gap (then it is closed first) or ``takeover`` asks to take
    its place. With ``again`` the page has asked before and read no answer: a session without any beat is then
    what it had opened, and closed as well.

    Whether the class is approved does not matter here: such time is kept, and excluded by rule. Raises
    ``NotFound`` for a lesson that is not the actor's; an offline lesson, or one of a class that
    is closed, is a ``Conflict``.
    """
    with transaction(services.database) as session:
        lesson, enrolment = own_lesson(session, actor, lesson_id)
        consent.require_learning(session, (lesson.class_id, enrolment.id))
        if lesson.mode == OFFLINE:
            raise Conflict("learning.offline_lesson", lesson=lesson.title)
        queries.require_going(session, lesson.class_id)
        content.require_intact(session, services, lesson)
        held_to = limits.within(session, services, lesson.class_id)
        session_id = services.ids.new()
        person_id = links.holder(session, enrolment.person_id)
        other = _make_room(session, services, person_id, session_id, takeover=takeover, again=again)
        resume_ms = _resume_position(session, enrolment.id, lesson, other)
        now = instant(services)
        check_at, stands = watch.begin(
            session, services, lesson.class_id, enrolment.id, now=now, limits=held_to
        )
        row = _new_row(
            services,
            session_id=session_id,
            lesson=lesson,
            enrolment=enrolment,
            person_id=person_id,
            sender=sender,
            now=now,
            # Whoever is being asked something is told again by the first beat.
            slow_at=now
            if stands == watch.DUE
            else min(now + held_to.segment, check_at or now + held_to.segment),
            check_at=check_at,
            resume_ms=resume_ms,
        )
        try:
            session.execute(insert(OPEN_SESSION), row)
        except IntegrityError:
            # Two devices at the same moment: the unique index let exactly one of them in.
            raise Conflict("learning.other_device", lesson=lesson.title) from None
        evidence.record(
            session,
            services,
            class_id=lesson.class_id,
            stream=evidence.enrolment_stream(enrolment.id),
            type="session.opened",
            at=services.clock.now(),
            body={
                "session": session_id,
                "lesson": lesson.id,
                "opened_us": to_micros(now),
                "content_sha256": lesson.content_sha256,
                "after": evidence.newest_head(session),
            },
            disclose={"ip": sender.ip, "agent": sender.agent},
        )
    with reading(services.database) as session:
        credited = credited_seconds(session, services, lesson.class_id, enrolment.id, lesson.id)
    return Started(
        session=session_id,
        token=tokens.issue(services, tokens.Claims(session_id, enrolment.id, lesson.class_id)),
        nonce=nonces.after(services, session_id, 0),
        beat_seconds=held_to.beat_seconds,
        planned_seconds=lesson.planned_seconds,
        resume_position_ms=resume_ms,
        credited_seconds=credited,
        presence=stands,
        late_seconds=held_to.terms.late_window_seconds,
    )


def end(services: Services, token: str, beat: SentBeat, sender: Origin) -> Ended:
    """Keep a last ``beat`` and close the session; safe to repeat, also after it was closed otherwise.

    Raises ``Unauthenticated`` for a token that is not ours and ``Gone`` when even the history of the
    session has been purged.
    """
    claims = tokens.read(services, token)
    held_to = limits.of_class(services, claims.class_id)
    with transaction(services.database) as session:
        row = segments.lock(session, claims.enrolment_id, claims.session_id)
        if row is None:
            delivery.take_closed(session, services, claims, beat, sender=sender, limits=held_to)
        else:
            delivery.take(session, services, row, beat, sender=sender, limits=held_to, final=True)
            history.close_session(session, services, row, "end")
    with reading(services.database) as session:
        lesson_id = session.scalars(
            select(ClosedSession.lesson_id).where(
                ClosedSession.enrolment_id == claims.enrolment_id,
                ClosedSession.session_id == claims.session_id,
            )
        ).one_or_none()
        if lesson_id is None:
            raise Gone("learning.session_gone")
        credited = credited_seconds(session, services, claims.class_id, claims.enrolment_id, lesson_id)
    return Ended("closed", credited)


def _make_room(
    session: Session, services: Services, person_id: str, by: str, *, takeover: bool, again: bool
) -> OpenSession | None:
    """Return the person's session that was taken over, if one was."""
    other = session.scalars(
        select(OpenSession).where(OpenSession.person_id == person_id, OpenSession.active).with_for_update()
    ).one_or_none()
    if other is None:
        return None
    unused = again and other.last_seq == 0
    if unused or is_silent(session, services, other, instant(services)):
        history.close_session(session, services, other, "timeout")
        return None
    if takeover:
        history.supersede(session, services, other, by)
        return other
    title = session.scalars(
        select(Lesson.title).where(Lesson.class_id == other.class_id, Lesson.id == other.lesson_id)
    ).one()
    raise Conflict("learning.other_device", lesson=title)


def _resume_position(
    session: Session, enrolment_id: str, lesson: Lesson, taken_over: OpenSession | None
) -> int:
    if taken_over is not None and (taken_over.enrolment_id, taken_over.lesson_id) == (
        enrolment_id,
        lesson.id,
    ):
        position, state = taken_over.last_position_ms, taken_over.last_state
    else:
        last = session.execute(
            select(ClosedSession.last_position_ms, ClosedSession.last_state)
            .where(ClosedSession.enrolment_id == enrolment_id, ClosedSession.lesson_id == lesson.id)
            .order_by(ClosedSession.session_id.desc())
            .limit(1)
        ).one_or_none()
        position, state = (0, "") if last is None else last
    return 0 if state == "ended" or position >= lesson.planned_seconds * 1000 else position


def _new_row(
    services: Services,
    *,
    session_id: str,
    lesson: Lesson,
    enrolment: Enrolment,
    person_id: str,
    sender: Origin,
    now: datetime,
    slow_at: datetime,
    check_at: datetime | None,
    resume_ms: int,
) -> dict[str, object]:
    ip_sealed, agent_sealed = origin.seal(services, sender)
    ip_blind, agent_blind = origin.blinds(services, sender)
    return {
        "enrolment_id": enrolment.id,
        "session_id": session_id,
        "class_id": lesson.class_id,
        "person_id": person_id,
        "lesson_id": lesson.id,
        "opened_at": now,
        "active": True,
        "superseded_at": None,
        "superseded_by": None,
        "segment_n": 0,
        "segment_start": now,
        "slow_at": slow_at,
        "check_at": check_at,
        "last_at": now,
        "last_seq": 0,
        "last_position_ms": resume_ms,
        "last_state": "playing",
        # The opening is beat 0: the page opens its session at the moment it begins to play.
        "beats": beatlog.entry(0, 0, resume_ms, "playing"),
        "ip_sealed": ip_sealed,
        "agent_sealed": agent_sealed,
        "ip_blind": ip_blind,
        "agent_blind": agent_blind,
        "address_new": False,
    }
