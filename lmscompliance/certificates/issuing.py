"""Issues certificates: to one trainee who passed, or to everybody of a class who has none yet."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from lmscompliance import evidence
from lmscompliance.certificates.content import Content, typeset_certificate
from lmscompliance.certificates.models import Certificate
from lmscompliance.certificates.numbers import next_number
from lmscompliance.completion import service as completion
from lmscompliance.completion.judging import TraineeStatus
from lmscompliance.kernel.actor import Actor
from lmscompliance.kernel.clock import shanghai_day, to_micros
from lmscompliance.kernel.errors import ComplianceError, Conflict, Misconfigured
from lmscompliance.rules.marking import plain
from lmscompliance.services import Services
from lmscompliance.storage.transaction import reading, transaction
from lmscompliance.training import queries
from lmscompliance.training.models import Enrolment, TrainingClass

CONTENT_PLACE = f"{Certificate.__tablename__}.content_sealed"
_INSTANT = timedelta(microseconds=1)
"""A window ends with the first instant after its last day."""
PDF_PLACE = f"{Certificate.__tablename__}.pdf_sealed"


@dataclass(frozen=True, slots=True)
class Issued:
    """What came of issuing to a class: the new numbers, and whom it could not be done for and why."""

    numbers: tuple[str, ...]
    refused: tuple[tuple[int, ComplianceError], ...]
    """The trainee's number in the class, and the reason."""


def address_of(services: Services, base: str, code: str) -> str:
    """Return the address that a certificate carries; ``base`` is where this platform was reached.

    The setting ``public_url`` stands above it. Raises ``Misconfigured`` where neither is known.
    """
    root = (services.settings.public_url or base).rstrip("/")
    if not root:
        raise Misconfigured("certificates.no_address")
    return f"{root}{services.settings.url_prefix}/certificates/{code}"


def issue_all(services: Services, actor: Actor, class_id: str, base: str = "") -> Issued:
    """Issue to everybody who passed and has none that is valid, each in a transaction of their own.

    Dying in between leaves whole certificates; asking again issues the others.
    """
    with reading(services.database) as session:
        valid = select(Certificate.enrolment_id).where(
            Certificate.class_id == class_id, Certificate.revoked_at.is_(None)
        )
        held = set(session.scalars(valid))
        waiting = [(one.ordinal, one.id) for one in queries.roster(session, class_id) if one.id not in held]
    numbers: list[str] = []
    refused: list[tuple[int, ComplianceError]] = []
    for ordinal, enrolment_id in waiting:
        status = completion.status(services, class_id, enrolment_id)
        if not earned(status):
            continue
        try:
            numbers.append(_issue(services, actor, status, base))
        except ComplianceError as error:
            refused.append((ordinal, error))
    return Issued(tuple(numbers), tuple(refused))


def issue(services: Services, actor: Actor, class_id: str, enrolment_id: str, base: str = "") -> str:
    """Issue to one trainee and return the number.

    Raises ``Conflict`` where training or exam is not passed or a valid certificate exists, and
    ``InvalidInput`` where the document's font cannot show the name.
    """
    status = completion.status(services, class_id, enrolment_id)
    if not earned(status):
        raise Conflict("certificates.not_passed")
    return _issue(services, actor, status, base)


def earned(status: TraineeStatus) -> bool:
    """Tell whether training and exam are passed."""
    return status.training.met and status.exam.passed


def _issue(services: Services, actor: Actor, status: TraineeStatus, base: str) -> str:
    class_id, enrolment_id = status.course.fact.id, status.enrolment_id
    code = services.ids.opaque()
    address = address_of(services, base, code)
    try:
        with transaction(services.database) as session:
            class_ = queries.class_by_id(session, class_id)
            entry = queries.open_enrolment(session, services.vault, class_id, enrolment_id)
            if queries.is_second(session, session.get_one(Enrolment, (class_id, enrolment_id))):
                raise Conflict("certificates.second_record")
            earlier = session.scalars(
                select(Certificate).where(
                    Certificate.class_id == class_id, Certificate.enrolment_id == enrolment_id
                )
            ).all()
            if any(one.revoked_at is None for one in earlier):
                raise Conflict("certificates.held_already")
            # A clock that was set back puts no certificate before the end of the one it replaces.
            now = max([services.clock.now(), *(one.revoked_at for one in earlier if one.revoked_at)])
            notice = status.course.notice
            number = next_number(session, notice.certificate.number_prefix, shanghai_day(now).year)
            content = _content(
                services,
                status,
                class_,
                entry,
                number=number,
                enterprise=queries.enterprise_of(session, class_).name,
                issued_on=shanghai_day(now),
            )
            pdf = typeset_certificate(content, address, now)
            digest = hashlib.sha256(pdf).hexdigest()
            certificate_id = services.ids.new()
            recorded = evidence.record(
                session,
                services,
                class_id=class_id,
                stream=evidence.enrolment_stream(enrolment_id),
                type="certificate.issued",
                at=now,
                body={
                    "certificate": certificate_id,
                    "number": number,
                    "pdf_sha256": digest,
                    "issued_us": to_micros(now),
                },
                disclose={"by": actor.account, "content": content.encode()},
            )
            session.add(
                Certificate(
                    class_id=class_id,
                    enrolment_id=enrolment_id,
                    n=len(earlier) + 1,
                    id=certificate_id,
                    number=number,
                    code=code,
                    issued_at=now,
                    issued_by=actor.account,
                    recorded_n=recorded.n,
                    pdf_sha256=digest,
                    content_sealed=services.vault.seal(CONTENT_PLACE, content.encode()),
                    pdf_sealed=services.vault.seal(PDF_PLACE, base64.b64encode(pdf).decode("ascii")),
                )
            )
    except IntegrityError as error:
        # Somebody issued to the same trainee at the same time; theirs stands.
        raise Conflict("certificates.held_already") from error
    return number


def _content(
    services: Services,
    status: TraineeStatus,
    class_: TrainingClass,
    entry: queries.RosterEntry,
    *,
    number: str,
    enterprise: str,
    issued_on: date,
) -> Content:
    return Content(
        number=number,
        name=entry.person.name,
        sex=entry.person.sex,
        id_number=entry.person.id_number,
        label=status.course.notice.certificate.label,
        title=class_.title,
        code=class_.code,
        enterprise=enterprise,
        policy=status.course.notice.document,
        first_day=shanghai_day(class_.window_start).isoformat(),
        last_day=shanghai_day(class_.window_end - _INSTANT).isoformat(),
        hours=plain(status.training.total_hours),
        topics=tuple(dict.fromkeys(one.topic for one in status.course.lessons)),
        score="" if status.exam.best is None else plain(status.exam.best),
        issued_on=issued_on.isoformat(),
        platform=services.settings.platform_name,
        recognition_number=services.settings.recognition_number,
    )
