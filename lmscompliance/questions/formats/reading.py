"""Which format a bank file is in, by its name and by what stands in it, and its reading."""

from __future__ import annotations

import re
from pathlib import Path
from zipfile import ZipFile

from lmscompliance.kernel.errors import InvalidInput
from lmscompliance.questions.draft import Draft, FileReading, Source
from lmscompliance.questions.formats import (
    aiken,
    archive,
    gift,
    images,
    markup,
    moodle_xml,
    qti,
    qti_package,
    separated,
    workbook,
    xlsx,
)
from lmscompliance.questions.formats.decoding import decode
from lmscompliance.questions.formats.images import Files

_GIFT = (".gift.txt", ".gift")
_AIKEN = (".aiken.txt", ".aiken")
_CSV = (".csv", ".tsv")
_XML = (".xml",)
_ARCHIVE = (".zip",)
_TEXT = (*_GIFT, *_AIKEN, ".txt", *_CSV, *_XML)
_WITHIN = (*_TEXT, *workbook.SUFFIXES)
ENDINGS = (*_WITHIN, *_ARCHIVE)
"""What the names of bank files end with, the longer before the shorter."""

_MAX_TEXT = 32 * 1024 * 1024
_PEEKED = 4096


def is_bank(path: Path) -> bool:
    """Tell whether the name of ``path`` is one of a bank."""
    return path.name.lower().endswith(ENDINGS)


def is_foreign(path: Path) -> bool:
    """Tell whether a file of a directory is XML or ZIP of another purpose: nobody named it as a bank."""
    suffix = path.suffix.lower()
    if suffix in _ARCHIVE:
        names = archive.members(path)
        return not any(name == qti_package.MANIFEST or _named(name, (*_GIFT, *_AIKEN)) for name in names)
    if suffix not in _XML:
        return False
    with path.open("rb") as file:
        return not _bank_markup(file.read(_PEEKED))


def read(path: Path, bank: str) -> FileReading:
    """Return everything the bank file ``path`` holds.

    Raises ``InvalidInput`` when it cannot be opened, is too large, or is none.
    """
    if path.suffix.lower() in workbook.SUFFIXES:
        return xlsx.read(path, bank)
    if path.suffix.lower() in _ARCHIVE:
        with archive.opened(path) as package:
            if qti_package.MANIFEST in package.namelist():
                return qti_package.read(path.name, bank, package)
            return _read_members(path.name, bank, package)
    if path.stat().st_size > _MAX_TEXT:
        raise InvalidInput("questions.text_too_large", file=path.name, limit=_MAX_TEXT // 1024 // 1024)
    return _read_text(path.name, bank, path.read_bytes(), images.beside(path))


def _read_members(file: str, bank: str, package: ZipFile) -> FileReading:
    """Read the banks of an archive with the pictures beside them; ``Source.sheet`` names the bank."""
    names = package.namelist()
    readings = []
    for name in names:
        if not _named(name, _WITHIN) or (_named(name, _XML) and not _bank_markup(package.read(name))):
            continue
        data = package.read(name)
        place = images.among(names, package.read, name)
        within = name.lower().endswith(tuple(workbook.SUFFIXES))
        sheets = workbook.parse(name, data) if within else []
        found = xlsx.read_sheets(name, bank, sheets) if within else _read_text(name, bank, data, place)
        readings.append(archive.placed(found, file, name))
    if not readings:
        raise InvalidInput("questions.package_without_items", file=file)
    return archive.joined(file, bank, readings)


def _read_text(name: str, bank: str, data: bytes, files: Files) -> FileReading:
    """Read a text bank; one whose name does not tell its format is told by what stands in it."""
    lowered = name.lower()
    if lowered.endswith(_XML):
        return _read_xml(name, bank, data, files)
    text = decode(data)
    if lowered.endswith(_CSV):
        return separated.read(name, bank, text)
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if lowered.endswith(_AIKEN) or (not lowered.endswith(_GIFT) and aiken.is_aiken(text)):
        return aiken.read(name, bank, text)
    return gift.read_text(name, bank, text, files)


def _read_xml(name: str, bank: str, data: bytes, files: Files) -> FileReading:
    root = markup.parse(name, data)
    if root.tag == moodle_xml.ROOT:
        return moodle_xml.read(name, bank, root)
    if qti.is_item(root):
        verdict = qti.question(Source(name, "", markup.line_of(root)), root, files)
        drafts, refusals = ((verdict,), ()) if isinstance(verdict, Draft) else ((), (verdict,))
        return FileReading(name, bank, 1, drafts, refusals)
    raise InvalidInput("questions.xml_unknown", file=name, root=root.tag)


def _bank_markup(data: bytes) -> bool:
    beginning = decode(data[:_PEEKED])
    return bool(re.search(rf"<(\w+:)?({moodle_xml.ROOT}|assessmentItem|qti-assessment-item)\b", beginning))


def _named(name: str, endings: tuple[str, ...]) -> bool:
    """Tell whether a member of an archive has a name of ``endings`` and is nobody's leftover."""
    parts = name.split("/")
    hidden = parts[0] == "__MACOSX" or any(part.startswith((".", "~$")) for part in parts)
    return not hidden and name.lower().endswith(endings)
