"""Reads a QTI package: a ZIP whose ``imsmanifest.xml`` lists the items. Nothing is unpacked to the disk."""

from __future__ import annotations

import posixpath
import zipfile
import zlib
from pathlib import Path
from urllib.parse import unquote

from lmscompliance.documents.spreadsheet import MAX_FILE_BYTES, MAX_UNPACKED_BYTES, too_large
from lmscompliance.kernel.errors import InvalidInput
from lmscompliance.questions.draft import Draft, FileReading, Refusal, Source, reason
from lmscompliance.questions.formats import markup, qti

MANIFEST = "imsmanifest.xml"

_MOST = 20_000
_ITEMS = ("imsqti_item", "imsqti_apipitem")
# NotImplementedError and other RuntimeErrors are zipfile's answer to encryption and unknown compression.
_DAMAGED = (zipfile.BadZipFile, zlib.error, OSError, EOFError, RuntimeError, KeyError)


def is_package(path: Path) -> bool:
    """Tell whether ``path`` is a ZIP with a manifest; a damaged one is none."""
    try:
        with zipfile.ZipFile(path) as archive:
            return MANIFEST in archive.namelist()
    except _DAMAGED:
        return False


def read(path: Path, bank: str) -> FileReading:
    """Return the items of the package; ``Source.sheet`` is an item's file within it.

    Raises ``InvalidInput`` when it is damaged, locked, has no manifest or items, or would unpack to more
    than ``MAX_UNPACKED_BYTES``.
    """
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise too_large(path.name)
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            # zipfile stops at the declared size, so what is summed up here is all that can come out.
            if len(members) > _MOST or sum(member.file_size for member in members) > MAX_UNPACKED_BYTES:
                raise too_large(path.name)
            verdicts = _items(path.name, archive)
    except _DAMAGED as error:
        raise InvalidInput("questions.package_unreadable", file=path.name) from error
    drafts = tuple(verdict for verdict in verdicts if isinstance(verdict, Draft))
    refusals = tuple(verdict for verdict in verdicts if isinstance(verdict, Refusal))
    return FileReading(path.name, bank, len(verdicts), drafts, refusals)


def _items(file: str, archive: zipfile.ZipFile) -> list[Draft | Refusal]:
    names = set(archive.namelist())
    if MANIFEST not in names:
        raise InvalidInput("questions.package_without_items", file=file)
    manifest = markup.parse(f"{file}/{MANIFEST}", archive.read(MANIFEST))
    listed = [
        posixpath.normpath(unquote(resource.get("href", "")))
        for resource in manifest.iter("resource")
        if resource.get("type", "").startswith(_ITEMS)
    ]
    if not listed:
        raise InvalidInput("questions.package_without_items", file=file)
    verdicts: list[Draft | Refusal] = []
    for name in dict.fromkeys(listed):
        if name not in names:
            verdicts.append(Refusal(Source(file, name, 1), reason("item_missing")))
            continue
        root = markup.parse(f"{file}/{name}", archive.read(name))
        source = Source(file, name, markup.line_of(root))
        known = qti.is_item(root)
        verdicts.append(
            qti.question(source, root)
            if known
            else Refusal(source, reason("unsupported_kind", kind=root.tag))
        )
    return verdicts
