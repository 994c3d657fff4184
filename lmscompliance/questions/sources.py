"""Finds the files of a bank, reads them, and says which topic of a plan each question belongs to."""

from __future__ import annotations

import tomllib
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from lmscompliance.kernel.errors import InvalidInput
from lmscompliance.questions.draft import Draft, FileReading
from lmscompliance.questions.formats import reading
from lmscompliance.questions.pictures import settled

TOPICS_FILE = "topics.toml"
"""Lies beside the files: ``"电焊.xlsx" = "岗位技能"``."""

_LONGEST_TOPIC = 64


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

    Raises ``InvalidInput`` for a path that is not there, is no bank file, cannot be opened, or holds nothing.
    """
    return [(path, _read(path)) for path in _files(paths)]


def _read(path: Path) -> FileReading:
    read = reading.read(path, bank_name(path))
    if not read.rows:
        raise InvalidInput("documents.no_rows", file=path.name)
    return replace(read, drafts=tuple(map(settled, read.drafts)))


def place(
    readings: Iterable[tuple[Path, FileReading]], topic: str | None = None, known: Iterable[str] = ()
) -> list[Placed]:
    """Give each draft its topic: its GIFT category, else ``topics.toml`` beside the file, else ``topic``.

    Of a category's path the part that is one of the ``known`` topics counts, else the first part.
    """
    wanted = frozenset(known)
    placed = []
    for path, read in readings:
        fallback = _listed(path).get(_name(path.name), topic)
        for draft in read.drafts:
            named = next((part for part in draft.category if part in wanted), None)
            own = named or (draft.category[0] if draft.category else fallback)
            if own is not None and len(own) > _LONGEST_TOPIC:
                raise InvalidInput(
                    "questions.topic_too_long", file=path.name, topic=own, limit=_LONGEST_TOPIC
                )
            placed.append(Placed(draft, read.bank, own, read.exported))
    return placed


def bank_name(path: Path) -> str:
    """Return the name of the bank a file holds: the file's own, without what names its format."""
    name = _name(path.name)
    ending = next((end for end in reading.ENDINGS if name.lower().endswith(end)), "")
    return name[: len(name) - len(ending)]


def _files(paths: Sequence[Path | str]) -> Iterator[Path]:
    for path in map(Path, paths):
        if path.is_dir():
            inside = sorted(
                p
                for p in path.rglob("*")
                if p.is_file() and reading.is_bank(p) and not _hidden(p, path) and not reading.is_foreign(p)
            )
            if not inside:
                raise InvalidInput("questions.empty_directory", path=str(path))
            yield from inside
        elif not path.is_file():
            raise InvalidInput("questions.no_file", path=str(path))
        elif not reading.is_bank(path):
            raise InvalidInput("questions.unknown_format", file=path.name)
        else:
            yield path


def _hidden(path: Path, root: Path) -> bool:
    # Lock files of an open spreadsheet (~$) and what systems leave behind are nobody's bank.
    return any(part.startswith((".", "~$")) for part in path.relative_to(root).parts)


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
