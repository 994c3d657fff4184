"""What ledgers let go of a class: the exports on offer, and who fetched them."""

from __future__ import annotations

import shutil

from lmscompliance.ledgers.models import LedgerDownload, LedgerExport
from lmscompliance.ledgers.service import kept_directory
from lmscompliance.rules.retention import ADDRESSES, IDENTITY, RECORDS
from lmscompliance.services import Services
from lmscompliance.storage.erasing import Erasing


def forget(erasing: Erasing) -> None:
    """Take the exports off the page; their digests stay, as they stand in the log. See ``remove_kept``."""
    erasing.of_class(IDENTITY, LedgerDownload)
    for category in (RECORDS, ADDRESSES, IDENTITY):
        erasing.values(category, LedgerExport.class_id, [erasing.class_id], {LedgerExport.kept: False})


def remove_kept(services: Services, class_id: str) -> None:
    """Remove the files of all exports that were on offer. Removing what is gone does nothing; raises ``OSError``."""
    folder = kept_directory(services, class_id, "")
    if folder.is_dir():
        shutil.rmtree(folder)
