"""Finds the files of a bank, reads them, and says which topic of a plan each question belongs to."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from lmscompliance.kernel.errors import InvalidInput
from lmscompliance.questions.draft import Draft, FileReading, Source
from lmscompliance.questions.formats import (
    aiken,
    gift,
    markup,
    moodle_xml,
    qti,
    qti_package,
    separated,
    workbook,
    xlsx,
)
from lmscompliance.questions.formats.decoding import decode
from lmscompliance.questions.pictures import settled

TOPICS_FILE = "topics.toml"
"""Lies beside the files: ``"电焊.xlsx" = "岗位技能"``."""

_GIFT = (".gift.txt", ".gift")
_AIKEN = (".aiken.txt", ".aiken")
_CSV = (".csv", ".tsv")
_XML = (".xml",)
_PACKAGE = (".zip",)
_TEXT = (*_GIFT, *_AIKEN, ".txt", *_CSV, *_XML)
_MAX_TEXT = 32 * 1024 * 1024
_LONGEST_TOPIC = 64
_PEEKED = 4096


@dataclass(frozen=True, slots=True)
class Placed:
    """A draft with its bank and topic; ``topic`` is ``None`` while nothing names one.

    ``exported`` says that its file came out of a bank.
    """

    draft: Draft
    bank: str
    topic: str | None
    exported: bool = False


def read_all(paths: Sequence[Path | str]) -> list[tuple[Path, FileReading]]:
    """Read every bank file among ``paths``; a directory is walked.

    Raises ``InvalidInput`` for a path that is not there, is no bank file, or cannot be opened.
    """
    return [(path, _settled(_read(path))) for path in _files(paths)]


def _settled(reading: FileReading) -> FileReading:
    return replace(reading, drafts=tuple(map(settled, reading.drafts)))


def place(
    readings: Iterable[tuple[Path, FileReading]], topic: str | None = None, known: Iterable[str] = ()
) -> list[Placed]:
    """Give each draft its topic: its GIFT category, else ``topics.toml`` beside the file, else ``topic``.

    Of a category's path the part that is one of the ``known`` topics counts, else the first part.
    """
    wanted = frozenset(known)
    placed = []
    for path, reading in readings:
        fallback = _listed(path).get(_name(path.name), topic)
        for draft in reading.drafts:
            named = next((part for part in draft.category if part in wanted), None)
            own = named or (draft.category[0] if draft.category else fallback)
            if own is not None and len(own) > _LONGEST_TOPIC:
                raise InvalidInput(
                    "questions.topic_too_long", file=path.name, topic=own, limit=_LONGEST_TOPIC
                )
            placed.append(Placed(draft, reading.bank, own, reading.exported))
    return placed


def bank_name(path: Path) -> str:
    """Return the name of the bank a file holds: the file's own, without what names its format."""
    name = _name(path.name)
    ending = next((end for end in (*_TEXT, *_PACKAGE, *workbook.SUFFIXES) if name.lower().endswith(end)), "")
    return name[: len(name) - len(ending)]


def _files(paths: Sequence[Path | str]) -> Iterator[Path]:
    for path in map(Path, paths):
        if path.is_dir():
            inside = sorted(
                p
                for p in path.rglob("*")
                if p.is_file() and _is_bank(p) and not _hidden(p, path) and not _foreign(p)
            )
            if not inside:
                raise InvalidInput("questions.empty_directory", path=str(path))
            yield from inside
        elif not path.is_file():
            raise InvalidInput("questions.no_file", path=str(path))
        elif not _is_bank(path):
            raise InvalidInput("questions.unknown_format", file=path.name)
        else:
            yield path


def _is_bank(path: Path) -> bool:
    name = path.name.lower()
    return name.endswith((*_TEXT, *_PACKAGE)) or path.suffix.lower() in workbook.SUFFIXES


def _foreign(path: Path) -> bool:
    """Tell whether a file of a directory is XML or ZIP of another purpose: nobody named it as a bank."""
    suffix = path.suffix.lower()
    if suffix in _PACKAGE:
        return not qti_package.is_package(path)
    if suffix not in _XML:
        return False
    with path.open("rb") as file:
        beginning = decode(file.read(_PEEKED))
    return not re.search(rf"<(\w+:)?({moodle_xml.ROOT}|assessmentItem|qti-assessment-item)\b", beginning)


def _hidden(path: Path, root: Path) -> bool:
    # Lock files of an open spreadsheet (~$) and what systems leave behind are nobody's bank.
    return any(part.startswith((".", "~$")) for part in path.relative_to(root).parts)


def _read(path: Path) -> FileReading:
    bank = bank_name(path)
    if path.suffix.lower() in workbook.SUFFIXES:
        return xlsx.read(path, bank)
    if path.suffix.lower() in _PACKAGE:
        return qti_package.read(path, bank)
    if path.stat().st_size > _MAX_TEXT:
        raise InvalidInput("questions.text_too_large", file=path.name, limit=_MAX_TEXT // 1024 // 1024)
    return _read_text(path, bank)


def _read_text(path: Path, bank: str) -> FileReading:
    """Read a text bank; one whose name does not tell its format is told by what stands in it."""
    if path.suffix.lower() in _XML:
        return _read_xml(path, bank)
    text = decode(path.read_bytes())
    if path.suffix.lower() in _CSV:
        return separated.read(path, bank, text)
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    name = path.name.lower()
    if name.endswith(_AIKEN) or (not name.endswith(_GIFT) and aiken.is_aiken(text)):
        return aiken.read(path.name, bank, text)
    return gift.read_text(path.name, bank, text)


def _read_xml(path: Path, bank: str) -> FileReading:
    root = markup.parse(path.name, path.read_bytes())
    if root.tag == moodle_xml.ROOT:
        return moodle_xml.read(path.name, bank, root)
    if qti.is_item(root):
        verdict = qti.question(Source(path.name, "", markup.line_of(root)), root)
        drafts, refusals = ((verdict,), ()) if isinstance(verdict, Draft) else ((), (verdict,))
        return FileReading(path.name, bank, 1, drafts, refusals)
    raise InvalidInput("questions.xml_unknown", file=path.name, root=root.tag)


def _listed(path: Path) -> dict[str, str]:
    listing = path.parent / TOPICS_FILE
    if not listing.is_file():
        return {}
    try:
        topics = tomllib.loads(listing.read_text(encoding="utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidInput("questions.bad_topics", file=str(listing), detail=str(error)) from error
    wrong = next(
        (name for name, topic in topics.items() if not isinstance(topic, str) or not topic.strip()), None
    )
    if wrong is not None:
        raise InvalidInput("questions.bad_topics", file=str(listing), detail=wrong)
    return {_name(name): topic.strip() for name, topic in topics.items()}


def _name(name: str) -> str:
    # Some systems hand out file names decomposed (NFD); a listing typed elsewhere would never match.
    return unicodedata.normalize("NFC", name)
