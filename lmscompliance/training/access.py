"""Object scopes of everything that belongs to a class, for the routes of this room and all above it.

A foreign object answers exactly as one that does not exist, so nobody learns what others have.
"""

from __future__ import annotations

from sqlalchemy import select

from lmscompliance.identity.models import IdentityCase
from lmscompliance.kernel.actor import Actor, Role
from lmscompliance.kernel.errors import NotFound
from lmscompliance.services import Services
from lmscompliance.storage.transaction import reading
from lmscompliance.training import queries
from lmscompliance.training.models import Verification


def class_scope(services: Services, actor: Actor, arguments: dict[str, str]) -> None:
    """Raise ``NotFound`` unless the class ``class_id`` of the path is the actor's to see.

    A trainee must be activated in it; an enterprise must have filed it; an inspector's districts must
    cover it; an institution or an auditor must be named for it; an administrator sees each that exists.
    """
    with reading(services.database) as session:
        if not queries.in_scope(session, actor, arguments["class_id"]):
            raise NotFound("web.not_found")


def enrolment_scope(services: Services, actor: Actor, arguments: dict[str, str]) -> None:
    """Raise ``NotFound`` unless ``class_id`` is in scope and ``enrolment_id`` belongs to it.

    A trainee reaches their own enrolment only.
    """
    class_id, enrolment_id = arguments["class_id"], arguments["enrolment_id"]
    with reading(services.database) as session:
        if not queries.in_scope(session, actor, class_id):
            raise NotFound("web.not_found")
        try:
            found = queries.enrolment(session, class_id, enrolment_id)
        except NotFound:
            raise NotFound("web.not_found") from None
        if actor.role is Role.TRAINEE:
            mine = queries.enrolment_of(session, class_id, actor.account)
            if mine is None or mine.id != found.id:
                raise NotFound("web.not_found")


def verification_scope(services: Services, actor: Actor, arguments: dict[str, str]) -> None:
    """Raise ``NotFound`` unless ``verification_id`` belongs to ``class_id``, which is the staff's to see."""
    class_id = arguments["class_id"]
    mine = select(Verification.id).where(
        Verification.class_id == class_id, Verification.id == arguments["verification_id"]
    )
    with reading(services.database) as session:
        if not queries.in_scope(session, actor, class_id) or session.scalar(mine) is None:
            raise NotFound("web.not_found")


def case_scope(services: Services, actor: Actor, arguments: dict[str, str]) -> None:
    """Raise ``NotFound`` unless the case ``case_id`` was found in a class that is the staff's to see."""
    with reading(services.database) as session:
        case = session.get(IdentityCase, arguments["case_id"])
        if case is None or not queries.in_scope(session, actor, case.origin.removeprefix("class/")):
            raise NotFound("web.not_found")
