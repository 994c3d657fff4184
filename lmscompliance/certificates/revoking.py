"""Revokes a certificate, for a stated reason; it stays, and says from then on that it does not hold."""

from __future__ import annotations

from sqlalchemy import select

from lmscompliance import evidence
from lmscompliance.certificates.models import Certificate
from lmscompliance.kernel.actor import Actor
from lmscompliance.kernel.clock import to_micros
from lmscompliance.kernel.errors import Conflict, NotFound
from lmscompliance.kernel.words import stated
from lmscompliance.services import Services
from lmscompliance.storage.transaction import transaction

REASON_PLACE = f"{Certificate.__tablename__}.reason_sealed"
LONGEST = 500


def revoke(services: Services, actor: Actor, class_id: str, certificate_id: str, reason: str) -> None:
    """Revoke the certificate; raises ``NotFound``, ``Conflict`` and ``InvalidInput``."""
    words = stated(reason, LONGEST, "certificates.reason_needed")
    now = services.clock.now()
    with transaction(services.database) as session:
        found = session.scalar(
            select(Certificate)
            .where(Certificate.class_id == class_id, Certificate.id == certificate_id)
            .with_for_update()
        )
        if found is None:
            raise NotFound("web.not_found")
        if found.revoked_at is not None:
            raise Conflict("certificates.revoked_already", number=found.number)
        found.revoked_at, found.revoked_by = now, actor.account
        found.reason_sealed = services.vault.seal(REASON_PLACE, words)
        evidence.record(
            session,
            services,
            class_id=class_id,
            stream=evidence.enrolment_stream(found.enrolment_id),
            type="certificate.revoked",
            at=now,
            body={
                "certificate": found.id,
                "number": found.number,
                "role": actor.role.value,
                "revoked_us": to_micros(now),
            },
            disclose={"by": actor.account, "reason": words},
        )
