"""Object scope of an exported ledger: its class must be the actor's to see, and it must belong to it."""

from __future__ import annotations

from lmscompliance.kernel.actor import Actor
from lmscompliance.kernel.errors import NotFound
from lmscompliance.ledgers.downloads import finished
from lmscompliance.services import Services
from lmscompliance.storage.transaction import reading
from lmscompliance.training.access import class_scope


def export_scope(services: Services, actor: Actor, arguments: dict[str, str]) -> None:
    """Raise ``NotFound`` unless ``class_id`` is in scope and ``export_id`` is a finished export of it."""
    class_scope(services, actor, arguments)
    with reading(services.database) as session:
        if finished(session, arguments["class_id"], arguments["export_id"]) is None:
            raise NotFound("web.not_found")
