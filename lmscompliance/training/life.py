"""The steps of a class's life (状态流转): each with who, when and why, in one table and in evidence.

Learning never asks for the state: it counts by window and approval, which ``rules`` know. What the state
decides is what staff may do next, and that a class that is over takes nothing in any more.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lmscompliance import evidence
from lmscompliance.kernel.actor import RUNNING as RUNNING_ROLES
from lmscompliance.kernel.actor import SUPERVISING, Role
from lmscompliance.kernel.clock import to_micros
from lmscompliance.kernel.errors import Conflict, InvalidInput
from lmscompliance.kernel.messages import text
from lmscompliance.rules import class_life
from lmscompliance.rules.class_life import (
    APPROVED,
    ARCHIVED,
    CLOSED,
    DRAFT,
    EXAMINING,
    FILED,
    RUNNING,
)
from lmscompliance.services import Services
from lmscompliance.storage.transaction import reading, transaction
from lmscompliance.training.models import ClassStep, TrainingClass
from lmscompliance.training.queries import locked_class

MAY: Mapping[str, tuple[Role, ...]] = {
    DRAFT: SUPERVISING,
    FILED: RUNNING_ROLES,
    APPROVED: SUPERVISING,
    RUNNING: RUNNING_ROLES,
    EXAMINING: RUNNING_ROLES,
    CLOSED: RUNNING_ROLES,
    ARCHIVED: RUNNING_ROLES,
}
"""Who may lead a class into a state on its own page; claims and their decisions have pages of theirs."""
BY_ITSELF = ""
"""Who made a step that time alone made."""
MAX_REASON = 500
_PLACE = "compliance_class_step.reason_sealed"


@dataclass(frozen=True, slots=True)
class Step:
    """A step as people read it; ``by`` is empty for one that time made."""

    source: str
    target: str
    at: datetime
    by: str
    reason: str


def take(
    session: Session,
    services: Services,
    class_: TrainingClass,
    target: str,
    *,
    by: str,
    reason: str = "",
) -> None:
    """Take one step of a class whose row is locked, and record it with its leaf in the same transaction.

    Raises ``Conflict`` for a step that may not follow, ``InvalidInput`` for one back without a reason.
    """
    reason = reason.strip()[:MAX_REASON]
    source = class_.status
    if not class_life.may_follow(source, target):
        raise Conflict(
            "training.step_out_of_order",
            code=class_.code,
            state=text(f"training.status_{source}"),
            target=text(f"training.status_{target}"),
        )
    if class_life.goes_back(source, target) and not reason:
        raise InvalidInput("training.step_needs_reason", code=class_.code)
    class_.status = target
    now = services.clock.now()
    note(session, services, class_, source, by=by, reason=reason)
    # The approval has a leaf of its own, with what ledgers read of it.
    if target == APPROVED:
        return
    disclose = {name: value for name, value in (("by", by), ("reason", reason)) if value}
    if (source, target) == (EXAMINING, CLOSED):
        evidence.record(
            session,
            services,
            class_id=class_.id,
            stream=evidence.class_stream(class_.id),
            type="class.closed",
            at=now,
            body={"closed_us": to_micros(now)},
            disclose=disclose,
        )
        return
    evidence.record(
        session,
        services,
        class_id=class_.id,
        stream=evidence.class_stream(class_.id),
        type="class.step",
        at=now,
        body={"from": source, "to": target, "at_us": to_micros(now)},
        disclose=disclose,
    )


def note(
    session: Session, services: Services, class_: TrainingClass, source: str, *, by: str, reason: str = ""
) -> None:
    """Write the row of a step to the class's present state; the leaf is the caller's."""
    count = session.scalar(select(func.count()).where(ClassStep.class_id == class_.id)) or 0
    session.add(
        ClassStep(
            class_id=class_.id,
            n=count,
            source=source,
            target=class_.status,
            at=services.clock.now(),
            by=by,
            reason_sealed=services.vault.seal(_PLACE, reason) if reason else None,
        )
    )
    session.flush()


def steps(session: Session, services: Services, class_id: str) -> list[Step]:
    """Return every step of a class, the first one first."""
    rows = session.scalars(select(ClassStep).where(ClassStep.class_id == class_id).order_by(ClassStep.n))
    return [
        Step(
            one.source,
            one.target,
            one.at,
            one.by,
            services.vault.open(_PLACE, one.reason_sealed) if one.reason_sealed else "",
        )
        for one in rows
    ]


def reached_at(session: Session, class_id: str, state: str) -> datetime | None:
    """Return when the class last came into ``state``; terms of retention run from its close and decision."""
    return session.scalar(
        select(func.max(ClassStep.at)).where(ClassStep.class_id == class_id, ClassStep.target == state)
    )


def move(services: Services, class_id: str, target: str, *, by: str, reason: str = "") -> None:
    """Take one step of a class; raises as ``take`` does, and ``NotFound``."""
    with transaction(services.database) as session:
        take(session, services, locked_class(session, class_id), target, by=by, reason=reason)


def advance_due(services: Services) -> int:
    """Take the steps that time makes, and return how many: a window opens, and it ends.

    Each class is looked at again under its row's lock, so two runs at once take a step once.
    """
    now = services.clock.now()
    due: tuple[tuple[str, str, Callable[[TrainingClass], bool]], ...] = (
        (APPROVED, RUNNING, lambda class_: class_.window_start <= now),
        (RUNNING, EXAMINING, lambda class_: class_.window_end <= now),
    )
    taken = 0
    for source, target, holds in due:
        with reading(services.database) as session:
            found = session.scalars(select(TrainingClass).where(TrainingClass.status == source))
            ids = [one.id for one in found if holds(one)]
        for class_id in ids:
            with transaction(services.database) as session:
                class_ = locked_class(session, class_id)
                if class_.status == source and holds(class_):
                    take(session, services, class_, target, by=BY_ITSELF)
                    taken += 1
    return taken
