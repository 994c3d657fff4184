"""The submission pack: documents of a filing, notices, who read them; in one archive with their digests."""

from __future__ import annotations

import hashlib
import io
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from lmscompliance.documents.archive import write_archive
from lmscompliance.filing import notices, service
from lmscompliance.filing.service import Dossier
from lmscompliance.kernel.errors import Conflict
from lmscompliance.services import Services
from lmscompliance.storage.transaction import reading


class Pack(NamedTuple):
    """The archive's name and bytes, and what ``SHA256SUMS`` in it says."""

    name: str
    data: bytes
    listing: str


def make(services: Services, class_id: str) -> Pack:
    """Return the pack, the same bytes for the same contents.

    Raises ``Conflict`` while there is nothing to hand in.
    """
    found = service.dossier(services, class_id)
    contents = list(_contents(services, class_id, found))
    if not contents:
        raise Conflict("filing.empty_pack", code=found.class_.code)
    with tempfile.TemporaryDirectory(prefix="filing-") as scratch:
        members: list[tuple[str, Path]] = []
        sums = []
        for name, data in contents:
            path = Path(scratch) / name
            path.write_bytes(data)
            members.append((name, path))
            sums.append(f"{hashlib.sha256(data).hexdigest()}  {name}\n")
        listing = Path(scratch) / "SHA256SUMS"
        listing.write_text("".join(sums), encoding="ascii")
        target = io.BytesIO()
        write_archive(target, [("SHA256SUMS", listing), *members])
        return Pack(f"申报材料-{found.class_.code}.zip", target.getvalue(), "".join(sums))


def _contents(services: Services, class_id: str, found: Dossier) -> Iterator[tuple[str, bytes]]:
    for kind, row in sorted(found.documents.items()):
        _, content = service.document(services, class_id, row.sha256)
        yield f"{kind}{content.kind.ending}", content.data
    with reading(services.database) as session:
        told = [one.notice for one in reversed(notices.of_class(session, class_id))]
    for one in told:
        yield f"notice-{one.n}.txt", f"{one.title}\n\n{one.text}\n".encode()
        # The byte order mark tells spreadsheets that the Chinese is UTF-8.
        yield f"notice-{one.n}-readers.csv", notices.listing(services, class_id, one.n).encode("utf-8-sig")
