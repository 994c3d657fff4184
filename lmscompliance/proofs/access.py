"""The object scope of one proof."""

from __future__ import annotations

from sqlalchemy import select

from lmscompliance.kernel.actor import Actor, Role
from lmscompliance.kernel.errors import NotFound
from lmscompliance.proofs.models import Proof
from lmscompliance.services import Services
from lmscompliance.storage.transaction import reading
from lmscompliance.training import queries


def proof_scope(services: Services, actor: Actor, arguments: dict[str, str]) -> None:
    """Raise ``NotFound`` unless ``proof_id`` belongs to ``class_id``, which is the actor's to see.

    A trainee reaches their own proofs only.
    """
    class_id = arguments["class_id"]
    with reading(services.database) as session:
        if not queries.in_scope(session, actor, class_id):
            raise NotFound("web.not_found")
        owner = select(Proof.enrolment_id).where(
            Proof.class_id == class_id, Proof.id == arguments["proof_id"]
        )
        enrolment_id = session.scalar(owner)
        if enrolment_id is None:
            raise NotFound("web.not_found")
        if actor.role is Role.TRAINEE:
            mine = queries.enrolment_of(session, class_id, actor.account)
            if mine is None or mine.id != enrolment_id:
                raise NotFound("web.not_found")
