"""The dispatch log: which pack went to whom, by what means, when, and when its receipt was acknowledged."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lmscompliance import evidence
from lmscompliance.filing import pack
from lmscompliance.filing.models import FilingDispatch, FilingRecipient
from lmscompliance.kernel.clock import shanghai_day, to_micros
from lmscompliance.kernel.errors import Conflict, InvalidInput, NotFound
from lmscompliance.policy import Notice
from lmscompliance.rules.class_life import FILED
from lmscompliance.services import Services
from lmscompliance.storage.transaction import reading, transaction
from lmscompliance.training import life, queries
from lmscompliance.training.models import TrainingClass

MEANS = ("email", "paper", "system", "hand")
"""By e-mail, on paper by post, through another system, handed over."""
_PLACE = f"{FilingDispatch.__tablename__}.address_sealed"
_LONGEST = {"recipient": 255, "address": 255, "reference": 128}


@dataclass(frozen=True, slots=True)
class Recipient:
    """Where a filing goes; ``address`` is an e-mail or postal address, empty where none is on record."""

    name: str
    address: str = ""


@dataclass(frozen=True, slots=True)
class Sending:
    """What somebody says of a pack that they sent; ``reference`` is a mail's or a parcel's own number."""

    recipient: str
    means: str
    sent_on: date
    address: str = ""
    reference: str = ""


@dataclass(frozen=True, slots=True)
class Dispatch:
    """A line of the log as people read it."""

    row: FilingDispatch
    address: str


def set_recipient(
    services: Services, policy_id: str, given: Recipient, *, district: str = "", by: str
) -> None:
    """Keep where filings under a policy go, in one district or (``""``) in all without one of their own.

    Raises ``InvalidInput`` for an unknown policy or an empty or overlong name.
    """
    if policy_id not in {one.id for one in services.policies.all()}:
        known = ", ".join(sorted({one.id for one in services.policies.all()}))
        raise InvalidInput("filing.recipient_policy", policy=policy_id, known=known)
    _checked(recipient=given.name, address=given.address)
    with transaction(services.database) as session:
        session.merge(
            FilingRecipient(
                policy_id=policy_id,
                district=district.strip()[:64],
                name=given.name.strip(),
                address=given.address.strip(),
                set_by=by,
                set_at=services.clock.now(),
            )
        )


def recipient_of(session: Session, class_: TrainingClass, notice: Notice) -> Recipient:
    """Return where the class's filing goes: its district's recipient, the policy's, or the notice's words."""
    for district in (class_.district, ""):
        row = session.get(FilingRecipient, (class_.policy_id, district))
        if row is not None:
            return Recipient(row.name, row.address)
    return Recipient(notice.filing.recipient)


def send(services: Services, class_id: str, given: Sending, *, by: str) -> tuple[int, str, bytes]:
    """Log that the pack as it is now was sent, and return the entry's number, the pack's name and bytes.

    Raises ``InvalidInput`` for bad particulars and ``Conflict`` while there is nothing to send.
    """
    _checked(recipient=given.recipient, address=given.address, reference=given.reference)
    now = services.clock.now()
    if given.means not in MEANS:
        raise InvalidInput("filing.bad_means", means=", ".join(MEANS))
    if given.sent_on > shanghai_day(now):
        raise InvalidInput("filing.sent_later", day=given.sent_on, today=shanghai_day(now))
    made = pack.make(services, class_id)
    digest = hashlib.sha256(made.data).hexdigest()
    with transaction(services.database) as session:
        queries.locked_class(session, class_id)
        mine = FilingDispatch.class_id == class_id
        count = session.scalar(select(func.count()).where(mine)) or 0
        address = given.address.strip()
        row = FilingDispatch(
            class_id=class_id,
            n=count,
            recipient=given.recipient.strip(),
            means=given.means,
            address_sealed=services.vault.seal(_PLACE, address) if address else None,
            reference=given.reference.strip(),
            sent_on=given.sent_on,
            sha256=digest,
            listing=made.listing,
            by=by,
            at=now,
            received_on=None,
            receipt="",
            acknowledged_by="",
            acknowledged_at=None,
        )
        session.add(row)
        evidence.record_in_class(
            session,
            services,
            class_id,
            type="filing.dispatched",
            at=now,
            body={
                "dispatch": count,
                "recipient": row.recipient,
                "means": row.means,
                "reference": row.reference,
                "sent_on": str(row.sent_on),
                "sha256": digest,
                "size": len(made.data),
                "listing_sha256": hashlib.sha256(made.listing.encode("ascii")).hexdigest(),
                "at_us": to_micros(now),
            },
            disclose={"by": by, **({"address": address} if address else {})},
        )
    return count, made.name, made.data


def acknowledge(
    services: Services, class_id: str, number: int, *, received_on: date, receipt: str = "", by: str
) -> None:
    """Keep that a pack was received, once; the bureau's term for its answer runs from that day.

    Raises ``NotFound``, ``Conflict`` when it was acknowledged already, ``InvalidInput`` for a day before it
    was sent or in the future.
    """
    now = services.clock.now()
    _checked(reference=receipt)
    with transaction(services.database) as session:
        queries.locked_class(session, class_id)
        row = session.get(FilingDispatch, (class_id, number))
        if row is None:
            raise NotFound("web.not_found")
        if row.received_on is not None:
            raise Conflict("filing.already_received", day=row.received_on)
        if not row.sent_on <= received_on <= shanghai_day(now):
            raise InvalidInput("filing.bad_receipt_day", sent=row.sent_on, today=shanghai_day(now))
        row.received_on, row.receipt = received_on, receipt.strip()
        row.acknowledged_by, row.acknowledged_at = by, now
        evidence.record_in_class(
            session,
            services,
            class_id,
            type="filing.acknowledged",
            at=now,
            body={
                "dispatch": number,
                "received_on": str(received_on),
                "receipt": row.receipt,
                "at_us": to_micros(now),
            },
            disclose={"by": by},
        )


def log(services: Services, class_id: str) -> list[Dispatch]:
    """Return every dispatch of a class, the newest first."""
    with reading(services.database) as session:
        rows = session.scalars(
            select(FilingDispatch)
            .where(FilingDispatch.class_id == class_id)
            .order_by(FilingDispatch.n.desc())
        )
        return [
            Dispatch(row, services.vault.open(_PLACE, row.address_sealed) if row.address_sealed else "")
            for row in rows
        ]


def received_on(session: Session, class_: TrainingClass) -> date:
    """Return the day from which the bureau's term runs.

    That is the first acknowledged receipt on or after the day the class was last filed; that day itself
    where nothing was acknowledged, because then the bureau has the filing on this platform.
    """
    filed = life.reached_at(session, class_.id, FILED) or class_.filed_at
    first = session.scalar(
        select(func.min(FilingDispatch.received_on)).where(
            FilingDispatch.class_id == class_.id, FilingDispatch.received_on >= shanghai_day(filed)
        )
    )
    return first or shanghai_day(filed)


def _checked(**texts: str) -> None:
    for name, value in texts.items():
        if len(value) > _LONGEST[name] or (name == "recipient" and not value.strip()):
            raise InvalidInput("filing.bad_particulars", most=_LONGEST["recipient"])
