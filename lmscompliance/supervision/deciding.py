"""Decisions about anomalies: by a person, with a reason, each an entry of the evidence log.

A decision changes no credit. One that confirms says which sessions a correction should be considered for;
correcting is a decision of its own.
"""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lmscompliance import evidence
from lmscompliance.kernel.actor import Actor
from lmscompliance.kernel.clock import to_micros
from lmscompliance.kernel.errors import Conflict, InvalidInput, NotFound
from lmscompliance.kernel.jcs import Json
from lmscompliance.services import Services
from lmscompliance.storage.transaction import transaction
from lmscompliance.supervision.findings import detail_of
from lmscompliance.supervision.models import DECISIONS, Anomaly, AnomalyDecision
from lmscompliance.supervision.reasons import checked_reason


def decide(
    services: Services,
    actor: Actor,
    *,
    class_id: str,
    anomaly_id: str,
    decision: str,
    reason: str,
    seen: int,
) -> None:
    """Decide about an anomaly: ``inspect``, ``cleared`` or ``confirmed``.

    ``seen`` is how many decisions the actor has read: if there are more by now, somebody else was faster
    and ``Conflict`` says so. An earlier decision may be followed by another one, never changed. Raises
    ``InvalidInput`` for another decision or without a reason, ``NotFound``.
    """
    if decision not in DECISIONS:
        raise InvalidInput("supervision.no_such_decision", decision=decision[:40])
    why = checked_reason(reason)
    with transaction(services.database) as session:
        anomaly = session.get(Anomaly, (class_id, anomaly_id), with_for_update=True)
        if anomaly is None:
            raise NotFound("web.not_found")
        if _count(session, anomaly) != seen:
            raise Conflict("supervision.decided_meanwhile")
        record(session, services, actor, anomaly, decision=decision, reason=why)


def record(
    session: Session, services: Services, actor: Actor, anomaly: Anomaly, *, decision: str, reason: str
) -> None:
    """Add a decision about the locked ``anomaly``, with its evidence, in the caller's transaction."""
    now = services.clock.now()
    anomaly.status = decision
    session.add(
        AnomalyDecision(
            class_id=anomaly.class_id,
            anomaly_id=anomaly.id,
            n=_count(session, anomaly),
            decision=decision,
            reason=reason,
            decided_at=now,
            account=actor.account,
            role=actor.role.value,
        )
    )
    session.flush()
    detail = detail_of(anomaly)
    body: dict[str, Json] = {
        "anomaly": anomaly.id,
        "kind": anomaly.kind,
        "severity": anomaly.severity,
        "first_us": to_micros(anomaly.first_at),
        "last_us": to_micros(anomaly.last_at),
        "facts": {**detail.facts},
        "sessions": [*detail.sessions],
        "enrolments": [*detail.enrolments],
        "decision": decision,
        "decided_us": to_micros(now),
        "role": actor.role.value,
    }
    evidence.record(
        session,
        services,
        class_id=anomaly.class_id,
        stream=evidence.class_stream(anomaly.class_id),
        type="anomaly.decided",
        at=now,
        body=body,
        disclose={"account": actor.account, "reason": reason},
    )


def _count(session: Session, anomaly: Anomaly) -> int:
    query = (
        select(func.count())
        .select_from(AnomalyDecision)
        .where(AnomalyDecision.class_id == anomaly.class_id, AnomalyDecision.anomaly_id == anomaly.id)
    )
    return session.scalar(query) or 0
