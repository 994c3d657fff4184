"""Which platform ran the class, as evidence: ledgers and certificates name it, and are recomputed."""

from __future__ import annotations

from sqlalchemy.orm import Session

from lmscompliance import evidence
from lmscompliance.evidence import streams
from lmscompliance.services import Services
from lmscompliance.tlog.leaf import Leaf

DECLARED = "platform.declared"


def declare_platform(session: Session, services: Services, class_id: str) -> None:
    """Record the platform's name and recognition number in the class's stream, if they are not there yet.

    Only a change makes a new entry, so an unchanged class keeps its snapshot.
    """
    settings = services.settings
    body = {"name": settings.platform_name, "recognition_number": settings.recognition_number}
    last = streams.last_of_type(session, class_id, evidence.class_stream(class_id), DECLARED)
    if last is None or Leaf.decode(last).body != body:
        evidence.record(
            session,
            services,
            class_id=class_id,
            stream=evidence.class_stream(class_id),
            type=DECLARED,
            at=services.clock.now(),
            body=body,
        )
