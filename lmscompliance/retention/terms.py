"""From when a class's terms run, and what of it is due."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from lmscompliance.evidence.models import Entry, Stream
from lmscompliance.kernel.clock import from_micros, shanghai_day
from lmscompliance.retention.models import DONE, Purge
from lmscompliance.rules.retention import CATEGORIES, due_days
from lmscompliance.tlog.leaf import Leaf
from lmscompliance.training import queries
from lmscompliance.training.models import TrainingClass

_NO_FACT = (
    "class.heads",
    "export.recorded",
    "platform.declared",
    "auditor.",
    "details.",
    "network.",
    "retention.",
)
"""How types begin whose entries say nothing of what happened in a class: copies, rights to look."""


_MOMENT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Terms:
    """A class's terms: the day they run from, and of each category the first day it may be destroyed."""

    began_on: date
    due_on: dict[str, date]
    gone: frozenset[str]
    """Categories that were destroyed already."""

    def due(self, today: date) -> tuple[str, ...]:
        """Return what may be destroyed today and is still there, in the fixed order."""
        return tuple(
            category
            for category in CATEGORIES
            if category not in self.gone and self.due_on[category] <= today
        )

    @property
    def next_on(self) -> date | None:
        """The first day on which any of what is there is due; ``None`` when nothing is left."""
        return min((day for category, day in self.due_on.items() if category not in self.gone), default=None)


def terms_of(session: Session, class_: TrainingClass) -> Terms:
    """Return the class's terms under the policy it was filed under.

    They run from the latest of the window's end and the last fact in its evidence: a class that is closed,
    claimed for or decided upon later says so there.
    """
    notice = queries.notice_of(session, class_)
    began_on = max(shanghai_day(class_.window_end - _MOMENT), shanghai_day(_last_fact(session, class_)))
    gone = {
        category
        for done in session.scalars(
            select(Purge.categories).where(Purge.class_id == class_.id, Purge.state == DONE)
        )
        for category in json.loads(done)
    }
    return Terms(began_on, due_days(began_on, notice.retention), frozenset(gone))


def _last_fact(session: Session, class_: TrainingClass) -> datetime:
    """Return when something last happened in a class, as its evidence says."""
    last = class_.filed_at
    streams = session.execute(
        select(Stream.stream, Stream.queued_at)
        .where(Stream.class_id == class_.id, Stream.count > 0)
        .order_by(Stream.queued_at.desc())
    )
    for stream, queued_at in streams.all():
        # Nothing was recorded before it happened: whatever was queued earlier cannot be later.
        if queued_at <= last:
            break
        leaf = session.scalar(
            select(Entry.leaf)
            .where(
                Entry.class_id == class_.id,
                Entry.stream == stream,
                *(~Entry.type.startswith(kind) for kind in _NO_FACT),
            )
            .order_by(Entry.n.desc())
            .limit(1)
        )
        if leaf is not None:
            last = max(last, from_micros(Leaf.decode(leaf).at_us))
    return last
