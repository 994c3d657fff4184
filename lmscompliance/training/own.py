"""What is held about a trainee, shown to that trainee: details, consents, and who looked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lmscompliance.identity import consent, looks
from lmscompliance.identity.models import Consent, Look
from lmscompliance.kernel.actor import Actor
from lmscompliance.kernel.errors import Conflict, NotFound
from lmscompliance.services import Services
from lmscompliance.storage.transaction import reading, transaction
from lmscompliance.training import queries
from lmscompliance.training.models import Enrolment
from lmscompliance.training.queries import RosterEntry


@dataclass(frozen=True, slots=True)
class Held:
    """The details of an enrolment in plain text, its consents, and who looked at what is masked."""

    entry: RosterEntry
    enrolment: Enrolment
    years: int
    consents: Sequence[Consent]
    looks: Sequence[Look]
    purposes: Mapping[str, str]
    """What each look was for, by its id; empty where nobody had to say."""

    @property
    def learning_withdrawn(self) -> bool:
        """Whether the consent to learning itself was taken back."""
        return any(one.purpose == consent.LEARNING and one.withdrawn_at for one in self.consents)


def held(services: Services, actor: Actor, class_id: str, *, reveal: bool = False) -> Held:
    """Return what is held about the actor in a class; a look at the whole numbers is kept as well.

    Raises ``NotFound`` when the actor is not in the class.
    """
    if reveal:
        with transaction(services.database) as session:
            mine = queries.enrolment_of(session, class_id, actor.account)
            if mine is None:
                raise NotFound("web.not_found")
            place = (class_id, mine.id)
            looks.record(session, services, actor, place, what=looks.DETAILS, occasion=looks.OWN)
    with reading(services.database) as session:
        mine = queries.enrolment_of(session, class_id, actor.account)
        if mine is None:
            raise NotFound("web.not_found")
        seen = looks.of_person(session, class_id, mine.id)
        return Held(
            entry=queries.open_enrolment(session, services.vault, class_id, mine.id),
            enrolment=mine,
            years=queries.class_notice(session, class_id).retention.years,
            consents=consent.all_of(session, (class_id, mine.id)),
            looks=seen,
            purposes={one.id: looks.purpose_of(services, one) for one in seen},
        )


def take_back(services: Services, actor: Actor, class_id: str, purpose: str) -> None:
    """Take back the actor's separate consent to ``purpose``; what rests on it is not asked for any more.

    Raises ``NotFound`` when the actor is not in the class, ``Conflict`` when there is no such consent.
    """
    with transaction(services.database) as session:
        mine = queries.enrolment_of(session, class_id, actor.account)
        if mine is None:
            raise NotFound("web.not_found")
        if not consent.withdraw(session, services, (class_id, mine.id), purpose):
            raise Conflict("training.no_consent")
