"""Verification by people: a trainee hands in a photo, the administrator compares and decides."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from lmscompliance.files import service as files
from lmscompliance.files.service import Content
from lmscompliance.files.sniffing import Kind
from lmscompliance.identity import consent, links, looks
from lmscompliance.identity.models import Person
from lmscompliance.identity.people import PersonValue, open_person
from lmscompliance.identity.verification import MANUAL
from lmscompliance.kernel.actor import Actor
from lmscompliance.kernel.errors import Conflict, InvalidInput, NotFound
from lmscompliance.kernel.jcs import Json
from lmscompliance.kernel.verification import FAILED, PASSED, PENDING
from lmscompliance.policy.terms import IdentityTerms
from lmscompliance.services import Services
from lmscompliance.storage.transaction import reading, transaction
from lmscompliance.training import queries
from lmscompliance.training.models import Enrolment, Verification
from lmscompliance.training.verifying import REASON_PLACE, REVIEW, begin, decide, open_of

MAX_REASON = 500


@dataclass(frozen=True, slots=True)
class Line:
    """A verification as pages list it; the person is masked by the page."""

    row: Verification
    ordinal: int
    person: PersonValue
    reason: str


@dataclass(frozen=True, slots=True)
class Own:
    """How a trainee stands: the latest verdict and every verification."""

    enrolment: Enrolment
    terms: IdentityTerms
    lines: tuple[Line, ...]


def own(services: Services, actor: Actor, class_id: str) -> Own:
    """Return the actor's own verifications in a class; raises ``NotFound``."""
    with reading(services.database) as session:
        mine = queries.enrolment_of(session, class_id, actor.account)
        if mine is None:
            raise NotFound("web.not_found")
        terms = queries.class_notice(session, class_id).identity
    return Own(mine, terms, tuple(one for one in queue(services, class_id, mine.id)))


def queue(services: Services, class_id: str, enrolment_id: str = "") -> list[Line]:
    """Return a class's verifications (of one enrolment, if given), open ones first, the newest first."""
    query = (
        select(Verification, Enrolment, Person)
        .join(
            Enrolment,
            (Enrolment.class_id == Verification.class_id) & (Enrolment.id == Verification.enrolment_id),
        )
        .join(Person, Person.id == links.held_by(Enrolment.person_id))
        .where(Verification.class_id == class_id)
        .order_by((Verification.result != PENDING), Verification.id.desc())
    )
    if enrolment_id:
        query = query.where(Verification.enrolment_id == enrolment_id)
    with reading(services.database) as session:
        return [
            Line(
                row,
                one.ordinal,
                open_person(services.vault, person),
                services.vault.open(REASON_PLACE, row.reason_sealed) if row.reason_sealed else "",
            )
            for row, one, person in session.execute(query)
        ]


def hand_in(services: Services, actor: Actor, class_id: str, *, data: bytes, version: str) -> str:
    """Keep the actor's photo for a verification by people and return its id.

    ``version`` is that of the separate consent given with it. Raises ``Conflict`` when another text holds
    now, when the person is verified already or a photo waits; ``InvalidInput`` for what is no picture.
    """
    mine = own(services, actor, class_id)
    if version != mine.terms.photo_consent_version:
        raise Conflict("training.photo_consent_changed")
    ready = files.prepare(services, data)
    if ready.cleaned.kind is Kind.PDF:
        raise InvalidInput("training.photo_kind")
    place = (class_id, mine.enrolment.id)
    with transaction(services.database) as session:
        one = session.get_one(Enrolment, place, with_for_update=True)
        waiting = open_of(session, *place, method=MANUAL)
        if waiting is None and one.verification_result == PASSED:
            raise Conflict("training.verified_already")
        if waiting is not None and waiting.photo is not None:
            raise Conflict("training.photo_waits")
        consent.give(session, services, place, consent.PHOTO, version)
        row = waiting or begin(session, services, one, REVIEW, MANUAL)
        row.photo = files.keep(session, services, ready)
        return row.id


def review(
    services: Services, actor: Actor, class_id: str, verification_id: str, *, passed: bool, reason: str
) -> None:
    """Decide an open verification by people, whatever method it was opened with.

    Raises ``NotFound``, ``InvalidInput`` without a reason, ``Conflict`` when it is decided already.
    """
    reason = reason.strip()
    if not reason or len(reason) > MAX_REASON:
        raise InvalidInput("training.review_reason", most=MAX_REASON)
    with transaction(services.database) as session:
        row = session.scalars(
            select(Verification)
            .where(Verification.class_id == class_id, Verification.id == verification_id)
            .with_for_update()
        ).one_or_none()
        if row is None:
            raise NotFound("web.not_found")
        if row.result != PENDING:
            raise Conflict("training.review_decided")
        row.method = MANUAL
        disclose: dict[str, Json] = {"reviewer": actor.account, "reason": reason}
        decide(
            session,
            services,
            row,
            PASSED if passed else FAILED,
            reason=reason,
            disclose=disclose,
        )


def look(services: Services, actor: Actor, class_id: str, verification_id: str) -> Content:
    """Return the photo of a verification and keep who looked; raises ``NotFound``."""
    with transaction(services.database) as session:
        row = session.scalars(
            select(Verification).where(Verification.class_id == class_id, Verification.id == verification_id)
        ).one_or_none()
        if row is None or row.photo is None:
            raise NotFound("web.not_found")
        content = files.read(session, services, row.photo)
        looks.record(
            session, services, actor, (class_id, row.enrolment_id), what=looks.PHOTO, occasion=REVIEW
        )
        return content
