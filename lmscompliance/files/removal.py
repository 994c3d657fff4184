"""Lets uploaded files go: the row with its key in a transaction, the encrypted bytes after it."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from lmscompliance.files.models import StoredFile
from lmscompliance.files.stores import store_of
from lmscompliance.services import Services
from lmscompliance.storage.erasing import chunks, still_referred_to
from lmscompliance.storage.statements import table


def drop(session: Session, digests: Iterable[str]) -> dict[str, str]:
    """Delete the rows of files that nothing refers to any more; return digest and object of each.

    With the row goes the key, so the content is destroyed wherever a copy of the store survives.
    """
    wanted = set(digests)
    gone: dict[str, str] = {}
    for chunk in chunks(wanted - still_referred_to(session, table(StoredFile).c.sha256, wanted)):
        rows = session.execute(
            select(StoredFile.sha256, StoredFile.object).where(StoredFile.sha256.in_(chunk))
        )
        gone |= {row.sha256: row.object for row in rows}
        session.execute(delete(StoredFile).where(StoredFile.sha256.in_(chunk)))
    return gone


def remove_objects(services: Services, names: Iterable[str]) -> None:
    """Remove encrypted bytes from the store; removing what is gone does nothing.

    If the process dies before, ``files.jobs.collect`` finds them as nobody's and removes them in its turn.
    """
    store = store_of(services.settings)
    for name in names:
        store.remove(name)
