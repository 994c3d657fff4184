"""Reads a QTI package: a ZIP whose ``imsmanifest.xml`` lists the items."""

from __future__ import annotations

import posixpath
import zipfile
from urllib.parse import unquote

from lmscompliance.kernel.errors import InvalidInput
from lmscompliance.questions.draft import Draft, FileReading, Refusal, Source, reason
from lmscompliance.questions.formats import images, markup, qti

MANIFEST = "imsmanifest.xml"

_ITEMS = ("imsqti_item", "imsqti_apipitem")


def read(file: str, bank: str, archive: zipfile.ZipFile) -> FileReading:
    """Return the items of the package; ``Source.sheet`` is an item's file within it.

    Raises ``InvalidInput`` when it lists no items.
    """
    verdicts = _read_items(file, archive)
    drafts = tuple(verdict for verdict in verdicts if isinstance(verdict, Draft))
    refusals = tuple(verdict for verdict in verdicts if isinstance(verdict, Refusal))
    return FileReading(file, bank, len(verdicts), drafts, refusals)


def _read_items(file: str, archive: zipfile.ZipFile) -> list[Draft | Refusal]:
    names = set(archive.namelist())
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
            qti.question(source, root, images.among(archive.namelist(), archive.read, name))
            if known
            else Refusal(source, reason("unsupported_kind", kind=root.tag))
        )
    return verdicts
