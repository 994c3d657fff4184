"""Object scope of objections, for the routes of this room."""

from __future__ import annotations

from lmscompliance.completion.models import Dispute
from lmscompliance.kernel.actor import Actor
from lmscompliance.kernel.errors import NotFound
from lmscompliance.services import Services
from lmscompliance.storage.transaction import reading
from lmscompliance.training.access import class_scope


def dispute_scope(services: Services, actor: Actor, arguments: dict[str, str]) -> None:
    """Raise ``NotFound`` unless the class is the actor's to see and the objection belongs to it."""
    class_scope(services, actor, arguments)
    with reading(services.database) as session:
        if session.get(Dispute, (arguments["class_id"], arguments["dispute_id"])) is None:
            raise NotFound("web.not_found")
