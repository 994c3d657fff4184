"""Whose a claim is."""

from __future__ import annotations

from lmscompliance.claims.models import Claim
from lmscompliance.kernel.actor import Actor
from lmscompliance.kernel.errors import NotFound
from lmscompliance.services import Services
from lmscompliance.storage.transaction import reading
from lmscompliance.training.access import class_scope


def claim_scope(services: Services, actor: Actor, arguments: dict[str, str]) -> None:
    """Raise ``NotFound`` unless the class is in scope and the claim is one of it."""
    class_scope(services, actor, arguments)
    with reading(services.database) as session:
        if session.get(Claim, (arguments["class_id"], arguments["claim_id"])) is None:
            raise NotFound("web.not_found")
