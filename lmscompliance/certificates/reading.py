"""Certificates as they are shown: to staff, to their holder, and to anybody who scans one."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import ColumnElement, Row, Select, and_, func, select
from sqlalchemy.orm import Session, aliased, defer

from lmscompliance import evidence
from lmscompliance.certificates.content import Content
from lmscompliance.certificates.issuing import CONTENT_PLACE, PDF_PLACE
from lmscompliance.certificates.models import Certificate
from lmscompliance.certificates.revoking import REASON_PLACE
from lmscompliance.evidence.receipts import holders_receipt
from lmscompliance.evidence.streams import leaves_of_type
from lmscompliance.identity import looks
from lmscompliance.identity.accounts import GUESS_WINDOW, count_guess
from lmscompliance.kernel.actor import Actor
from lmscompliance.kernel.clock import from_micros, shanghai_text
from lmscompliance.kernel.errors import Gone, NotFound, TooMany
from lmscompliance.kernel.jcs import Json
from lmscompliance.rules.masking import mask_number
from lmscompliance.services import Services
from lmscompliance.storage.transaction import reading, transaction
from lmscompliance.tlog.leaf import Leaf
from lmscompliance.training import queries
from lmscompliance.training.models import TrainingClass

MOST_OF_ADDRESS = 300
"""Certificates that one address may look up within ``GUESS_WINDOW``: an office with a pile of them stays
below."""


_Found = Row[Certificate, str | None, str | None, str | None, str | None]
_Query = Select[Certificate, str | None, str | None, str | None, str | None]
"""A certificate, then number and code of the one before it and of the one after."""


_UNTOLD = frozenset({"sex", "template"})
"""What a certificate says and its check page does not."""


@dataclass(frozen=True, slots=True)
class Other:
    """Another certificate of the same trainee and class: its number, and the code of its check page."""

    number: str
    code: str


@dataclass(frozen=True, slots=True)
class Shown:
    """A certificate as a page shows it, its holder's number masked.

    ``content`` is ``None`` once the person's data was destroyed; that it was issued, and whether it holds,
    can still be told.
    """

    id: str
    enrolment_id: str
    number: str
    code: str
    issued_at: datetime
    pdf_sha256: str
    content: Content | None
    id_masked: str
    revoked_at: datetime | None
    revoked_by: str
    reason: str
    predecessor: Other | None = None
    """The revoked one that this one stands in for."""
    successor: Other | None = None
    """The one that was issued in this one's place."""

    @property
    def name(self) -> str:
        """The holder's name, while it is there."""
        return "" if self.content is None else self.content.name

    def to_json(self) -> dict[str, Json]:
        """Return what the public check tells, for programs; the links between certificates are the page's."""
        said: dict[str, Json] = {}
        if self.content is not None:
            known = json.loads(self.content.encode())
            said = {name: value for name, value in known.items() if name not in _UNTOLD} | {
                "id_number": self.id_masked
            }
        return said | {
            "number": self.number,
            "valid": self.revoked_at is None,
            "issued": shanghai_text(self.issued_at),
            "revoked": shanghai_text(self.revoked_at),
            "reason": self.reason,
            "pdf_sha256": self.pdf_sha256,
        }


def subject(services: Services, class_id: str) -> TrainingClass:
    """Return the class whose certificates are shown; raises ``NotFound``."""
    with reading(services.database) as session:
        return queries.class_by_id(session, class_id)


@dataclass(frozen=True, slots=True)
class Listing:
    """Some of a class's certificates by number, of ``total`` that were asked for."""

    certificates: tuple[Shown, ...]
    total: int
    page: int
    pages: int


VALID, REVOKED = "valid", "revoked"
STATES = (VALID, REVOKED)
PAGE_ROWS = 50


def listing(services: Services, class_id: str, state: str = "", page: int = 1) -> Listing:
    """Return a page of the class's certificates; those of a ``state`` alone if it is one of ``STATES``."""
    with reading(services.database) as session:
        query = _of_class(class_id, state)
        total = (
            session.scalar(
                select(func.count()).select_from(
                    query.with_only_columns(Certificate.id).order_by(None).subquery()
                )
            )
            or 0
        )
        pages = max(1, -(-total // PAGE_ROWS))
        page = min(max(page, 1), pages)
        rows = session.execute(query.limit(PAGE_ROWS).offset((page - 1) * PAGE_ROWS))
        return Listing(tuple(_each(services, rows)), total, page, pages)


def search(services: Services, class_id: str, words: str, state: str = "") -> Listing:
    """Return the class's certificates whose number or holder's name has ``words`` in it, the first of them.

    Names are encrypted, so each certificate of the class is opened.
    """
    wanted = words.strip().casefold()
    with reading(services.database) as session:
        shown = _each(services, session.execute(_of_class(class_id, state)))
        found = [one for one in shown if wanted in f"{one.number}\n{one.name}".casefold()]
    return Listing(tuple(found[:PAGE_ROWS]), len(found), 1, 1)


def of_class(services: Services, class_id: str, state: str = "") -> list[Shown]:
    """Return all of the class's certificates by number, or all of a state."""
    with reading(services.database) as session:
        return in_class(session, services, class_id, state)


def in_class(session: Session, services: Services, class_id: str, state: str = "") -> list[Shown]:
    """Return what ``of_class`` does, as ``session`` sees them."""
    return [*_each(services, session.execute(_of_class(class_id, state)))]


def _each(services: Services, rows: Iterable[_Found]) -> Iterator[Shown]:
    return (_shown(services, row) for row in rows)


def _with_others() -> _Query:
    """Select certificates, each with number and code of the one before and the one after it."""
    earlier, later = aliased(Certificate), aliased(Certificate)

    def of_same(other: type[Certificate], n: ColumnElement[int]) -> ColumnElement[bool]:
        return and_(
            other.class_id == Certificate.class_id,
            other.enrolment_id == Certificate.enrolment_id,
            other.n == n,
        )

    # Without the documents: thousands of them would stand in memory for a list.
    return (
        select(Certificate, earlier.number, earlier.code, later.number, later.code)
        .outerjoin(earlier, of_same(earlier, Certificate.n - 1))
        .outerjoin(later, of_same(later, Certificate.n + 1))
        .options(defer(Certificate.pdf_sealed))
    )


def _of_class(class_id: str, state: str) -> _Query:
    rows = _with_others().where(Certificate.class_id == class_id)
    if state in STATES:
        holds = Certificate.revoked_at.is_(None)
        rows = rows.where(holds if state == VALID else ~holds)
    # A year may have more than its series' digits hold: the longer number is the later one.
    return rows.order_by(func.length(Certificate.number), Certificate.number)


def of_enrolment(session: Session, services: Services, class_id: str, enrolment_id: str) -> list[Shown]:
    """Return an enrolment's certificates, the oldest first."""
    rows = _with_others().where(Certificate.class_id == class_id, Certificate.enrolment_id == enrolment_id)
    return [*_each(services, session.execute(rows.order_by(Certificate.n)))]


def documents(session: Session, services: Services, class_id: str, enrolment_id: str) -> dict[str, bytes]:
    """Return the PDF of each of an enrolment's certificates that is still there, by number."""
    rows = select(Certificate).where(
        Certificate.class_id == class_id,
        Certificate.enrolment_id == enrolment_id,
        Certificate.pdf_sealed.is_not(None),
    )
    return {row.number: _pdf(services, row) for row in session.scalars(rows.order_by(Certificate.n))}


def own(services: Services, actor: Actor, class_id: str) -> Shown:
    """Return the actor's newest certificate of the class; raises ``NotFound``."""
    with reading(services.database) as session:
        mine = _own(session, actor, class_id)
        return _shown(services, session.execute(_with_others().where(Certificate.id == mine.id)).one())


def public(services: Services, code: str, ip: str) -> Shown:
    """Return the certificate whose address has ``code``, for anybody.

    Raises ``NotFound``, and ``TooMany`` for an address that looks up too many.
    """
    with transaction(services.database) as session:
        key = f"certificates/{services.vault.blind('certificates.ip', ip)}"
        count = count_guess(session, key, services.clock.now())
        row = None
        if count <= MOST_OF_ADDRESS:
            row = session.execute(_with_others().where(Certificate.code == code)).one_or_none()
        shown = None if row is None else _as_recorded(session, row[0], _shown(services, row))
    if count > MOST_OF_ADDRESS:
        raise TooMany("certificates.too_many", minutes=int(GUESS_WINDOW.total_seconds()) // 60)
    if shown is None:
        raise NotFound("certificates.unknown")
    return shown


def _as_recorded(session: Session, row: Certificate, shown: Shown) -> Shown:
    """Return a certificate as revoked where the log says so, whatever became of its row."""
    if shown.revoked_at is not None:
        return shown
    stream = evidence.enrolment_stream(row.enrolment_id)
    for raw in leaves_of_type(session, row.class_id, stream, "certificate.revoked"):
        body = Leaf.decode(raw).body
        if body["certificate"] == row.id:
            return replace(shown, revoked_at=from_micros(int(str(body["revoked_us"]))))
    return shown


def document(
    services: Services, actor: Actor, class_id: str, certificate_id: str, purpose: str
) -> tuple[str, bytes]:
    """Return a certificate's number and PDF, having recorded who takes it and what for.

    The document holds the trainee's full ID number.

    Raises ``NotFound``, ``Gone`` when the person's data was destroyed, ``InvalidInput`` without a purpose.
    """
    words = looks.checked_purpose(purpose)
    with transaction(services.database) as session:
        found = session.scalar(
            select(Certificate).where(Certificate.class_id == class_id, Certificate.id == certificate_id)
        )
        if found is None:
            raise NotFound("web.not_found")
        pdf = _pdf(services, found)
        place = (class_id, found.enrolment_id)
        looks.record(session, services, actor, place, what=looks.DETAILS, occasion=OCCASION, purpose=words)
        number = found.number
    return number, pdf


OCCASION = "certificate"
"""Why somebody saw a trainee's details: they took the certificate."""


def own_document(services: Services, actor: Actor, class_id: str) -> bytes:
    """Return the actor's own certificate as PDF; raises ``NotFound`` and ``Gone``."""
    with reading(services.database) as session:
        return _pdf(services, _own(session, actor, class_id))


def own_receipt(services: Services, actor: Actor, class_id: str) -> str | None:
    """Return the ``.tlog-proof`` of the actor's certificate; ``None`` until it is sealed."""
    with reading(services.database) as session:
        found = _own(session, actor, class_id)
        stream = evidence.enrolment_stream(found.enrolment_id)
        return holders_receipt(session, services, class_id, stream, found.recorded_n)


def _own(session: Session, actor: Actor, class_id: str) -> Certificate:
    mine = queries.enrolment_of(session, class_id, actor.account)
    found = None
    if mine is not None:
        found = session.scalar(
            select(Certificate)
            .where(Certificate.class_id == class_id, Certificate.enrolment_id == mine.id)
            .order_by(Certificate.n.desc())
            .limit(1)
        )
    if found is None:
        raise NotFound("certificates.none_yet")
    return found


def _shown(services: Services, found: _Found) -> Shown:
    row, before, before_code, after, after_code = found
    vault, content = services.vault, None
    if row.content_sealed is not None:
        content = Content.decode(vault.open(CONTENT_PLACE, row.content_sealed))
    return Shown(
        id=row.id,
        enrolment_id=row.enrolment_id,
        number=row.number,
        code=row.code,
        issued_at=row.issued_at,
        pdf_sha256=row.pdf_sha256,
        content=content,
        id_masked="" if content is None else mask_number(content.id_number),
        revoked_at=row.revoked_at,
        revoked_by=row.revoked_by or "",
        predecessor=_other(before, before_code),
        successor=_other(after, after_code),
        reason="" if row.reason_sealed is None else vault.open(REASON_PLACE, row.reason_sealed),
    )


def _other(number: str | None, code: str | None) -> Other | None:
    return None if number is None or code is None else Other(number, code)


def _pdf(services: Services, row: Certificate) -> bytes:
    if row.pdf_sealed is None:
        raise Gone("certificates.destroyed", number=row.number)
    return base64.b64decode(services.vault.open(PDF_PLACE, row.pdf_sealed))
