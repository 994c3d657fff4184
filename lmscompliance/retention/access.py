"""Object scopes of a hold and of a certificate: their class must be the actor's to see."""

from __future__ import annotations

from lmscompliance.kernel.actor import Actor
from lmscompliance.kernel.errors import NotFound
from lmscompliance.retention.models import Hold, Purge
from lmscompliance.services import Services
from lmscompliance.storage.transaction import reading
from lmscompliance.training.access import class_scope


def hold_scope(services: Services, actor: Actor, arguments: dict[str, str]) -> None:
    """Raise ``NotFound`` unless ``class_id`` is in scope and ``hold_id`` was placed in it."""
    class_scope(services, actor, arguments)
    with reading(services.database) as session:
        if session.get(Hold, (arguments["class_id"], arguments["hold_id"])) is None:
            raise NotFound("web.not_found")


def certificate_scope(services: Services, actor: Actor, arguments: dict[str, str]) -> None:
    """Raise ``NotFound`` unless ``class_id`` is in scope and ``purge_id`` is one of its purges."""
    class_scope(services, actor, arguments)
    with reading(services.database) as session:
        if session.get(Purge, (arguments["class_id"], arguments["purge_id"])) is None:
            raise NotFound("web.not_found")
