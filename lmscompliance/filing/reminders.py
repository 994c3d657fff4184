"""Reminders of a class's days: found by a job, listed on pages, handed to the notifier, never twice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from lmscompliance.filing import dispatches, projects
from lmscompliance.filing.models import FilingReminder
from lmscompliance.kernel.actor import RUNNING, SUPERVISING, Actor, Role
from lmscompliance.kernel.clock import shanghai_day
from lmscompliance.kernel.errors import InvalidInput
from lmscompliance.kernel.logs import logger
from lmscompliance.kernel.messages import text
from lmscompliance.kernel.notification import Message
from lmscompliance.policy import Notice
from lmscompliance.rules import reminders as rules
from lmscompliance.rules.class_life import ARCHIVED
from lmscompliance.rules.reminders import BUREAU, RUNNERS, ClassDays, Reminder
from lmscompliance.rules.verdict import Cited
from lmscompliance.rules.workdays import Calendar
from lmscompliance.services import Services
from lmscompliance.storage.statements import upsert
from lmscompliance.storage.transaction import reading, transaction
from lmscompliance.training import queries, workdays
from lmscompliance.training.models import TrainingClass

_log = logger(__name__)
_LATEST = 100
_ROLES: Mapping[str, tuple[Role, ...]] = {RUNNERS: RUNNING, BUREAU: SUPERVISING}


@dataclass(frozen=True, slots=True)
class Listed:
    """A reminder as pages list it."""

    class_id: str
    code: str
    title: str
    notice: Notice
    reminder: Reminder
    at: datetime


def remind_due(services: Services) -> int:
    """Keep what is to be reminded of today, hand it to the notifier, and return how many are new.

    A reminder's row is committed before anybody is told: a process that dies in between leaves it on the
    pages and does not tell again. Only what the notifier itself refused (an exception) is handed over anew.
    """
    calendar = workdays.calendar(services.settings.workdays_file)
    with reading(services.database) as session:
        classes = session.scalars(select(TrainingClass).where(TrainingClass.status != ARCHIVED)).all()
        found = [(one.id, due) for one in classes for due in _due(session, services, one, calendar)]
    new = 0
    for class_id, due in found:
        with transaction(services.database) as session:
            made = session.scalar(
                upsert(session, FilingReminder)
                .values(class_id=class_id, kind=due.kind, due=due.due, at=services.clock.now())
                .on_conflict_do_nothing()
                .returning(FilingReminder.kind)
            )
            new += made is not None
    _hand_over(services)
    return new


def of_class(session: Session, class_id: str) -> list[tuple[Reminder, datetime]]:
    """Return the reminders of a class, the newest first, with when each was found due."""
    rows = session.scalars(
        select(FilingReminder)
        .where(FilingReminder.class_id == class_id)
        .order_by(FilingReminder.at.desc(), FilingReminder.kind)
    )
    return [(rules.reminder(row.kind, row.due), row.at) for row in rows]


def in_scope(services: Services, actor: Actor) -> Sequence[Listed]:
    """Return the latest reminders of the classes the actor may see that are for the actor, newest first."""
    mine = [kind for kind, (whom, _) in rules.KINDS.items() if actor.role in _ROLES[whom]]
    with reading(services.database) as session:
        classes = {one.id: one for one in queries.classes_in_scope(session, actor)}
        rows = session.scalars(
            select(FilingReminder)
            .where(FilingReminder.class_id.in_(classes), FilingReminder.kind.in_(mine))
            .order_by(FilingReminder.at.desc(), FilingReminder.class_id, FilingReminder.kind)
            .limit(_LATEST)
        ).all()
        return [
            Listed(
                row.class_id,
                classes[row.class_id].code,
                classes[row.class_id].title,
                queries.class_notice(session, row.class_id),
                rules.reminder(row.kind, row.due),
                row.at,
            )
            for row in rows
        ]


def _due(session: Session, services: Services, class_: TrainingClass, calendar: Calendar) -> list[Reminder]:
    notice = queries.notice_of(session, class_)
    licence = projects.licence_of(session, class_.enterprise_id)
    days = ClassDays(
        status=class_.status,
        first_day=shanghai_day(class_.window_start),
        received_on=dispatches.received_on(session, class_),
        licence_until=None if licence is None else licence.valid_until,
    )
    try:
        return rules.due_reminders(days, notice, calendar, shanghai_day(services.clock.now()))
    except InvalidInput as error:
        # A year that nobody has published: the class's own page says so; the others are not held up by it.
        _log.warning("reminders of class %s: %s", class_.code, error.message())
        return []


def _hand_over(services: Services) -> None:
    if services.notifier is None:
        return
    with reading(services.database) as session:
        open_ = session.scalars(select(FilingReminder).where(FilingReminder.asked_at.is_(None))).all()
        waiting = [(row, _message(session, services, row)) for row in open_]
    for row, message in waiting:
        mine = (
            (FilingReminder.class_id == row.class_id)
            & (FilingReminder.kind == row.kind)
            & (FilingReminder.due == row.due)
        )
        with transaction(services.database) as session:
            # Whoever sets it first hands over; another process at the same row finds it set.
            claim = update(FilingReminder).where(mine, FilingReminder.asked_at.is_(None))
            taken = session.execute(
                claim.values(asked_at=services.clock.now()).returning(FilingReminder.kind)
            )
            if taken.first() is None:
                continue
        try:
            services.notifier.notify(message)
        except Exception:  # noqa: BLE001  # a host's own code: what it raises is not ours to know
            _log.exception("the notifier refused %s; it is handed over again", message.key)
            after: dict[str, object] = {"asked_at": None}
        else:
            after = {"told_at": services.clock.now()}
        with transaction(services.database) as session:
            session.execute(update(FilingReminder).where(mine).values(**after))


def _message(session: Session, services: Services, row: FilingReminder) -> Message:
    class_ = queries.class_by_id(session, row.class_id)
    notice = queries.notice_of(session, class_)
    one = rules.reminder(row.kind, row.due)
    locale = services.settings.locale
    return Message(
        key=f"{row.class_id}/{row.kind}/{row.due}",
        kind=row.kind,
        class_id=row.class_id,
        class_code=class_.code,
        enterprise=queries.enterprise_of(session, class_).uscc,
        district=class_.district,
        roles=_ROLES[one.audience],
        due=row.due,
        text=text("filing.reminder", locale, code=class_.code, what=Cited(one, notice)),
    )
