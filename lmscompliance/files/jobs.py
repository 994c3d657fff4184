"""Removes what no row refers to: the remains of uploads that never came to their end."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from lmscompliance.files.models import StoredFile
from lmscompliance.files.stores import store_of
from lmscompliance.services import Services
from lmscompliance.storage.transaction import reading

_SPARED = timedelta(days=1)
"""No upload takes so long between the store and its row."""


def collect(services: Services) -> int:
    """Remove objects older than a day that no row names; return how many.

    Two runs at once remove the same things. A row written after the look at the table cannot name an object
    that old, because its upload would have begun more than a day ago.
    """
    store = store_of(services.settings)
    oldest = services.clock.now() - _SPARED
    old = [name for name, written in store.listed() if written < oldest]
    if not old:
        return 0
    with reading(services.database) as session:
        known = set(session.scalars(select(StoredFile.object)))
    orphans = [name for name in old if name not in known]
    for name in orphans:
        store.remove(name)
    return len(orphans)
