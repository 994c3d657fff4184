"""Object scope of an anomaly: its class must be the actor's to see, and it must belong to it."""

from __future__ import annotations

from lmscompliance.kernel.actor import Actor
from lmscompliance.kernel.errors import NotFound
from lmscompliance.services import Services
from lmscompliance.storage.transaction import reading
from lmscompliance.supervision.models import Anomaly, KnownNetwork
from lmscompliance.training import queries
from lmscompliance.training.access import class_scope


def anomaly_scope(services: Services, actor: Actor, arguments: dict[str, str]) -> None:
    """Raise ``NotFound`` unless ``class_id`` is in scope and ``anomaly_id`` is one of it."""
    class_scope(services, actor, arguments)
    with reading(services.database) as session:
        if session.get(Anomaly, (arguments["class_id"], arguments["anomaly_id"])) is None:
            raise NotFound("web.not_found")


def network_scope(services: Services, actor: Actor, arguments: dict[str, str]) -> None:
    """Raise ``NotFound`` unless ``class_id`` is in scope and ``network_id`` its enterprise's."""
    class_scope(services, actor, arguments)
    with reading(services.database) as session:
        class_ = queries.class_by_id(session, arguments["class_id"])
        if session.get(KnownNetwork, (class_.enterprise_id, arguments["network_id"])) is None:
            raise NotFound("web.not_found")
