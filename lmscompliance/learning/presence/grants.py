"""More time for a trainee who needs it, and a trainee's separate consent to a method; both are recorded.

Staff grant or withdraw the one with a reason, which stays sealed; the trainee alone gives or takes back the
other. Row and evidence commit together; the next check that is issued goes by them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select

from lmscompliance import evidence
from lmscompliance.identity import consent as consents_of
from lmscompliance.kernel.actor import Actor
from lmscompliance.kernel.clock import to_micros
from lmscompliance.kernel.errors import InvalidInput, NotFound
from lmscompliance.kernel.jcs import Json
from lmscompliance.learning.presence.methods import named
from lmscompliance.learning.presence.models import PresenceCheck
from lmscompliance.policy.terms import PresenceTerms
from lmscompliance.services import Services
from lmscompliance.storage.transaction import reading, transaction
from lmscompliance.training import queries
from lmscompliance.training.accommodations import Accommodation, is_accommodated

_PLACE = f"{Accommodation.__tablename__}.reason_sealed"
_LONGEST_REASON = 500


@dataclass(frozen=True, slots=True)
class Asked:
    """A method that wants a consent of its own: the text agreed to, and whether it was."""

    method: str
    text: str
    given: bool


@dataclass(frozen=True, slots=True)
class Card:
    """Presence on a trainee's record: checks by outcome, whether more time is granted, and consents."""

    outcomes: Mapping[str, int]
    longer: bool
    terms: PresenceTerms
    consents: tuple[Asked, ...]


def card(services: Services, class_id: str, enrolment_id: str, terms: PresenceTerms) -> Card:
    """Return what the page of an enrolment shows."""
    with reading(services.database) as session:
        rows = session.execute(
            select(PresenceCheck.passed, PresenceCheck.decided_at).where(
                PresenceCheck.enrolment_id == enrolment_id
            )
        )
        outcomes = Counter("passed" if passed else "failed" for passed, at in rows if at is not None)
        consents = []
        for name in terms.methods:
            method = named(services, name)
            if method is not None and method.consent:
                place = (class_id, enrolment_id)
                agreed = (
                    consents_of.version_given(session, place, consents_of.PRESENCE + name) == method.consent
                )
                consents.append(Asked(name, method.consent_text, agreed))
        return Card(outcomes, is_accommodated(session, enrolment_id), terms, tuple(consents))


def accommodate(
    services: Services, actor: Actor, class_id: str, enrolment_id: str, *, granted: bool, reason: str
) -> None:
    """Grant more time for each check and exam attempt, or withdraw it.

    Raises ``InvalidInput`` without a reason and ``NotFound`` for an unknown enrolment.
    """
    reason = reason.strip()
    if not reason or len(reason) > _LONGEST_REASON:
        raise InvalidInput("learning.accommodation_reason", most=_LONGEST_REASON)
    now = services.clock.now()
    with transaction(services.database) as session:
        queries.enrolment(session, class_id, enrolment_id)
        session.merge(
            Accommodation(
                enrolment_id=enrolment_id,
                class_id=class_id,
                granted=granted,
                reason_sealed=services.vault.seal(_PLACE, reason),
                set_by=actor.account,
                set_at=now,
            )
        )
        body: dict[str, Json] = {"granted": granted, "set_us": to_micros(now)}
        disclose: dict[str, Json] = {"reason": reason, "actor": actor.account}
        session.flush()
        evidence.record_for(
            session,
            services,
            evidence.Owner(class_id, enrolment_id),
            type="presence.accommodation",
            body=body,
            disclose=disclose,
        )


def consent(services: Services, actor: Actor, class_id: str, method: str, *, agree: bool) -> None:
    """Keep that the actor agrees to be checked by ``method``, or does not any more.

    Raises ``NotFound`` when the actor is not in the class and ``InvalidInput`` for a method that asks for no
    consent.
    """
    chosen = named(services, method)
    if chosen is None or not chosen.consent:
        raise InvalidInput("learning.no_such_consent")
    purpose = consents_of.PRESENCE + method
    with transaction(services.database) as session:
        enrolment = queries.enrolment_of(session, class_id, actor.account)
        if enrolment is None:
            raise NotFound("web.not_found")
        if agree:
            consents_of.give(session, services, (class_id, enrolment.id), purpose, chosen.consent)
        else:
            consents_of.withdraw(session, services, (class_id, enrolment.id), purpose)
