"""Whose a certificate is."""

from __future__ import annotations

from sqlalchemy import select

from lmscompliance.certificates.models import Certificate
from lmscompliance.kernel.actor import Actor
from lmscompliance.kernel.errors import NotFound
from lmscompliance.services import Services
from lmscompliance.storage.transaction import reading
from lmscompliance.training.access import class_scope


def award_scope(services: Services, actor: Actor, arguments: dict[str, str]) -> None:
    """Raise ``NotFound`` unless ``class_id`` is in scope and ``certificate_id`` was issued in it."""
    class_scope(services, actor, arguments)
    mine = select(Certificate.id).where(
        Certificate.class_id == arguments["class_id"], Certificate.id == arguments["certificate_id"]
    )
    with reading(services.database) as session:
        if session.scalar(mine) is None:
            raise NotFound("web.not_found")
