"""The evidence files of an exported class, packed: proofs, stamped documents, scanned sign-in sheets.

Made from the bundle that names them, so that both always fit together. Each file stands under the number of
its trainee, its kind and its digest, as ``verify --files`` reads it. A file that was destroyed since is left
out; the verifier names it.
"""

from __future__ import annotations

import os
import zipfile
from collections.abc import Iterator
from pathlib import Path

from lmscompliance.files import service as files
from lmscompliance.jobs.aside import Progress
from lmscompliance.kernel.errors import NotFound
from lmscompliance.ledgers.placing import place, scratch
from lmscompliance.services import Services
from lmscompliance.storage.transaction import reading
from lmscompliance.tlog.leaf import Leaf
from lmscompliance.verifier import bundle
from lmscompliance.verifier.archive import Archive
from lmscompliance.verifier.evidence_files import CLASS, PACKED, PackedFile, packed

PHASE = "files"
_CREATED = "enrolment.created"
_LOOKED_AT = tuple(one.encode() for one in (_CREATED, *PACKED))
"""What stands in a line whose leaf is read; that of a segment never is."""
_DATED = (1980, 1, 1, 0, 0, 0)
_MODE = 0o100600 << 16


def named(path: Path) -> Iterator[tuple[str, PackedFile]]:
    """Yield the files that the bundle at ``path`` names, in its order, with their names in a pack."""
    ordinals: dict[str, int] = {}
    seen: set[str] = set()
    with Archive(path) as archive:
        for line in archive.lines(bundle.ENTRIES, bundle.MAX_LINE):
            if not any(one in line for one in _LOOKED_AT):
                continue
            leaf = Leaf.decode(bundle.Entry.leaf_in(line).encode("utf-8"))
            if leaf.t == _CREATED:
                ordinals[f"enrolment/{leaf.body['enrolment']}"] = int(str(leaf.body["ordinal"]))
            one = packed(leaf)
            if one is not None:
                name = one.name(ordinals.get(leaf.stream, CLASS))
                if name not in seen:
                    seen.add(name)
                    yield name, one


def pack(services: Services, path: Path, target: Path, progress: Progress) -> int:
    """Write the files that the bundle at ``path`` names as the ZIP ``target``; return how many there are.

    It is made aside and appears whole; dying leaves a folder that the next one beside it removes. Raises what
    ``write_pack`` does, and ``Unavailable`` where the disk is full.
    """
    with scratch(target.parent) as folder:
        part = folder / "pack"
        done = write_pack(services, path, part, progress)
        place({part: target})
    return done


def write_pack(services: Services, path: Path, part: Path, progress: Progress) -> int:
    """Write the files that the bundle at ``path`` names into the ZIP ``part``; return how many there are.

    The same files give the same bytes. Pictures and PDFs are stored as they are. ``part`` is durable when it
    returns, gone when it raises: ``NotFound`` when there are none, and ``ComplianceError``
    (``files.altered``) for one that the store does not give back as it was.
    """
    whole, done = list(named(path)), 0
    if not whole:
        raise NotFound("ledgers.no_files")
    try:
        with (
            part.open("xb") as file,
            zipfile.ZipFile(file, "w", zipfile.ZIP_STORED, allowZip64=True) as archive,
        ):
            for number, (name, one) in enumerate(whole, 1):
                try:
                    # A short transaction each: the packing of many takes minutes.
                    with reading(services.database) as session:
                        data = files.read(session, services, one.sha256).data
                except NotFound:
                    continue
                info = zipfile.ZipInfo(name, _DATED)
                info.external_attr = _MODE
                archive.writestr(info, data)
                done += 1
                progress(PHASE, number, len(whole))
            archive.close()
            # Here, and not where it gets its name: that is done under a lock.
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    return done
