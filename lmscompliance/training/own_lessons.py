"""Who may learn what: a lesson belongs to a class its actor's person is enrolled in and activated for."""

from __future__ import annotations

from sqlalchemy.orm import Session

from lmscompliance.kernel.actor import Actor
from lmscompliance.kernel.errors import NotFound
from lmscompliance.services import Services
from lmscompliance.storage.transaction import reading
from lmscompliance.training import queries
from lmscompliance.training.models import Enrolment, Lesson


def own_lesson(session: Session, actor: Actor, lesson_id: str) -> tuple[Lesson, Enrolment]:
    """Return the lesson and the actor's enrolment in its class.

    Raises ``NotFound``, in the same words, for an unknown lesson and for one of a class the actor is not
    activated in: whether it exists is nobody else's business.
    """
    try:
        lesson = queries.lesson(session, lesson_id)
    except NotFound:
        raise NotFound("training.no_own_lesson") from None
    enrolment = queries.enrolment_of(session, lesson.class_id, actor.account)
    if enrolment is None:
        raise NotFound("training.no_own_lesson")
    return lesson, enrolment


def lesson_scope(services: Services, actor: Actor, arguments: dict[str, str]) -> None:
    """Admit the actor to the lesson in the path, or raise ``NotFound``."""
    with reading(services.database) as session:
        lesson, _ = own_lesson(session, actor, arguments["lesson_id"])
        if lesson.class_id != arguments["class_id"]:
            raise NotFound("training.no_own_lesson")
