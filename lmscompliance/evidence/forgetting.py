"""What the evidence log lets go of a class: withheld values. Leaves stay, so the log stays whole."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from lmscompliance.evidence.models import Disclosure
from lmscompliance.rules.retention import category_of
from lmscompliance.storage.erasing import Erasing


def forget(erasing: Erasing) -> None:
    """Name the values; the database lets go of none but those that the present purge names."""
    for name in names_of(erasing.session, erasing.class_id, erasing.categories):
        category = category_of(name)
        if category is not None:
            erasing.rows(category, Disclosure.class_id, [erasing.class_id], Disclosure.name == name)


def names_of(session: Session, class_id: str, categories: Iterable[str]) -> list[str]:
    """Return the names of the class's kept values that belong to ``categories``, sorted."""
    wanted = set(categories)
    there = session.scalars(select(Disclosure.name).where(Disclosure.class_id == class_id).distinct())
    return sorted(name for name in there if category_of(name) in wanted)
