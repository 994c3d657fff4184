"""Object scope of a correction request: its class must be the actor's to see, and it must belong to it."""

from __future__ import annotations

from lmscompliance.kernel.actor import Actor
from lmscompliance.kernel.errors import NotFound
from lmscompliance.persons import requests
from lmscompliance.services import Services
from lmscompliance.storage.transaction import reading
from lmscompliance.training.access import class_scope


def request_scope(services: Services, actor: Actor, arguments: dict[str, str]) -> None:
    """Raise ``NotFound`` unless ``class_id`` is in scope and ``request_id`` is one of it."""
    class_scope(services, actor, arguments)
    with reading(services.database) as session:
        if not requests.known(session, arguments["class_id"], arguments["request_id"]):
            raise NotFound("web.not_found")
