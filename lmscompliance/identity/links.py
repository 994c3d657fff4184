"""Records that turned out to be one person's: which one holds, asked of one person or inside a query.

Nothing that refers to a person is ever rewritten. A record that was united with another stays, with its
number, so that whatever names it is found; who it is *now* is computed from the latest link.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, ScalarSelect, Select, and_, func, literal, select, union_all
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from lmscompliance.identity.models import Account, Person, PersonLink
from lmscompliance.storage.types import Id

REASON_PLACE = f"{PersonLink.__tablename__}.reason_sealed"
BASIS_PLACE = f"{PersonLink.__tablename__}.basis_sealed"
"""What the ciphertexts are bound to."""


def held_by(column: InstrumentedAttribute[str]) -> ColumnElement[str]:
    """Return the id of the record that holds for the person in ``column``, for use in a query."""
    into = _into(column).correlate(column.class_).scalar_subquery()
    return func.coalesce(into, column, type_=Id)


def holder(session: Session, person_id: str) -> str:
    """Return the id of the record that holds for a person."""
    return session.scalar(_into(literal(person_id))) or person_id


def current(session: Session) -> dict[str, str]:
    """Return every record that is united with another now, with the one that holds."""
    rows = session.scalars(select(PersonLink).where(_latest(), PersonLink.into_id.is_not(None)))
    return {row.person_id: row.into_id for row in rows if row.into_id is not None}


def records_of(session: Session, person_id: str) -> list[str]:
    """Return all records of a person, the one that holds first."""
    head = holder(session, person_id)
    return [head, *session.scalars(_united_with(literal(head)).order_by(PersonLink.person_id))]


def records_of_account(account: str) -> Select[str]:
    """Return a query for the ids of all records of the person behind a host account."""
    own = select(held_by(Account.person_id).label("id")).where(Account.external_id == account)
    head = own.scalar_subquery()
    everybody = union_all(own, _united_with(head)).subquery()
    return select(everybody.c.id)


def add(
    session: Session,
    person: Person,
    into_id: str | None,
    row: PersonLink,
) -> None:
    """Add the next link of a person, whose row the caller has locked; ``row`` says why and by whom."""
    count = select(func.count()).where(PersonLink.person_id == person.id)
    row.person_id, row.into_id, row.n = person.id, into_id, session.scalar(count) or 0
    session.add(row)
    session.flush()


def latest(session: Session, person_id: str) -> PersonLink | None:
    """Return the latest link of a person."""
    query = select(PersonLink).where(PersonLink.person_id == person_id).order_by(PersonLink.n.desc())
    return session.scalars(query.limit(1)).one_or_none()


def _into(person: ColumnElement[str] | InstrumentedAttribute[str]) -> Select[str | None]:
    of_person = select(PersonLink.into_id).where(PersonLink.person_id == person)
    return of_person.order_by(PersonLink.n.desc()).limit(1)


def _latest() -> ColumnElement[bool]:
    later = aliased(PersonLink)
    exists = select(later.n).where(and_(later.person_id == PersonLink.person_id, later.n > PersonLink.n))
    return ~exists.exists()


def _united_with(head: ColumnElement[str] | ScalarSelect[str]) -> Select[str]:
    return select(PersonLink.person_id).where(PersonLink.into_id == head, _latest())
