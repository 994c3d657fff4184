"""Who held a live lesson, and from when to when: the host's page starts and ends it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from lmscompliance import evidence
from lmscompliance.attendance.access import live_lesson
from lmscompliance.attendance.lists import Meeting, meeting
from lmscompliance.attendance.models import LiveShow
from lmscompliance.attendance.signing import Reader
from lmscompliance.kernel.clock import shanghai, to_micros
from lmscompliance.kernel.errors import Conflict, InvalidInput
from lmscompliance.rules import live as rules
from lmscompliance.rules.facts import LIVE, ClassFact, LessonFact
from lmscompliance.services import Services
from lmscompliance.storage.transaction import reading, transaction
from lmscompliance.training import queries
from lmscompliance.training.models import Lesson

_LONGEST_NAME = 64


@dataclass(frozen=True, slots=True)
class HostPage:
    """What the host of a live lesson sees; ``running_since`` is empty while it is not held."""

    meeting: Meeting
    running_since: datetime | None
    shows: tuple[tuple[datetime, datetime | None], ...]


EARLY, WAITING, ON, OVER = "early", "waiting", "on", "over"


@dataclass(frozen=True, slots=True)
class Standing:
    """Whether time in a live lesson counts now.

    ``state`` is ``EARLY`` (``starts`` is still to come), ``WAITING`` (for a host), ``ON`` or ``OVER``.
    """

    state: str
    starts: str


def standing(session: Session, services: Services, lesson: Lesson) -> Standing | None:
    """Return how a live lesson stands, ``None`` for any other."""
    if lesson.mode != LIVE or lesson.starts_at is None or lesson.ends_at is None:
        return None
    now, starts = services.clock.now(), _shown(lesson.starts_at)
    if now < lesson.starts_at:
        return Standing(EARLY, starts)
    if now >= lesson.ends_at:
        return Standing(OVER, starts)
    by_host = queries.class_notice(session, lesson.class_id).delivery.live_by_host
    held = not by_host or _running(session, lesson.class_id, lesson.id) is not None
    return Standing(ON if held else WAITING, starts)


def start(services: Services, reader: Reader, class_id: str, lesson_id: str, host: str) -> None:
    """Record that ``host`` (a name) holds the lesson from now on; starting again changes nothing.

    Raises ``Conflict`` earlier than the policy's ``attendance.open_minutes`` before it or after its end.
    """
    host = " ".join(host.split())
    if not host or len(host) > _LONGEST_NAME:
        raise InvalidInput("attendance.host_missing")
    now = services.clock.now()
    with transaction(services.database) as session:
        class_ = queries.locked_class(session, class_id)
        lesson = live_lesson(session, class_id, lesson_id)
        if _running(session, class_id, lesson_id) is not None:
            return
        margin = timedelta(minutes=queries.notice_of(session, class_).attendance.open_minutes)
        if (
            lesson.starts_at is None
            or lesson.ends_at is None
            or not lesson.starts_at - margin <= now < lesson.ends_at
        ):
            opens = "—" if lesson.starts_at is None else _shown(lesson.starts_at - margin)
            closes = "—" if lesson.ends_at is None else _shown(lesson.ends_at)
            raise Conflict("attendance.live_not_now", title=lesson.title, opens=opens, closes=closes)
        show = LiveShow(
            class_id=class_id, lesson_id=lesson_id, id=services.ids.new(), started_at=now, ended_at=None
        )
        session.add(show)
        evidence.record(
            session,
            services,
            class_id=class_id,
            stream=evidence.class_stream(class_id),
            type="live.started",
            at=now,
            body={"show": show.id, "lesson": lesson_id, "started_us": to_micros(now)},
            disclose={"host": host, "by": reader.actor.account, "ip": reader.ip},
        )


def end(services: Services, reader: Reader, class_id: str, lesson_id: str) -> None:
    """Record that the lesson is over; without a running one nothing changes."""
    now = services.clock.now()
    with transaction(services.database) as session:
        queries.locked_class(session, class_id)
        live_lesson(session, class_id, lesson_id)
        show = _running(session, class_id, lesson_id)
        if show is None:
            return
        show.ended_at = now
        evidence.record(
            session,
            services,
            class_id=class_id,
            stream=evidence.class_stream(class_id),
            type="live.ended",
            at=now,
            body={"show": show.id, "lesson": lesson_id, "ended_us": to_micros(now)},
            disclose={"by": reader.actor.account, "ip": reader.ip},
        )


def host_page(services: Services, class_id: str, lesson_id: str) -> HostPage:
    """Return the host's page; raises ``NotFound`` for a lesson that is not live."""
    with reading(services.database) as session:
        lesson = live_lesson(session, class_id, lesson_id)
        rows = _shows(session, class_id, lesson_id)
        running = next((one.started_at for one in rows if one.ended_at is None), None)
        return HostPage(
            meeting(session, services, lesson), running, tuple((one.started_at, one.ended_at) for one in rows)
        )


def class_facts(session: Session, class_id: str) -> tuple[ClassFact, list[LessonFact]]:
    """Return the class and its plan as facts, live lessons with when they were held."""
    fact, lessons = queries.class_facts(session, class_id)
    if all(one.mode != LIVE for one in lessons):
        return fact, lessons
    terms = queries.class_notice(session, class_id).delivery
    rows = session.scalars(select(LiveShow).where(LiveShow.class_id == class_id))
    shows = {
        one.id: rules.Show(
            one.lesson_id,
            to_micros(one.started_at),
            None if one.ended_at is None else to_micros(one.ended_at),
        )
        for one in rows
    }
    return fact, rules.held(lessons, shows, terms)


def _shows(session: Session, class_id: str, lesson_id: str) -> list[LiveShow]:
    return list(
        session.scalars(
            select(LiveShow)
            .where(LiveShow.class_id == class_id, LiveShow.lesson_id == lesson_id)
            .order_by(LiveShow.started_at, LiveShow.id)
        )
    )


def _running(session: Session, class_id: str, lesson_id: str) -> LiveShow | None:
    return next((one for one in _shows(session, class_id, lesson_id) if one.ended_at is None), None)


def _shown(instant: datetime) -> str:
    return shanghai(instant).strftime("%Y-%m-%d %H:%M")
