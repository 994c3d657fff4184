"""Issues certificates: to one trainee who passed, or to everybody of a class who has none yet."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from lmscompliance import evidence
from lmscompliance.certificates.content import TEMPLATE, template_name
from lmscompliance.certificates.drafting import Draft, before, draft
from lmscompliance.certificates.models import Certificate
from lmscompliance.certificates.numbers import next_number, next_serial
from lmscompliance.documents.typeset import template_sha256
from lmscompliance.jobs.progress import Progress
from lmscompliance.jobs.queue import ClaimLost
from lmscompliance.kernel.actor import Actor
from lmscompliance.kernel.clock import shanghai_day, to_micros
from lmscompliance.kernel.errors import ComplianceError, Conflict, Misconfigured, NotFound
from lmscompliance.services import Services
from lmscompliance.storage.transaction import reading, transaction
from lmscompliance.training import queries
from lmscompliance.training.platform import declare_platform

CONTENT_PLACE = f"{Certificate.__tablename__}.content_sealed"
PDF_PLACE = f"{Certificate.__tablename__}.pdf_sealed"
_TRIES = 50
"""Drafts that somebody else's number may overtake before we give up: each time, somebody got theirs."""

Holding = Callable[[Session], None]
"""Called in each transaction; raises where the work is not ours any more."""


class _Overtaken(Exception):  # nothing is wrong: it is drafted anew
    """Another certificate took the number, or the trainee's record went on, while this one was drafted."""


@dataclass(frozen=True, slots=True)
class Issued:
    """What came of issuing to a class: the new numbers, and whom it could not be done for and why."""

    numbers: tuple[str, ...]
    refused: tuple[tuple[int, ComplianceError], ...]
    """The trainee's number in the class, and the reason."""


def _nothing(*_: object) -> None:
    pass


def address_of(services: Services, base: str, code: str) -> str:
    """Return the address that a certificate carries; ``base`` is where this platform was reached.

    The setting ``public_url`` stands above it. Raises ``Misconfigured`` where neither is known.
    """
    root = (services.settings.public_url or base).rstrip("/")
    if not root:
        raise Misconfigured("certificates.no_address")
    return f"{root}{services.settings.url_prefix}/certificates/{code}"


def issue_all(
    services: Services,
    actor: Actor,
    class_id: str,
    base: str = "",
    *,
    holding: Holding = _nothing,
    progress: Progress = _nothing,
) -> Issued:
    """Issue to everybody who passed and never had one, each in a transaction of their own.

    Whoever's was revoked gets another by ``reissue`` alone: why it was revoked is for somebody to weigh.
    Dying in between leaves whole certificates; asking again issues the others. ``progress`` is told how many
    of the trainees have one or have been looked at.
    """
    address_of(services, base, "")
    with reading(services.database) as session:
        held = set(session.scalars(select(Certificate.enrolment_id).where(Certificate.class_id == class_id)))
        everybody = queries.roster(session, class_id)
    waiting = [(one.ordinal, one.id) for one in everybody if one.id not in held]
    numbers: list[str] = []
    refused: list[tuple[int, ComplianceError]] = []
    for done, (ordinal, enrolment_id) in enumerate(waiting, len(everybody) - len(waiting)):
        progress(done, len(everybody))
        try:
            numbers.append(issue(services, actor, class_id, enrolment_id, base, holding=holding))
        except ClaimLost:
            raise
        except ComplianceError as error:
            if error.code not in _EXPECTED:
                refused.append((ordinal, error))
    return Issued(tuple(numbers), tuple(refused))


_EXPECTED = frozenset({"certificates.not_passed", "certificates.second_record", "certificates.held_already"})
"""Why most of those who get none get none."""


def reissue(services: Services, actor: Actor, class_id: str, certificate_id: str, base: str = "") -> str:
    """Issue another one in the place of a revoked one, and return its number; it names that one's.

    Raises ``NotFound``, and what ``issue`` raises: the one in its place may be there already.
    """
    with reading(services.database) as session:
        enrolment_id = session.scalar(
            select(Certificate.enrolment_id).where(
                Certificate.class_id == class_id, Certificate.id == certificate_id
            )
        )
    if enrolment_id is None:
        raise NotFound("web.not_found")
    return issue(services, actor, class_id, enrolment_id, base)


def issue(
    services: Services,
    actor: Actor,
    class_id: str,
    enrolment_id: str,
    base: str = "",
    *,
    holding: Holding = _nothing,
) -> str:
    """Issue to one trainee and return the number.

    Raises ``Conflict`` where training or exam is not passed or a valid certificate exists, and
    ``InvalidInput`` where the documents' fonts cannot show the name.
    """
    code = services.ids.opaque()
    address = address_of(services, base, code)
    for _ in range(_TRIES):
        drafted = draft(services, class_id, enrolment_id, address)
        try:
            return _write(services, actor, drafted, code, holding)
        except _Overtaken:
            continue
        except IntegrityError as error:
            # Somebody issued to the same trainee at the same time; theirs stands.
            raise Conflict("certificates.held_already") from error
    raise Conflict("certificates.busy")


def _write(services: Services, actor: Actor, made: Draft, code: str, holding: Holding) -> str:
    """Write what was drafted, if it still is what would be.

    If the process dies here, nothing of it is there: neither certificate nor number, entry or count.
    """
    class_id, enrolment_id = made.owner
    content, year = made.content, shanghai_day(made.at).year
    with transaction(services.database) as session:
        holding(session)
        before(session, class_id, enrolment_id)
        prefix = queries.class_notice(session, class_id).certificate.number_prefix
        if next_number(session, prefix, year) != content.number:
            raise _Overtaken
        declare_platform(session, services, class_id)
        digest = hashlib.sha256(made.pdf).hexdigest()
        certificate_id = services.ids.new()
        recorded = evidence.record_for(
            session,
            services,
            made.owner,
            type="certificate.issued",
            at=made.at,
            body={
                "certificate": certificate_id,
                "number": content.number,
                "serial": next_serial(session, class_id, year),
                "score": content.score,
                "hours": content.hours,
                "template": TEMPLATE,
                "template_sha256": template_sha256(template_name(TEMPLATE)),
                "replaces": made.replaces or None,
                "pdf_sha256": digest,
                "issued_us": to_micros(made.at),
            },
            disclose={"by": actor.account, "content": content.encode()},
        )
        if recorded.n != made.seen:
            # Something was recorded of the trainee since they were judged, perhaps another name.
            raise _Overtaken
        session.add(
            Certificate(
                class_id=class_id,
                enrolment_id=enrolment_id,
                n=made.n,
                id=certificate_id,
                number=content.number,
                code=code,
                issued_at=made.at,
                issued_by=actor.account,
                recorded_n=recorded.n,
                pdf_sha256=digest,
                content_sealed=services.vault.seal(CONTENT_PLACE, content.encode()),
                pdf_sealed=services.vault.seal(PDF_PLACE, base64.b64encode(made.pdf).decode("ascii")),
            )
        )
    return content.number
