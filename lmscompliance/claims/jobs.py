"""Judging thousands takes minutes: asked for with a click, done by whichever process works the queue.

If that one dies, the next begins the judging anew; what is handed in or decided is so in one transaction.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import or_, select

from lmscompliance.claims import service, trials
from lmscompliance.claims.models import DECIDED, SUBMITTED
from lmscompliance.claims.service import Payee
from lmscompliance.claims.supposing import supposed
from lmscompliance.jobs import queue, worker
from lmscompliance.jobs.models import JobRow
from lmscompliance.jobs.progress import in_hundredths
from lmscompliance.jobs.queue import JobState
from lmscompliance.kernel.errors import Conflict
from lmscompliance.services import Services
from lmscompliance.storage.transaction import reading, transaction
from lmscompliance.training import queries

PREVIEW, SUBMIT, SETTLE = "claims.preview", "claims.submit", "claims.decide"


def ask_preview(services: Services, class_id: str, key: str = "", value: str = "") -> str:
    """Queue what a claim would come to, with ``key`` as if it had ``value``; return the job's id."""
    with transaction(services.database) as session:
        if key:
            supposed(queries.class_notice(session, class_id), key, value)
        subject = f"{class_id}/{key}" if key else class_id
        return queue.enqueue(session, services, PREVIEW, subject, {"key": key, "value": value})


def ask_submit(services: Services, class_id: str, payee: Payee, *, by: str) -> str:
    """Keep whom the money shall go to and queue handing the claim in; return the job's id."""
    with transaction(services.database) as session:
        service.prepare(session, services, class_id, payee, by=by)
        return queue.enqueue(session, services, SUBMIT, class_id)


def ask_decide(services: Services, class_id: str, claim_id: str, *, by: str, reference: str) -> str:
    """Queue the decision on a claim; return the job's id."""
    if service.status_of(services, class_id, claim_id) != SUBMITTED:
        raise Conflict("claims.settled")
    with transaction(services.database) as session:
        return queue.enqueue(
            session, services, SETTLE, class_id, {"claim": claim_id, "by": by, "reference": reference[:128]}
        )


def waiting(services: Services, class_id: str) -> JobState | None:
    """Return how the newest job of the class stands; ``None`` when none was ever asked for."""
    own = or_(JobRow.subject == class_id, JobRow.subject.startswith(f"{class_id}/"))
    with reading(services.database) as session:
        newest = session.scalar(
            select(JobRow.id)
            .where(JobRow.kind.in_((PREVIEW, SUBMIT, SETTLE)), own)
            .order_by(JobRow.id.desc())
            .limit(1)
        )
        return None if newest is None else queue.state_of(session, newest)


def asked_for(services: Services) -> bool:
    """Tell whether something waits to be judged."""
    return queue.due(services, _HANDLERS)


def work_asked(services: Services) -> int:
    """Do whatever was asked for and return how many jobs there were."""
    return worker.work_off(services, _HANDLERS)


def _preview(services: Services, taken: queue.Claim) -> dict[str, Any]:
    class_id = taken.subject.partition("/")[0]
    key, value = str(taken.payload.get("key", "")), str(taken.payload.get("value", ""))
    trials.judge(services, class_id, key, value, in_hundredths(services, taken))
    return {}


def _submit(services: Services, taken: queue.Claim) -> dict[str, Any]:
    return {"claim": service.complete(services, taken.subject, in_hundredths(services, taken))}


def _decide(services: Services, taken: queue.Claim) -> dict[str, Any]:
    claim, by, reference = (str(taken.payload[name]) for name in ("claim", "by", "reference"))
    if service.status_of(services, taken.subject, claim) == DECIDED:
        # A worker decided and died before it could say so.
        return {}
    try:
        service.decide(
            services,
            taken.subject,
            claim,
            by=by,
            reference=reference,
            progress=in_hundredths(services, taken),
        )
    except Conflict as error:
        # One that was only slow decided while we judged.
        if error.code != "claims.settled" or service.status_of(services, taken.subject, claim) != DECIDED:
            raise
    return {}


_HANDLERS = {PREVIEW: _preview, SUBMIT: _submit, SETTLE: _decide}
