"""Whose exam it is: an enrolment of the actor's own person, an attempt of the actor's own account."""

from __future__ import annotations

from lmscompliance.exams import sheets
from lmscompliance.kernel.actor import Actor
from lmscompliance.kernel.errors import NotFound
from lmscompliance.services import Services
from lmscompliance.storage.transaction import reading
from lmscompliance.training import queries as training
from lmscompliance.training.access import enrolment_scope


def own_enrolment(services: Services, account: str, class_id: str) -> str:
    """Return the enrolment of ``account`` in a class.

    Raises ``NotFound``, in the same words, for an unknown class and one the person is not activated in.
    """
    with reading(services.database) as session:
        enrolment = training.enrolment_of(session, class_id, account)
    if enrolment is None:
        raise NotFound("exams.no_enrolment")
    return enrolment.id


def class_scope(services: Services, actor: Actor, arguments: dict[str, str]) -> None:
    """Admit the actor to the exam of the class in the path, or raise ``NotFound``."""
    own_enrolment(services, actor.account, arguments["class_id"])


def attempt_scope(services: Services, actor: Actor, arguments: dict[str, str]) -> None:
    """Admit the actor to the attempt in the path, or raise ``NotFound``."""
    with reading(services.database) as session:
        sheets.find(session, arguments["attempt_id"], actor.account)


def staff_attempt_scope(services: Services, actor: Actor, arguments: dict[str, str]) -> None:
    """Admit staff to an attempt of an enrolment in their remit, or raise ``NotFound``."""
    enrolment_scope(services, actor, arguments)
    with reading(services.database) as session:
        sheet = sheets.find(session, arguments["attempt_id"])
        if (sheet.class_id, sheet.enrolment_id) != (arguments["class_id"], arguments["enrolment_id"]):
            raise NotFound("exams.no_attempt", attempt=arguments["attempt_id"])
