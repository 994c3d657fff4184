"""The submission pack: every document of a filing in one archive, with a list of their digests."""

from __future__ import annotations

import hashlib
import io
import tempfile
from pathlib import Path

from lmscompliance.documents.archive import write_archive
from lmscompliance.filing import service
from lmscompliance.kernel.errors import Conflict
from lmscompliance.services import Services


def make(services: Services, class_id: str) -> tuple[str, bytes]:
    """Return the archive's name and bytes, the same for the same documents; ``SHA256SUMS`` lists them.

    Raises ``Conflict`` while there is no document at all.
    """
    found = service.dossier(services, class_id)
    if not found.documents:
        raise Conflict("filing.empty_pack", code=found.class_.code)
    with tempfile.TemporaryDirectory(prefix="filing-") as scratch:
        members: list[tuple[str, Path]] = []
        sums = []
        for kind, row in sorted(found.documents.items()):
            _, content = service.document(services, class_id, row.sha256)
            name = f"{kind}{content.kind.ending}"
            path = Path(scratch) / name
            path.write_bytes(content.data)
            members.append((name, path))
            sums.append(f"{hashlib.sha256(content.data).hexdigest()}  {name}\n")
        listing = Path(scratch) / "SHA256SUMS"
        listing.write_text("".join(sums), encoding="ascii")
        target = io.BytesIO()
        write_archive(target, [("SHA256SUMS", listing), *members])
        return f"申报材料-{found.class_.code}.zip", target.getvalue()
