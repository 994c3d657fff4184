"""Writes a certificate before its number is sure: typesetting takes longer than a lock may be held."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from lmscompliance import evidence
from lmscompliance.certificates.content import Content, typeset_certificate
from lmscompliance.certificates.models import Certificate
from lmscompliance.certificates.numbers import likely_number
from lmscompliance.completion import service as completion
from lmscompliance.completion.judging import TraineeStatus
from lmscompliance.documents.font import Typeface
from lmscompliance.evidence.streams import length
from lmscompliance.kernel.clock import shanghai_day
from lmscompliance.kernel.errors import Conflict
from lmscompliance.rules.certificates import MOST
from lmscompliance.rules.marking import plain
from lmscompliance.services import Services
from lmscompliance.storage.transaction import reading
from lmscompliance.training import queries
from lmscompliance.training.models import Enrolment

_INSTANT = timedelta(microseconds=1)
"""A window ends with the first instant after its last day."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A certificate as it will be, if the stream is still ``seen`` entries long and the number still free."""

    owner: evidence.Owner
    content: Content
    pdf: bytes
    at: datetime
    seen: int
    replaces: str
    """The number of the revoked certificate that it stands in for, or nothing."""
    n: int
    """Which of the trainee's certificates of the class it is, from 1."""


def earned(status: TraineeStatus) -> bool:
    """Tell whether training and exam are passed."""
    return status.training.met and status.exam.passed


def draft(services: Services, class_id: str, enrolment_id: str, address: str) -> Draft:
    """Judge the trainee and typeset the certificate; nothing is written and nothing locked.

    Raises ``Conflict`` where training or exam is not passed or a valid certificate exists, and
    ``InvalidInput`` where the documents' fonts cannot show the name.
    """
    with reading(services.database) as session:
        # Before the judging: whatever is recorded after this makes the stream longer.
        seen = length(session, class_id, evidence.enrolment_stream(enrolment_id))
    status = completion.status(services, class_id, enrolment_id)
    if not earned(status):
        raise Conflict("certificates.not_passed")
    with reading(services.database) as session:
        earlier = before(session, class_id, enrolment_id)
        # A clock that was set back puts no certificate before the end of the one it replaces.
        now = max([services.clock.now(), *(one.revoked_at for one in earlier if one.revoked_at)])
        prefix = status.course.notice.certificate.number_prefix
        number = likely_number(session, prefix, shanghai_day(now).year)
        replaces = earlier[-1].number if earlier else ""
        content = _content(session, services, status, number=number, replaces=replaces, now=now)
    return Draft(
        evidence.Owner(class_id, enrolment_id),
        content,
        typeset_certificate(content, address, now, Typeface(services.settings.fonts_dir)),
        now,
        seen,
        replaces,
        len(earlier) + 1,
    )


def before(session: Session, class_id: str, enrolment_id: str) -> list[Certificate]:
    """Return the trainee's certificates, all revoked; raises ``Conflict`` where they may have no other."""
    if queries.is_second(session, session.get_one(Enrolment, (class_id, enrolment_id))):
        raise Conflict("certificates.second_record")
    found = session.scalars(
        select(Certificate)
        .where(Certificate.class_id == class_id, Certificate.enrolment_id == enrolment_id)
        .order_by(Certificate.n)
    ).all()
    if any(one.revoked_at is None for one in found):
        raise Conflict("certificates.held_already")
    if len(found) >= MOST:
        raise Conflict("certificates.too_often", most=MOST)
    return [*found]


def _content(
    session: Session,
    services: Services,
    status: TraineeStatus,
    *,
    number: str,
    replaces: str,
    now: datetime,
) -> Content:
    class_ = queries.class_by_id(session, status.course.fact.id)
    person = queries.open_enrolment(session, services.vault, class_.id, status.enrolment_id).person
    return Content(
        number=number,
        name=person.name,
        sex=person.sex,
        id_number=person.id_number,
        label=status.course.notice.certificate.label,
        title=class_.title,
        code=class_.code,
        enterprise=queries.enterprise_of(session, class_).name,
        policy=status.course.notice.document,
        first_day=shanghai_day(class_.window_start).isoformat(),
        last_day=shanghai_day(class_.window_end - _INSTANT).isoformat(),
        hours=plain(status.training.total_hours),
        topics=tuple(dict.fromkeys(one.topic for one in status.course.lessons)),
        score="" if status.exam.best is None else plain(status.exam.best),
        issued_on=shanghai_day(now).isoformat(),
        platform=services.settings.platform_name,
        recognition_number=services.settings.recognition_number,
        replaces=replaces,
    )
