"""Consents of a trainee, one for each purpose: given for a version of a text, and taken back.

Every one is a row and a leaf; the row says what holds now, the leaves what held when. What learning itself
rests on is given with the activation; each further purpose is separate (个人信息保护法 29).
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from lmscompliance import evidence
from lmscompliance.identity.models import Consent
from lmscompliance.kernel.clock import to_micros
from lmscompliance.kernel.errors import Conflict
from lmscompliance.kernel.jcs import Json
from lmscompliance.services import Services

LEARNING, PROOFS, PHOTO = "learning", "proofs", "photo"
PRESENCE = "presence."
"""Followed by the name of a way to check presence."""

Place = tuple[str, str]
"""Class and enrolment."""


def give(session: Session, services: Services, place: Place, purpose: str, version: str) -> None:
    """Keep that the trainee consents; a consent to the same version that holds already is left alone."""
    row = session.get(Consent, (*place, purpose), with_for_update=True)
    if row is not None and row.withdrawn_at is None and row.version == version:
        return
    now = services.clock.now()
    if row is None:
        row = _added(session, place, purpose, version, now)
    else:
        row.version, row.given_at, row.withdrawn_at = version, now, None
        session.flush()
    _record(session, services, row, type="consent.given", at=now)


def withdraw(session: Session, services: Services, place: Place, purpose: str) -> bool:
    """Keep that the trainee consents no longer; tell whether there was a consent to take back."""
    row = session.get(Consent, (*place, purpose), with_for_update=True)
    if row is None or row.withdrawn_at is not None:
        return False
    row.withdrawn_at = services.clock.now()
    _record(session, services, row, type="consent.withdrawn", at=row.withdrawn_at)
    return True


def withdraw_learning(
    session: Session, services: Services, place: Place, given: tuple[str, datetime]
) -> None:
    """Keep that the trainee takes back what learning rests on; ``given`` at activation: version and when."""
    if session.get(Consent, (*place, LEARNING), with_for_update=True) is None:
        _added(session, place, LEARNING, *given)
    withdraw(session, services, place, LEARNING)


def require_learning(session: Session, place: Place) -> None:
    """Raise ``Conflict`` where the trainee has taken back what learning and exams rest on."""
    row = session.get(Consent, (*place, LEARNING))
    if row is not None and row.withdrawn_at is not None:
        raise Conflict("identity.learning_withdrawn")


def version_given(session: Session, place: Place, purpose: str) -> str:
    """Return the version that holds now; empty where none does."""
    row = session.get(Consent, (*place, purpose))
    return "" if row is None or row.withdrawn_at is not None else row.version


def all_of(session: Session, place: Place) -> list[Consent]:
    """Return every consent of an enrolment, given or taken back, by purpose."""
    class_id, enrolment_id = place
    query = select(Consent).where(Consent.class_id == class_id, Consent.enrolment_id == enrolment_id)
    return list(session.scalars(query.order_by(Consent.purpose)))


def _added(session: Session, place: Place, purpose: str, version: str, given_at: datetime) -> Consent:
    class_id, enrolment_id = place
    row = Consent(
        class_id=class_id,
        enrolment_id=enrolment_id,
        purpose=purpose,
        version=version,
        given_at=given_at,
        withdrawn_at=None,
    )
    session.add(row)
    session.flush()
    return row


def _record(
    session: Session,
    services: Services,
    row: Consent,
    *,
    type: str,  # noqa: A002  # the word every leaf, table and document uses for it
    at: datetime,
) -> None:
    body: dict[str, Json] = {"purpose": row.purpose, "version": row.version, "at_us": to_micros(at)}
    evidence.record_for(session, services, row, type=type, at=at, body=body)
