"""How far somebody is in one lesson, by the same rules that decide in the end."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from lmscompliance.attendance import live
from lmscompliance.attendance.facts import attendance_facts, confirmed
from lmscompliance.attendance.live import class_facts
from lmscompliance.content import service as content
from lmscompliance.content.service import Frozen
from lmscompliance.kernel.actor import Actor
from lmscompliance.learning import limits, steps
from lmscompliance.learning.facts import session_facts
from lmscompliance.learning.presence.facts import presence_facts
from lmscompliance.quizzes import viewing as quizzes
from lmscompliance.rules import attendance, credit
from lmscompliance.rules.facts import OFFLINE, Stay
from lmscompliance.rules.identity import unverified
from lmscompliance.rules.merging import merged_voids
from lmscompliance.rules.presence import voids
from lmscompliance.services import Services
from lmscompliance.storage.transaction import reading
from lmscompliance.training import queries
from lmscompliance.training.own_lessons import own_lesson
from lmscompliance.training.verifying import identity_facts


@dataclass(frozen=True, slots=True)
class Progress:
    """Seconds of a lesson that are learnt so far, and how many it has.

    A lesson's quiz is left out here: what it holds back is learnt, and counts once the quiz is passed.
    """

    credited_seconds: int
    planned_seconds: int
    live: live.Standing | None = None
    """How a live lesson stands now."""
    quiz: quizzes.Standing | None = None
    """How the trainee stands with the lesson's quiz, if it has one."""


@dataclass(frozen=True, slots=True)
class LessonView:
    """What the lesson page shows."""

    class_id: str
    lesson_id: str
    class_title: str
    ordinal: int
    title: str
    topic: str
    course: str
    mode: str
    content_kind: str
    content_url: str
    frozen: Frozen | None
    """The content we keep ourselves, if we do."""
    steps_done: frozenset[str]
    """Names of a simulation's events so far."""
    progress: Progress
    quiz: quizzes.Standing | None
    """How the trainee stands with the lesson's quiz, if it has one."""


def lesson_view(services: Services, actor: Actor, lesson_id: str) -> LessonView:
    """Return what the actor's page of a lesson shows; raises ``NotFound`` for a foreign lesson."""
    with reading(services.database) as session:
        lesson, enrolment = own_lesson(session, actor, lesson_id)
        class_ = queries.class_by_id(session, lesson.class_id)
        credited = credited_seconds(session, services, lesson.class_id, enrolment.id, lesson.id)
        frozen = content.current(session, lesson)
        done = steps.done(session, enrolment.id, lesson.id)
        quiz = quizzes.standing(session, lesson.class_id, enrolment.id, lesson.id)
    return LessonView(
        class_id=lesson.class_id,
        lesson_id=lesson.id,
        class_title=class_.title,
        ordinal=lesson.ordinal,
        title=lesson.title,
        topic=lesson.topic,
        course=lesson.course,
        mode=lesson.mode,
        content_kind=lesson.content_kind,
        content_url=lesson.content_url,
        frozen=frozen if frozen is not None and frozen.origin == "file" else None,
        steps_done=done,
        progress=Progress(credited, lesson.planned_seconds),
        quiz=quiz,
    )


def lesson_progress(services: Services, actor: Actor, lesson_id: str) -> Progress:
    """Return the actor's progress in a lesson; raises ``NotFound`` for a foreign lesson."""
    with reading(services.database) as session:
        lesson, enrolment = own_lesson(session, actor, lesson_id)
        credited = credited_seconds(session, services, lesson.class_id, enrolment.id, lesson.id)
        quiz = quizzes.standing(session, lesson.class_id, enrolment.id, lesson.id)
        return Progress(credited, lesson.planned_seconds, live.standing(session, services, lesson), quiz)


def planned_seconds(services: Services, lesson_id: str) -> int:
    """Return the planned length of a lesson; raises ``NotFound``."""
    with reading(services.database) as session:
        return queries.lesson(session, lesson_id).planned_seconds


def credited_seconds(
    session: Session, services: Services, class_id: str, enrolment_id: str, lesson_id: str
) -> int:
    """Return the seconds of one lesson that are credited so far, or will be once its quiz is passed.

    The sessions of that lesson are enough, unless a limit of a day is shared with other lessons: a second
    session of the same person only exists once the first is marked as taken over, so no overlap is missed
    by leaving the other lessons unread.
    """
    terms = limits.within(session, services, class_id).terms
    alone = terms.daily_cap_seconds is None and not terms.period_caps
    facts = session_facts(session, class_id, [enrolment_id], lesson_id=lesson_id if alone else None)[
        enrolment_id
    ]
    if not facts:
        return 0
    class_fact, lessons = class_facts(session, class_id)
    checks = presence_facts(session, [enrolment_id])[enrolment_id]
    taken = voids(checks, limits.within(session, services, class_id).presence)
    known = identity_facts(session, class_id, [enrolment_id])[enrolment_id]
    notice = queries.class_notice(session, class_id)
    against = unverified(known, notice.identity)
    against += merged_voids(queries.merge_facts(session, class_id, [enrolment_id])[enrolment_id])
    stays: list[Stay] = []
    if not alone and any(one.mode == OFFLINE for one in lessons):
        signed = attendance_facts(session, class_id, [enrolment_id])[enrolment_id]
        came = attendance.attended(lessons, signed, confirmed(session, class_id), notice.attendance)
        stays = attendance.stays(came, notice, class_fact, against)
    account = credit.account(facts, lessons, terms, class_fact, taken + against, stays=stays)
    return account.by_lesson(lesson_id)
