"""Destroying what a class's terms have run out for: ordered by one person, confirmed by another.

The order in which it goes: a snapshot lists every stream of the class as it stands; the rooms name what each
category holds of it (``storage.erasing``); values are emptied and rows deleted, whoever refers before what
is referred to, the persons that no other class knows last; then uploaded files nobody refers to any more.
The leaf ``retention.purged`` says what went. All of that is one transaction. What lies outside the database
(encrypted objects whose key has just gone, exports on offer) is removed after it.

If the process dies before the commit, restart sees the order as it was given, and everything still there. If
it dies after it, restart sees a purge that is done and not yet cleared, and ``clear`` removes the rest.
"""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from lmscompliance import evidence
from lmscompliance.evidence.forgetting import names_of
from lmscompliance.evidence.models import Stream
from lmscompliance.files.removal import drop, remove_objects
from lmscompliance.kernel.actor import Actor
from lmscompliance.kernel.clock import shanghai_day, to_micros
from lmscompliance.kernel.errors import Conflict, Forbidden
from lmscompliance.kernel.jcs import Json
from lmscompliance.ledgers.forgetting import remove_kept
from lmscompliance.retention import holds, people
from lmscompliance.retention.committed import commitments
from lmscompliance.retention.models import CONFIRMED, DONE, ORDERED, WITHDRAWN, Purge
from lmscompliance.retention.terms import Terms, terms_of
from lmscompliance.services import Services
from lmscompliance.storage import erasing
from lmscompliance.storage.erasing import Erasing, Tally
from lmscompliance.storage.transaction import after_commit, reading, transaction
from lmscompliance.training import queries
from lmscompliance.training.models import Enrolment, TrainingClass

_REHEARSAL = ("rehearsal", "rehearsal-confirmed")


@dataclass(frozen=True, slots=True)
class Destroyed:
    """What a purge took away, or would: the body of its leaf, and each table's figures by category."""

    body: dict[str, Json]
    counts: dict[str, dict[str, int]]
    objects: tuple[str, ...]


def rehearse(services: Services, class_id: str) -> Destroyed:
    """Return what a purge would destroy today: it is carried out and taken back.

    Raises ``Conflict`` when nothing is due or a hold stands against it.
    """
    with transaction(services.database) as session:
        class_ = queries.locked_class(session, class_id)
        purge = _ordered(session, services, class_, _REHEARSAL[0])
        done = _carry_out(session, services, class_, purge, _REHEARSAL[1])
        session.rollback()
    return done


def order(services: Services, actor: Actor, class_id: str) -> str:
    """Order the destruction of what is due today; return the purge's id. Nothing goes before ``confirm``.

    Raises ``Conflict`` when nothing is due, a hold stands against it, or another order waits.
    """
    with transaction(services.database) as session:
        class_ = queries.locked_class(session, class_id)
        if waiting(session, class_id) is not None:
            raise Conflict("retention.ordered_already", code=class_.code)
        return _ordered(session, services, class_, actor.account).id


def withdraw(services: Services, class_id: str) -> None:
    """Take an order back that nobody has confirmed."""
    with transaction(services.database) as session:
        queries.locked_class(session, class_id)
        _waiting(session, class_id).state = WITHDRAWN


def confirm(services: Services, actor: Actor, class_id: str) -> Destroyed:
    """Carry out the order that somebody else gave, as of today; see the module for the steps.

    Raises ``Forbidden`` for whoever ordered it, ``Conflict`` when nothing is due any more or a hold came.
    """
    with transaction(services.database) as session:
        class_ = queries.locked_class(session, class_id)
        purge = _waiting(session, class_id)
        if purge.ordered_by == actor.account:
            raise Forbidden("retention.needs_another")
        done = _carry_out(session, services, class_, purge, actor.account)

        def cleared() -> None:
            # What cannot be removed now is the job's; the purge itself is durable and stays so.
            with suppress(OSError):
                clear(services)

        after_commit(session, cleared)
    return done


def clear(services: Services) -> int:
    """Remove files and exports of purges that are done; return how many were cleared.

    Removing what is gone does nothing, so two runs at once, or one after a crash, leave the same.
    """
    with reading(services.database) as session:
        left = [
            (row.class_id, row.id, json.loads(row.objects))
            for row in session.scalars(select(Purge).where(Purge.state == DONE, Purge.cleared_at.is_(None)))
        ]
    for class_id, purge_id, objects in left:
        remove_objects(services, objects)
        remove_kept(services, class_id)
        with transaction(services.database) as session:
            row = session.get_one(Purge, (class_id, purge_id), with_for_update=True)
            if row.cleared_at is None:
                row.cleared_at = services.clock.now()
    return len(left)


def waiting(session: Session, class_id: str) -> Purge | None:
    """Return the order that waits for its confirmation."""
    return session.scalars(
        select(Purge).where(Purge.class_id == class_id, Purge.state == ORDERED)
    ).one_or_none()


def _waiting(session: Session, class_id: str) -> Purge:
    found = waiting(session, class_id)
    if found is None:
        raise Conflict("retention.not_ordered")
    return found


def _ordered(session: Session, services: Services, class_: TrainingClass, account: str) -> Purge:
    due = _due(session, services, class_)[1]
    purge = Purge(
        class_id=class_.id,
        id=services.ids.new(),
        state=ORDERED,
        categories=json.dumps(due),
        names="[]",
        ordered_at=services.clock.now(),
        ordered_by=account,
        report="{}",
        objects="[]",
    )
    session.add(purge)
    session.flush()
    return purge


def _due(session: Session, services: Services, class_: TrainingClass) -> tuple[Terms, tuple[str, ...]]:
    held = holds.against(session, class_.id)
    if held:
        raise Conflict("retention.held", code=class_.code, count=len(held))
    terms = terms_of(session, class_)
    due = terms.due(shanghai_day(services.clock.now()))
    if not due:
        raise Conflict("retention.not_due", code=class_.code, day=str(terms.next_on or "—"))
    return terms, due


def _carry_out(
    session: Session, services: Services, class_: TrainingClass, purge: Purge, confirmed_by: str
) -> Destroyed:
    now = services.clock.now()
    # Whoever would record something of the class waits until the commit: what is listed is all there is.
    session.execute(select(Stream.stream).where(Stream.class_id == class_.id).with_for_update())
    terms, due = _due(session, services, class_)
    snapshot = evidence.snapshot(session, services, class_.id, "purge")
    committed = commitments(session, class_.id, due)
    names = names_of(session, class_.id, due)
    purge.categories, purge.names = json.dumps(due), json.dumps(names)
    purge.state, purge.confirmed_at, purge.confirmed_by = CONFIRMED, now, confirmed_by
    # From here on the database lets the named values go, until the state changes again below.
    session.flush()
    going = _going(session, services, class_.id, frozenset(due))
    for forget in erasing.rooms():
        forget(going)
    tallies = going.run()
    files = {category: drop(session, going.files.get(category, ())) for category in due}
    body: dict[str, Json] = {
        "purge": purge.id,
        "snapshot": snapshot.id,
        "purged_us": to_micros(now),
        "ordered_us": to_micros(purge.ordered_at),
        "began_on": str(terms.began_on),
        "policy": {"id": class_.policy_id, "version": class_.policy_version, "digest": class_.policy_digest},
        "persons": len(going.persons) if "identity" in due else 0,
        "categories": [
            {
                "category": category,
                "due_on": str(terms.due_on[category]),
                "values": committed.counts[category],
                "values_sha256": committed.digest(category),
                "rows": tallies[category].total,
                "rows_sha256": tallies[category].digest.hexdigest(),
                "files": list[Json](sorted(files[category])),
            }
            for category in due
        ],
    }
    recorded = evidence.record(
        session,
        services,
        class_id=class_.id,
        stream=evidence.class_stream(class_.id),
        type="retention.purged",
        at=now,
        body=body,
        disclose={"ordered_by": purge.ordered_by, "confirmed_by": confirmed_by},
    )
    purge.state, purge.recorded_n, purge.report = DONE, recorded.n, json.dumps(body)
    objects = tuple(sorted(name for gone in files.values() for name in gone.values()))
    purge.objects = json.dumps(objects)
    session.flush()
    return Destroyed(body, _counts(tallies), objects)


def _counts(tallies: dict[str, Tally]) -> dict[str, dict[str, int]]:
    return {category: dict(sorted(tally.counts.items())) for category, tally in tallies.items()}


def _going(session: Session, services: Services, class_id: str, categories: frozenset[str]) -> Erasing:
    enrolments = session.scalars(select(Enrolment.id).where(Enrolment.class_id == class_id))
    return Erasing(
        session=session,
        vault=services.vault,
        class_id=class_id,
        enrolments=sorted(enrolments),
        persons=sorted(people.only_here(session, class_id)),
        categories=categories,
    )
