"""What ledgers let go of a class: the exports on offer, and who fetched them."""

from __future__ import annotations

import shutil

from sqlalchemy import select

from lmscompliance.ledgers import jobs
from lmscompliance.ledgers.models import LedgerDownload, LedgerExport
from lmscompliance.ledgers.placing import kept_directory
from lmscompliance.rules.retention import ADDRESSES, IDENTITY, RECORDS
from lmscompliance.services import Services
from lmscompliance.storage.erasing import Erasing
from lmscompliance.storage.transaction import reading


def forget(erasing: Erasing) -> None:
    """Take the exports off the page; their digests stay, as they stand in the log. See ``remove_kept``.

    One that is being made ends with that, since what it has read may be what goes.
    """
    jobs.cancel_all(erasing.session, erasing.class_id)
    erasing.of_class(IDENTITY, LedgerDownload)
    for category in (RECORDS, ADDRESSES, IDENTITY):
        erasing.values(category, LedgerExport.class_id, [erasing.class_id], {LedgerExport.kept: False})


def remove_kept(services: Services, class_id: str) -> None:
    """Remove the files of exports that are not on offer any more; of what is gone, nothing.

    Raises ``OSError`` for what cannot be removed.
    """
    with reading(services.database) as session:
        gone = session.scalars(
            select(LedgerExport.id).where(LedgerExport.class_id == class_id, LedgerExport.kept.is_(False))
        ).all()
    for export_id in gone:
        folder = kept_directory(services, class_id, export_id)
        if folder.is_dir():
            shutil.rmtree(folder)
