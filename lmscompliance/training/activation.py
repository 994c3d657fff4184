"""Activation: the person enters the one-time code under their own account of the host, and consents."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import select

from lmscompliance import evidence
from lmscompliance.identity import accounts, links
from lmscompliance.kernel.clock import to_micros
from lmscompliance.kernel.errors import ComplianceError, Conflict, InvalidInput, TooMany
from lmscompliance.rules.class_life import OVER
from lmscompliance.storage.transaction import reading, transaction
from lmscompliance.training.codes import blinds
from lmscompliance.training.models import ActivationCode, Enrolment, TrainingClass
from lmscompliance.training.queries import (
    class_by_id,
    class_notice,
    enrolment,
    enrolment_of_person,
    is_second,
    notice_by_digest,
    notice_of,
)

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from lmscompliance.policy import ConsentTerms
from lmscompliance.services import Services


@dataclass(frozen=True, slots=True)
class Offer:
    """What a good code leads to: the class, and the text to consent to."""

    class_id: str
    title: str
    consent: ConsentTerms


def common_consent(services: Services) -> ConsentTerms | None:
    """Return the consent text of the classes that can still be joined, when it is one and the same.

    Then it can be shown before the code is known; otherwise ``look_up`` finds the one that belongs to it.
    """
    with reading(services.database) as session:
        digests = session.scalars(
            select(TrainingClass.policy_digest)
            .where(TrainingClass.window_end > services.clock.now(), TrainingClass.status.not_in(OVER))
            .distinct()
        ).all()
        texts = {notice_by_digest(session, digest).consent for digest in digests}
    return texts.pop() if len(texts) == 1 else None


def look_up(services: Services, *, account: str, code: str) -> Offer:
    """Return what ``code`` leads to, without using it; a wrong one is counted as in ``activate``."""
    with transaction(services.database) as session:
        found = _find(session, services, account, code)
        if not isinstance(found, ComplianceError):
            accounts.forget_guesses(session, account)
            class_ = class_by_id(session, found.class_id)
            return Offer(class_.id, class_.title, notice_of(session, class_).consent)
    # Raised after the commit: a wrong code must stay counted.
    raise found


def activate(
    services: Services, *, account: str, code: str, ip: str, consent_version: str | None = None
) -> list[str]:
    """Bind ``account`` to the person of ``code``, record their consent, and return the classes opened.

    All enrolments of the person that ask for the very same consent text are activated at once. The same
    account may send a used code again (a lost answer) and gets an empty list. ``consent_version`` is the
    version the person was shown; ``None`` consents to the class's own.

    Raises ``TooMany`` after 5 wrong codes within 15 minutes, ``InvalidInput`` for a wrong or expired code,
    ``Conflict`` when the text shown is not the class's, or account and person are bound otherwise.
    """
    with transaction(services.database) as session:
        found = _find(session, services, account, code)
        if not isinstance(found, ComplianceError):
            accounts.forget_guesses(session, account)
            return _activate(session, services, found, account=account, ip=ip, shown=consent_version)
    raise found


def _find(session: Session, services: Services, account: str, code: str) -> ActivationCode | ComplianceError:
    now = services.clock.now()
    guesses = accounts.count_guess(session, account, now)
    if guesses > accounts.MAX_GUESSES:
        minutes = int(accounts.GUESS_WINDOW.total_seconds()) // 60
        return TooMany("training.too_many_codes", minutes=minutes)
    row = session.scalars(
        select(ActivationCode)
        .where(ActivationCode.code_blind.in_(blinds(services.vault, code)))
        .with_for_update()
    ).one_or_none()
    if row is None or (row.used_at is not None and row.used_by != account):
        return InvalidInput("training.code_wrong", left=accounts.MAX_GUESSES - guesses)
    if row.used_at is None and row.expires_at <= now:
        return InvalidInput("training.code_expired")
    return row


def _activate(
    session: Session, services: Services, row: ActivationCode, *, account: str, ip: str, shown: str | None
) -> list[str]:
    if row.used_at is not None:
        return []
    now = services.clock.now()
    mine = enrolment(session, row.class_id, row.enrolment_id)
    if is_second(session, mine):
        raise Conflict("training.enrolled_twice")
    consent = _consent_of(session, mine)
    if shown is not None and shown != consent.version:
        raise Conflict("training.consent_changed")
    accounts.bind(
        session,
        services,
        account=account,
        person_id=mine.person_id,
        ip=ip,
        consent_version=consent.version,
    )
    row.used_at, row.used_by = now, account
    return _open_waiting(session, services, mine.person_id, consent, ip=ip)


def waiting_offers(services: Services, person_id: str) -> list[Offer]:
    """Return the classes a person was enrolled in and has not joined yet."""
    with reading(services.database) as session:
        rows = session.scalars(
            select(Enrolment)
            .where(
                Enrolment.person_id.in_(links.records_of(session, person_id)),
                Enrolment.activated_at.is_(None),
            )
            .order_by(Enrolment.class_id)
        )
        waiting = [one for one in rows if not is_second(session, one)]
        classes = [class_by_id(session, one.class_id) for one in waiting]
        return [Offer(one.id, one.title, notice_of(session, one).consent) for one in classes]


def join(
    services: Services, *, account: str, person_id: str, class_id: str, ip: str, consent_version: str
) -> list[str]:
    """Bind ``account`` to a person who proved otherwise who they are, and open their classes by consent.

    As ``activate`` does with a code. Raises ``NotFound`` for a class they are not in, ``Conflict`` when the
    text shown is not the class's, or account and person are bound otherwise.
    """
    with transaction(services.database) as session:
        mine = enrolment_of_person(session, class_id, person_id)
        consent = _consent_of(session, mine)
        if consent_version != consent.version:
            raise Conflict("training.consent_changed")
        accounts.bind(
            session,
            services,
            account=account,
            person_id=person_id,
            ip=ip,
            consent_version=consent.version,
        )
        return _open_waiting(session, services, person_id, consent, ip=ip)


def _open_waiting(
    session: Session, services: Services, person_id: str, consent: ConsentTerms, *, ip: str
) -> list[str]:
    now = services.clock.now()
    waiting = session.scalars(
        select(Enrolment)
        .where(
            Enrolment.person_id.in_(links.records_of(session, person_id)), Enrolment.activated_at.is_(None)
        )
        .order_by(Enrolment.class_id)
        .with_for_update()
    ).all()
    opened = [one for one in waiting if _consent_of(session, one) == consent and not is_second(session, one)]
    for one in opened:
        one.activated_at, one.consent_version = now, consent.version
        _record(session, services, one, now, ip)
    return [one.class_id for one in opened]


def _record(session: Session, services: Services, one: Enrolment, now: datetime, ip: str) -> None:
    evidence.record_for(
        session,
        services,
        one,
        type="trainee.activated",
        at=now,
        body={"activated_us": to_micros(now), "consent": {"version": one.consent_version}},
        disclose={"ip": ip},
    )


def _consent_of(session: Session, one: Enrolment) -> ConsentTerms:
    return class_notice(session, one.class_id).consent
