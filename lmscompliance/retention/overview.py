"""What the pages and the list show: each class's terms, what is due, what stands against it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from lmscompliance.kernel.actor import Actor
from lmscompliance.kernel.clock import shanghai_day
from lmscompliance.kernel.jcs import Json
from lmscompliance.retention import certificates, holds
from lmscompliance.retention.certificates import Certificate
from lmscompliance.retention.holds import HoldShown
from lmscompliance.retention.purging import waiting
from lmscompliance.retention.terms import Terms, terms_of
from lmscompliance.services import Services
from lmscompliance.storage.transaction import reading
from lmscompliance.training import queries


@dataclass(frozen=True, slots=True)
class ClassLine:
    """A class in the list; ``due`` are the categories that may be destroyed today."""

    class_id: str
    code: str
    title: str
    enterprise: str
    terms: Terms
    due: tuple[str, ...]
    holds: int
    ordered_by: str | None

    @property
    def state(self) -> str:
        """``held``, ``ordered``, ``due``, ``gone`` (nothing is left) or ``kept``."""
        if self.holds:
            return "held"
        if self.ordered_by is not None:
            return "ordered"
        if self.due:
            return "due"
        return "kept" if self.terms.next_on else "gone"

    def to_json(self) -> dict[str, Json]:
        """Return everything for a program."""
        return {
            "class": self.class_id,
            "code": self.code,
            "title": self.title,
            "enterprise": self.enterprise,
            "state": self.state,
            "began_on": str(self.terms.began_on),
            "due_on": {category: str(day) for category, day in self.terms.due_on.items()},
            "due": list(self.due),
            "gone": list[Json](sorted(self.terms.gone)),
            "holds": self.holds,
        }


@dataclass(frozen=True, slots=True)
class ClassPage:
    """Everything about the retention of one class."""

    line: ClassLine
    basis: str
    ordered_at: datetime | None
    holds: Sequence[HoldShown]
    certificates: Sequence[Certificate]


def lines(services: Services, actor: Actor) -> list[ClassLine]:
    """Return the classes the actor may see, those that are due first, then by the next date."""
    today = shanghai_day(services.clock.now())
    with reading(services.database) as session:
        found = [_line(session, one.id, today) for one in queries.classes_in_scope(session, actor)]
    return sorted(found, key=lambda line: (not line.due, line.terms.next_on or date.max, line.code))


def page(services: Services, class_id: str) -> ClassPage:
    """Return what is to be said of one class; raises ``NotFound``."""
    with reading(services.database) as session:
        line = _line(session, class_id, shanghai_day(services.clock.now()))
        ordered = waiting(session, class_id)
        notice = queries.notice_of(session, queries.class_by_id(session, class_id))
    return ClassPage(
        line,
        f"{notice.document} {certificates.basis_of(notice)}",
        None if ordered is None else ordered.ordered_at,
        holds.listed(services, class_id),
        certificates.listed(services, class_id),
    )


def _line(session: Session, class_id: str, today: date) -> ClassLine:
    class_ = queries.class_by_id(session, class_id)
    terms = terms_of(session, class_)
    ordered = waiting(session, class_id)
    return ClassLine(
        class_id=class_.id,
        code=class_.code,
        title=class_.title,
        enterprise=queries.enterprise_of(session, class_).name,
        terms=terms,
        due=terms.due(today),
        holds=len(holds.against(session, class_id)),
        ordered_by=None if ordered is None else ordered.ordered_by,
    )
