"""Who is in a class, with every record that was united with theirs: a human being is kept or goes whole."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from lmscompliance.identity import links
from lmscompliance.storage.erasing import chunks
from lmscompliance.training.models import Enrolment


def records(session: Session, persons: Iterable[str]) -> set[str]:
    """Return every record of the people that ``persons`` are records of."""
    return {one for group in _groups(session, persons) for one in group}


def in_class(session: Session, class_id: str) -> list[str]:
    """Return the records that are enrolled in a class."""
    return list(session.scalars(select(Enrolment.person_id).where(Enrolment.class_id == class_id)))


def only_here(session: Session, class_id: str) -> set[str]:
    """Return the records of people of a class whom no other class knows, under whatever record."""
    groups = list(_groups(session, in_class(session, class_id)))
    elsewhere: set[str] = set()
    for chunk in chunks(one for group in groups for one in group):
        known = select(Enrolment.person_id).where(
            Enrolment.person_id.in_(chunk), Enrolment.class_id != class_id
        )
        elsewhere.update(session.scalars(known))
    return {one for group in groups if not group & elsewhere for one in group}


def _groups(session: Session, persons: Iterable[str]) -> Iterable[set[str]]:
    into = links.current(session)
    united: dict[str, set[str]] = defaultdict(set)
    for person, head in into.items():
        united[head].add(person)
    heads = {into.get(person, person) for person in persons}
    return [{head} | united[head] for head in sorted(heads)]
