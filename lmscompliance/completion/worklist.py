"""Objections of all classes that staff may see: those that wait, the oldest first, and the latest answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from lmscompliance.completion.models import Dispute
from lmscompliance.completion.uncredited import DisputeShown, shown
from lmscompliance.kernel.actor import Actor
from lmscompliance.rules.masking import mask_name
from lmscompliance.services import Services
from lmscompliance.storage.transaction import reading
from lmscompliance.training import queries
from lmscompliance.training.queries import ClassSummary

LATEST = 50


@dataclass(frozen=True, slots=True)
class Work:
    """An objection with whose it is (masked) and the lesson it is about."""

    class_id: str
    class_code: str
    class_title: str
    enrolment_id: str
    name: str
    dispute: DisputeShown


@dataclass(frozen=True, slots=True)
class Worklist:
    """What waits for an answer, and what was answered lately."""

    waiting: Sequence[Work]
    decided: Sequence[Work]


def worklist(services: Services, actor: Actor, locale: str) -> Worklist:
    """Return the objections of the classes in the actor's remit."""
    with reading(services.database) as session:
        classes = {one.id: one for one in queries.classes_in_scope(session, actor)}
        mine = select(Dispute).where(Dispute.class_id.in_(classes))
        waiting = session.scalars(mine.where(Dispute.decision.is_(None)).order_by(Dispute.dispute_id))
        decided = session.scalars(
            mine.where(Dispute.decision.is_not(None)).order_by(Dispute.decided_at.desc()).limit(LATEST)
        )
        return Worklist(
            [_work(session, services, one, classes, locale) for one in waiting],
            [_work(session, services, one, classes, locale) for one in decided],
        )


def _work(
    session: Session, services: Services, one: Dispute, classes: Mapping[str, ClassSummary], locale: str
) -> Work:
    person = queries.open_enrolment(session, services.vault, one.class_id, one.enrolment_id).person
    return Work(
        class_id=one.class_id,
        class_code=classes[one.class_id].code,
        class_title=classes[one.class_id].title,
        enrolment_id=one.enrolment_id,
        name=mask_name(person.name),
        dispute=shown(services, one, locale),
    )
