"""What is asked of whom, by the first of the policy's methods that can ask."""

from __future__ import annotations

import json
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from lmscompliance.identity import consent, links
from lmscompliance.identity.models import Person
from lmscompliance.identity.people import open_person
from lmscompliance.kernel.ids import Ids
from lmscompliance.kernel.jcs import Json
from lmscompliance.kernel.logs import logger
from lmscompliance.kernel.presence import Asking, Drawn, Posed
from lmscompliance.learning.presence.methods import ARITHMETIC, named
from lmscompliance.learning.presence.models import PresenceCheck
from lmscompliance.policy.terms import PresenceTerms
from lmscompliance.questions import queries as questions
from lmscompliance.services import Services
from lmscompliance.storage.transaction import after_commit
from lmscompliance.training.accommodations import is_accommodated
from lmscompliance.training.models import Enrolment, Lesson

_log = logger(__name__)
_BY_HAND = ("single", "multiple")
_EASILY_GUESSED = ("true_false",)
_TRUTHS = ("正确", "错误")


def asking_of(
    session: Session, services: Services, class_id: str, enrolment_id: str, lesson_id: str
) -> Asking:
    """Return whom a check is for; the question and the phone are looked up only if a method wants them."""

    def question() -> Drawn | None:
        topic = session.get_one(Lesson, (class_id, lesson_id)).topic
        return _draw(session, topic, enrolment_id, services.ids)

    def phone() -> str:
        person_id = session.get_one(Enrolment, (class_id, enrolment_id)).person_id
        return open_person(services.vault, session.get_one(Person, links.holder(session, person_id))).phone

    return Asking(class_id, enrolment_id, lesson_id, services.ids, question, phone)


def pose(session: Session, services: Services, asking: Asking, terms: PresenceTerms) -> tuple[str, Posed]:
    """Return the method that asks, and what it asks; if none of the policy's can, a sum is left."""
    for name in terms.methods:
        method = named(services, name)
        if method is None:
            _log.warning("the policy asks for presence checks by %r, which no plug-in offers", name)
            continue
        if method.consent and not _consents(session, asking, name, method.consent):
            continue
        posed = method.pose(asking)
        if posed is not None:
            return name, posed
    return ARITHMETIC.name, ARITHMETIC.pose(asking)


def time_to_answer(session: Session, enrolment_id: str, terms: PresenceTerms) -> timedelta:
    """Return how long the trainee has for a check."""
    longer = is_accommodated(session, enrolment_id)
    return timedelta(seconds=terms.accessible_answer_seconds if longer else terms.answer_seconds)


def kept(posed: Posed) -> str:
    """Return what was asked as the check's row keeps it."""
    return json.dumps(disclosed(posed)["question"], ensure_ascii=False)


def disclosed(posed: Posed) -> dict[str, Json]:
    """Return what was asked as its evidence discloses it."""
    question: dict[str, Json] = {
        "form": posed.form,
        "text": posed.text,
        "options": list(posed.options),
        "key": posed.key,
        "source": posed.source,
    }
    return {"question": question}


def send_after_commit(session: Session, posed: Posed) -> None:
    """Let the method send what it has to send, once the check is durable."""
    if posed.send is not None:
        after_commit(session, posed.send)


def _consents(session: Session, asking: Asking, method: str, version: str) -> bool:
    place = (asking.class_id, asking.enrolment_id)
    return consent.version_given(session, place, consent.PRESENCE + method) == version


def _draw(session: Session, topic: str, enrolment_id: str, ids: Ids) -> Drawn | None:
    """Draw a confirmed question: one that was never asked before, else one of those asked longest ago."""
    pool = questions.drawable_ids(session, topic, _BY_HAND)
    pool = pool or questions.drawable_ids(session, topic, _EASILY_GUESSED)
    if not pool:
        return None
    asked = session.scalars(
        select(PresenceCheck.source)
        .where(PresenceCheck.enrolment_id == enrolment_id, PresenceCheck.source != "")
        .order_by(PresenceCheck.number)
    ).all()
    last_asked = {source: place for place, source in enumerate(asked)}
    fresh = [one for one in pool if one not in last_asked]
    if not fresh:
        oldest = sorted(pool, key=lambda one: last_asked[one])
        fresh = oldest[: (len(oldest) + 1) // 2]
    found = questions.question(session, fresh[ids.below(len(fresh))])
    right = found.key if isinstance(found.key, list) else []
    if found.kind in _EASILY_GUESSED:
        return Drawn(
            found.id, found.version, found.kind, found.stem, _TRUTHS, (0 if right[0] is True else 1,)
        )
    key = tuple(one for one in right if isinstance(one, int))
    return Drawn(found.id, found.version, found.kind, found.stem, found.options, key)
