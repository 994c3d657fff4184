"""Looks at what is otherwise masked: who saw what of whom, and why; a row and an entry of the class's stream.

The entry stands in the class's stream and not in the person's, because a look changes nothing that a ledger
shows, and whoever looked is the class's business as well as the person's.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from lmscompliance import evidence
from lmscompliance.identity.models import Look
from lmscompliance.kernel.actor import Actor
from lmscompliance.kernel.clock import to_micros
from lmscompliance.kernel.words import stated
from lmscompliance.services import Services

DETAILS, PHOTO, CASE, LEDGER, CLAIM = "details", "photo", "case", "ledger", "claim"
"""What was seen: name, number and phone; a photo for verification; both sides of a case; a whole ledger; the
pack of a claim."""
FILE = "file"
"""The occasion of taking somebody's whole file of a class."""
OWN = "own"
"""The occasion of a look at what is one's own."""
WORDS_PLACE = f"{Look.__tablename__}.words_sealed"
LONGEST = 500
NOBODY = ""
"""Stands where a case is about nobody on record, and where a whole class was seen."""


def checked_purpose(text: str) -> str:
    """Return what a look is for, without idle space; raises ``InvalidInput`` when nothing is said."""
    return stated(text, LONGEST, "identity.purpose")


def record(
    session: Session,
    services: Services,
    actor: Actor,
    place: tuple[str, str],
    *,
    what: str,
    occasion: str,
    purpose: str = "",
) -> None:
    """Keep that ``actor`` is shown ``what`` of an enrolment (class and id), in the caller's transaction.

    Durable before anything is shown: the caller answers after the commit. ``occasion`` is a code of why,
    ``purpose`` what the person said, sealed because people write names into it.
    """
    class_id, enrolment_id = place
    look_id, now = services.ids.new(), services.clock.now()
    session.add(
        Look(
            class_id=class_id,
            enrolment_id=enrolment_id,
            id=look_id,
            account=actor.account,
            role=actor.role.value,
            what=what,
            reason=occasion,
            words_sealed=services.vault.seal(WORDS_PLACE, purpose) if purpose else None,
            at=now,
        )
    )
    evidence.record_in_class(
        session,
        services,
        class_id,
        type="details.revealed",
        at=now,
        body={
            "look": look_id,
            "enrolment": enrolment_id,
            "what": what,
            "occasion": occasion,
            "role": actor.role.value,
            "at_us": to_micros(now),
        },
        disclose={"by": actor.account, "purpose": purpose},
    )


def of_person(session: Session, class_id: str, enrolment_id: str) -> Sequence[Look]:
    """Return who saw something of an enrolment, or the whole class with it, the latest first."""
    query = select(Look).where(Look.class_id == class_id, Look.enrolment_id.in_([enrolment_id, NOBODY]))
    return session.scalars(query.order_by(Look.at.desc(), Look.id.desc())).all()


def purpose_of(services: Services, look: Look) -> str:
    """Return what somebody said a look was for; empty where nobody had to say."""
    return "" if look.words_sealed is None else services.vault.open(WORDS_PLACE, look.words_sealed)
