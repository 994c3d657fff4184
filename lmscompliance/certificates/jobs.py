"""Issuing to a whole class takes minutes: asked for with a click, done by whichever process works the queue.

If that one dies, every certificate it wrote is there, with its number; the next goes on with who has none.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lmscompliance.certificates import issuing
from lmscompliance.certificates.models import Certificate
from lmscompliance.jobs import queue, worker
from lmscompliance.jobs.progress import in_hundredths
from lmscompliance.jobs.queue import JobState
from lmscompliance.kernel.actor import Actor, Role
from lmscompliance.services import Services
from lmscompliance.storage.transaction import reading, transaction

KIND = "certificates.issue"
_MOST_REFUSED = 50
"""Refusals that are kept to be shown; how many there were is told beside."""


def ask(services: Services, actor: Actor, class_id: str, base: str = "") -> str:
    """Queue issuing to everybody who passed and return the job's id; while one is unfinished, that one's.

    ``base`` is where this platform was reached. Raises ``Misconfigured`` where certificates would have no
    address.
    """
    issuing.address_of(services, base, "")
    with transaction(services.database) as session:
        told = {"role": actor.role.value, "base": base, "before": _count(session, class_id)}
        return queue.enqueue(
            session, services, KIND, class_id, {"account": actor.account, **told}, asked_by=actor.account
        )


def waiting(services: Services, class_id: str) -> JobState | None:
    """Return how the class's newest issuing stands; ``None`` when none was ever asked for."""
    with reading(services.database) as session:
        return queue.newest_of(session, KIND, class_id)


def asked_for(services: Services) -> bool:
    """Tell whether any issuing waits."""
    return queue.due(services, [KIND])


def issue_asked(services: Services) -> int:
    """Issue whatever was asked for and return how many classes that were."""
    return worker.work_off(services, {KIND: _issue})


def _issue(services: Services, taken: queue.Claim) -> dict[str, Any]:
    told, class_id = taken.payload, taken.subject
    done = issuing.issue_all(
        services,
        Actor(str(told["account"]), Role(told["role"])),
        class_id,
        str(told["base"]),
        holding=lambda session: queue.check(session, taken),
        progress=in_hundredths(services, taken),
    )
    with reading(services.database) as session:
        # Also those that a worker wrote which then died.
        issued = _count(session, class_id) - int(told["before"])
    refused = [{"ordinal": ordinal, **why.to_json()} for ordinal, why in done.refused[:_MOST_REFUSED]]
    return {"issued": issued, "refused": refused, "refusals": len(done.refused)}


def _count(session: Session, class_id: str) -> int:
    of_class = select(func.count()).select_from(Certificate).where(Certificate.class_id == class_id)
    return session.execute(of_class).scalar_one()
