"""Legal holds: one person places one, two release it; while it stands nothing it covers is destroyed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from lmscompliance import evidence
from lmscompliance.kernel.actor import Actor
from lmscompliance.kernel.clock import to_micros
from lmscompliance.kernel.errors import Conflict, Forbidden, NotFound
from lmscompliance.kernel.jcs import Json
from lmscompliance.kernel.words import stated
from lmscompliance.retention import people
from lmscompliance.retention.models import Hold
from lmscompliance.services import Services
from lmscompliance.storage.erasing import chunks
from lmscompliance.storage.transaction import reading, transaction
from lmscompliance.training import queries
from lmscompliance.training.models import Enrolment

LONGEST_REASON = 500
_REASON = f"{Hold.__tablename__}.reason_sealed"
_RELEASE = f"{Hold.__tablename__}.release_reason_sealed"


@dataclass(frozen=True, slots=True)
class HoldShown:
    """A hold as staff see it; ``ordinal`` is the trainee's number, ``None`` for the whole class."""

    class_id: str
    id: str
    ordinal: int | None
    personal: bool
    reason: str
    placed_at: datetime
    placed_by: str
    release_asked_at: datetime | None
    release_asked_by: str | None
    release_reason: str
    released_at: datetime | None
    released_by: str | None


def place(services: Services, actor: Actor, class_id: str, reason: str, ordinal: int | None = None) -> str:
    """Stop the destruction of a class, or of every class of its trainee ``ordinal``; return the hold's id.

    Raises ``InvalidInput`` without a reason, ``NotFound`` for an unknown class or trainee. The hold and an
    entry in each class it covers now are one commit.
    """
    why, now = stated(reason, LONGEST_REASON, "retention.reason"), services.clock.now()
    with transaction(services.database) as session:
        # The class's row is what a purge locks as well: one of the two comes first.
        queries.locked_class(session, class_id)
        one = None if ordinal is None else _by_ordinal(session, class_id, ordinal)
        hold = Hold(
            class_id=class_id,
            id=services.ids.new(),
            person_id=None if one is None else one.person_id,
            enrolment_id=None if one is None else one.id,
            reason_sealed=services.vault.seal(_REASON, why),
            placed_at=now,
            placed_by=actor.account,
        )
        session.add(hold)
        session.flush()
        for covered, enrolment in _covered(session, hold):
            queries.locked_class(session, covered)
            _record(
                session,
                services,
                covered,
                type="retention.held",
                body={"hold": hold.id, "enrolment": enrolment, "held_us": to_micros(now)},
                disclose={"by": actor.account, "reason": why},
            )
        return hold.id


def ask_release(services: Services, actor: Actor, class_id: str, hold_id: str, reason: str) -> None:
    """Ask that a hold be released, with the reason; another person does it. Asking again changes nothing."""
    why = stated(reason, LONGEST_REASON, "retention.reason")
    with transaction(services.database) as session:
        hold = _standing(session, class_id, hold_id)
        if hold.release_asked_by is None:
            hold.release_asked_at = services.clock.now()
            hold.release_asked_by = actor.account
            hold.release_reason_sealed = services.vault.seal(_RELEASE, why)


def release(services: Services, actor: Actor, class_id: str, hold_id: str) -> None:
    """Release a hold as somebody else asked.

    Raises ``Conflict`` while nobody has asked, ``Forbidden`` for whoever did.
    """
    now = services.clock.now()
    with transaction(services.database) as session:
        hold = _standing(session, class_id, hold_id)
        if hold.release_asked_by is None:
            raise Conflict("retention.release_not_asked")
        if hold.release_asked_by == actor.account:
            raise Forbidden("retention.needs_another")
        hold.released_at, hold.released_by = now, actor.account
        session.flush()
        for covered, enrolment in _covered(session, hold):
            _record(
                session,
                services,
                covered,
                type="retention.released",
                body={"hold": hold.id, "enrolment": enrolment, "released_us": to_micros(now)},
                disclose={"by": actor.account, "asked_by": hold.release_asked_by},
            )


def against(session: Session, class_id: str) -> Sequence[Hold]:
    """Return the holds that stand against a class: its own, and those on persons in it."""
    found = list(session.scalars(select(Hold).where(Hold.released_at.is_(None), Hold.class_id == class_id)))
    for chunk in chunks(people.records(session, people.in_class(session, class_id))):
        personal = select(Hold).where(Hold.released_at.is_(None), Hold.person_id.in_(chunk))
        found += session.scalars(personal.where(Hold.class_id != class_id))
    return sorted(found, key=lambda hold: hold.id)


def listed(services: Services, class_id: str) -> list[HoldShown]:
    """Return all holds that were placed in a class or stand against it, the newest first."""
    with reading(services.database) as session:
        own = session.scalars(select(Hold).where(Hold.class_id == class_id)).all()
        found = {hold.id: hold for hold in (*own, *against(session, class_id))}
        return [_shown(session, services, class_id, found[one]) for one in sorted(found, reverse=True)]


def _shown(session: Session, services: Services, class_id: str, hold: Hold) -> HoldShown:
    ordinal = None
    if hold.person_id is not None:
        ordinal = session.scalar(
            select(Enrolment.ordinal)
            .where(
                Enrolment.class_id == class_id,
                Enrolment.person_id.in_(people.records(session, [hold.person_id])),
            )
            .order_by(Enrolment.ordinal)
            .limit(1)
        )
    asked = hold.release_reason_sealed
    return HoldShown(
        class_id=hold.class_id,
        id=hold.id,
        ordinal=ordinal,
        personal=hold.person_id is not None,
        reason=services.vault.open(_REASON, hold.reason_sealed),
        placed_at=hold.placed_at,
        placed_by=hold.placed_by,
        release_asked_at=hold.release_asked_at,
        release_asked_by=hold.release_asked_by,
        release_reason="" if asked is None else services.vault.open(_RELEASE, asked),
        released_at=hold.released_at,
        released_by=hold.released_by,
    )


def _covered(session: Session, hold: Hold) -> list[tuple[str, str | None]]:
    """Return each class a hold covers, in a fixed order, with the enrolment in it."""
    if hold.person_id is None:
        return [(hold.class_id, None)]
    rows = session.execute(
        select(Enrolment.class_id, Enrolment.id)
        .where(Enrolment.person_id.in_(people.records(session, [hold.person_id])))
        .order_by(Enrolment.class_id, Enrolment.id)
    )
    return [(class_id, enrolment) for class_id, enrolment in rows]


def _by_ordinal(session: Session, class_id: str, ordinal: int) -> Enrolment:
    found = session.scalars(
        select(Enrolment).where(Enrolment.class_id == class_id, Enrolment.ordinal == ordinal)
    ).one_or_none()
    if found is None:
        raise NotFound("retention.no_trainee", ordinal=ordinal)
    return found


def _standing(session: Session, class_id: str, hold_id: str) -> Hold:
    hold = session.get(Hold, (class_id, hold_id), with_for_update=True)
    if hold is None:
        raise NotFound("retention.no_hold", hold=hold_id)
    if hold.released_at is not None:
        raise Conflict("retention.released_already")
    return hold


def _record(
    session: Session,
    services: Services,
    class_id: str,
    *,
    type: str,  # noqa: A002  # as ``evidence.record`` calls it
    body: dict[str, Json],
    disclose: dict[str, Json],
) -> None:
    evidence.record(
        session,
        services,
        class_id=class_id,
        stream=evidence.class_stream(class_id),
        type=type,
        at=services.clock.now(),
        body=body,
        disclose=disclose,
    )
