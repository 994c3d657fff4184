"""Gives a bank back as a file that reads the same here, and in Moodle where it is GIFT."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from lmscompliance.files import service as files
from lmscompliance.kernel import jcs
from lmscompliance.kernel.errors import Conflict, InvalidInput, NotFound
from lmscompliance.kernel.jcs import Json
from lmscompliance.questions import pictures
from lmscompliance.questions.draft import MATCHING, Draft, FileReading, Source
from lmscompliance.questions.formats import exported_sheet, gift, gift_writing, xlsx
from lmscompliance.questions.models import Question
from lmscompliance.services import Services
from lmscompliance.storage.transaction import reading

_MOST_PICTURES = 16 * 1024 * 1024
"""Bytes of pictures within a text; as text they are a third more."""


@dataclass(frozen=True, slots=True)
class Exported:
    """How many questions went out, and how many did not.

    ``waiting`` ones are flagged and not confirmed: a file cannot carry the doubt, and they would come back
    without it. ``unwritable`` ones (by their ids) do not survive the format, as a cell is at most 32,767
    characters long.
    """

    path: Path
    exported: int
    waiting: int
    unwritable: tuple[str, ...]

    def to_json(self) -> dict[str, Json]:
        """Return the figures as JSON."""
        return {
            "path": str(self.path),
            "exported": self.exported,
            "waiting": self.waiting,
            "unwritable": list(self.unwritable),
        }


def export(
    services: Services, path: Path, *, topic: str, form: str = "xlsx", bank: str | None = None
) -> Exported:
    """Write the questions of ``topic`` (only those of ``bank``, if given) that may be drawn to ``path``.

    ``form`` is ``xlsx`` or ``gift``. The file is read back before it takes its place, so it holds exactly
    the questions counted. Raises ``NotFound`` when there is nothing to export, ``Conflict`` when ``path``
    exists. If the process dies, no file or a whole one is there.
    """
    if form not in _WRITERS:
        raise InvalidInput("questions.unknown_form", form=form)
    if path.exists():
        raise Conflict("questions.export_exists", path=str(path))
    if not path.parent.is_dir():
        raise InvalidInput("questions.no_directory", path=str(path.parent))
    wanted = select(Question).where(Question.topic == topic).order_by(Question.id)
    with reading(services.database) as session:
        rows = list(session.scalars(wanted if bank is None else wanted.where(Question.bank == bank)))
        ready = [
            (row.id, _draft(session, services, row))
            for row in rows
            if not row.flagged or row.confirmed_at is not None
        ]
    if not rows:
        raise NotFound("questions.nothing_to_export", topic=topic)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".export-") as scratch:
        aside = Path(scratch) / f"bank.{form}"
        write = _WRITERS[form]
        now = services.clock.now()
        found = {_content(draft) for draft in write(aside, [draft for _, draft in ready], now).drafts}
        carried = [draft for _, draft in ready if _content(draft) in found]
        if len(carried) < len(ready):
            write(aside, carried, now)
        aside.replace(path)
    unwritable = tuple(identity for identity, draft in ready if _content(draft) not in found)
    return Exported(path, len(carried), len(rows) - len(ready), unwritable)


def _draft(session: Session, services: Services, row: Question) -> Draft:
    return Draft(
        Source.from_json(row.source),
        row.kind,
        row.stem,
        row.key,
        tuple(row.options),
        category=(row.topic,),
        chapter=row.chapter,
        title=row.title,
        difficulty=row.difficulty,
        extras=row.extras,
        pictures=tuple(files.read(session, services, one).data for one in row.pictures or ()),
        option_pictures=tuple(
            files.read(session, services, one).data if one else b"" for one in row.option_pictures or ()
        ),
    )


def _content(draft: Draft) -> str:
    """Return what must come back; the right sides of a matching question are a set."""
    options = sorted(draft.options) if draft.kind == MATCHING else pictures.options_worded(draft)
    shown: list[Json] = [*pictures.digests(draft.pictures)]
    content: Json = [draft.kind, draft.stem, [*options], draft.key, list(draft.category), shown]
    return jcs.encode(content).decode()


def _write_xlsx(path: Path, drafts: Sequence[Draft], now: datetime) -> FileReading:
    exported_sheet.write(path, drafts, now)
    return xlsx.read(path, "")


def _write_gift(path: Path, drafts: Sequence[Draft], _now: datetime) -> FileReading:
    path.write_text(gift_writing.write(_light(drafts)), encoding="utf-8")
    return gift.read(path, "")


def _light(drafts: Sequence[Draft]) -> list[Draft]:
    """Return the drafts up to where their pictures would make a text that no import takes any more."""
    kept, size = [], 0
    for draft in drafts:
        size += sum(map(len, (*draft.pictures, *draft.option_pictures)))
        if size <= _MOST_PICTURES or not (draft.pictures or draft.option_pictures):
            kept.append(draft)
    return kept


_WRITERS: dict[str, Callable[[Path, Sequence[Draft], datetime], FileReading]] = {
    "xlsx": _write_xlsx,
    "gift": _write_gift,
}
