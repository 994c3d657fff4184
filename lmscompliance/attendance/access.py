"""Which lessons can be attended at a time, and whose they are."""

from __future__ import annotations

from sqlalchemy.orm import Session

from lmscompliance.kernel.actor import Actor
from lmscompliance.kernel.errors import Conflict, NotFound
from lmscompliance.rules.facts import LIVE, OFFLINE, ONLINE
from lmscompliance.services import Services
from lmscompliance.storage.transaction import reading
from lmscompliance.training import queries
from lmscompliance.training.access import class_scope
from lmscompliance.training.models import Lesson


def meeting_scope(services: Services, actor: Actor, arguments: dict[str, str]) -> None:
    """Raise ``NotFound`` unless the class is in scope and the lesson is a live or offline one of it."""
    class_scope(services, actor, arguments)
    with reading(services.database) as session:
        if _lesson(session, arguments["class_id"], arguments["lesson_id"]).mode == ONLINE:
            raise NotFound("web.not_found")


def offline_lesson(session: Session, class_id: str, lesson_id: str) -> Lesson:
    """Return an offline lesson of the class; raises ``NotFound``."""
    lesson = _lesson(session, class_id, lesson_id)
    if lesson.mode != OFFLINE:
        raise NotFound("web.not_found")
    return lesson


def live_lesson(session: Session, class_id: str, lesson_id: str) -> Lesson:
    """Return a live lesson of the class; raises ``NotFound``, and ``Conflict`` for one of another mode."""
    lesson = _lesson(session, class_id, lesson_id)
    if lesson.mode != LIVE:
        raise Conflict("attendance.not_live", title=lesson.title)
    return lesson


def _lesson(session: Session, class_id: str, lesson_id: str) -> Lesson:
    try:
        lesson = queries.lesson(session, lesson_id)
    except NotFound:
        raise NotFound("web.not_found") from None
    if lesson.class_id != class_id:
        raise NotFound("web.not_found")
    return lesson
