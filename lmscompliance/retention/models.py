"""Tables of holds and purges. The class stands first in each key; the database guards both (``guards``)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from lmscompliance.evidence import guards as evidence_guards
from lmscompliance.evidence.models import Disclosure
from lmscompliance.retention import guards
from lmscompliance.storage.base import Base
from lmscompliance.storage.statements import table
from lmscompliance.storage.types import Id, Instant
from lmscompliance.training.models import Enrolment

ORDERED = "ordered"
WITHDRAWN = "withdrawn"
CONFIRMED = "confirmed"
DONE = "done"


class Hold(Base):
    """A legal hold (留存冻结): nothing of the class is destroyed until two people have released it.

    With a ``person_id`` it stands against every class of that person; it was placed in ``class_id``, on
    ``enrolment_id``. Never changed but by its release.
    """

    __tablename__ = guards.HOLD
    __table_args__ = (Index(None, "person_id"),)

    class_id: Mapped[str] = mapped_column(Id, primary_key=True)
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    person_id: Mapped[str | None] = mapped_column(Id)
    enrolment_id: Mapped[str | None] = mapped_column(Id)
    reason_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    placed_at: Mapped[datetime] = mapped_column(Instant)
    placed_by: Mapped[str] = mapped_column(String(255))
    release_asked_at: Mapped[datetime | None] = mapped_column(Instant)
    release_asked_by: Mapped[str | None] = mapped_column(String(255))
    release_reason_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    released_at: Mapped[datetime | None] = mapped_column(Instant)
    released_by: Mapped[str | None] = mapped_column(String(255))


class Purge(Base):
    """An order to destroy what a class's terms have run out for, and what came of it.

    ``state`` is ``ordered`` until another person confirms; being confirmed and carried out is one
    transaction, after which it is ``done``. ``names`` are the values of the evidence log that went, as a JSON
    list, which is what the database lets go. ``report`` (JSON) is the certificate's body. The files that
    ``objects`` names and the exports on offer are removed after the commit: until ``cleared_at`` says so, the
    job ``retention.clear`` does it again.
    """

    __tablename__ = guards.PURGE
    __table_args__ = (Index(None, "state", "cleared_at"),)

    class_id: Mapped[str] = mapped_column(Id, primary_key=True)
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    state: Mapped[str] = mapped_column(String(12))
    categories: Mapped[str] = mapped_column(Text)
    names: Mapped[str] = mapped_column(Text)
    ordered_at: Mapped[datetime] = mapped_column(Instant)
    ordered_by: Mapped[str] = mapped_column(String(255))
    confirmed_at: Mapped[datetime | None] = mapped_column(Instant)
    confirmed_by: Mapped[str | None] = mapped_column(String(255))
    recorded_n: Mapped[int | None]
    report: Mapped[str] = mapped_column(Text)
    objects: Mapped[str] = mapped_column(Text)
    cleared_at: Mapped[datetime | None] = mapped_column(Instant)


for _other in (Disclosure, Enrolment, Hold):
    table(Purge).add_is_dependent_on(table(_other))
for _name, _guards in guards.NAMES.items():
    evidence_guards.guarded(_name, _guards)
evidence_guards.after_create(table(Purge), "sqlite", guards.sqlite())
evidence_guards.after_create(table(Purge), "postgresql", guards.postgresql())
