"""Freezing a lesson's content as a version, and holding what is shown to it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lmscompliance import evidence
from lmscompliance.content import fetching, pages, simulations, store
from lmscompliance.content.listing import REASON_PLACE, LessonLine, VersionLine, listing
from lmscompliance.content.models import LessonContent
from lmscompliance.content.simulations import MANIFEST
from lmscompliance.kernel.errors import Conflict, InvalidInput, NotFound
from lmscompliance.rules.class_life import OVER
from lmscompliance.services import Services
from lmscompliance.storage.transaction import reading, transaction
from lmscompliance.training import queries
from lmscompliance.training.models import Lesson

__all__ = [
    "KINDS",
    "MANIFEST",
    "REASON_PLACE",
    "Frozen",
    "LessonLine",
    "VersionLine",
    "check",
    "current",
    "freeze_fetched",
    "freeze_file",
    "freeze_stated",
    "listing",
    "require_intact",
]

KINDS: Mapping[str, str] = {
    ".mp4": "video",
    ".m4v": "video",
    ".webm": "video",
    ".ogv": "video",
    ".mov": "video",
    ".pdf": "pdf",
    ".html": "text",
    ".htm": "text",
    ".txt": "text",
    ".zip": "simulation",
}
"""How a lesson is played, by the ending of its file's name."""

_LARGEST = 8 << 30
_DIGEST = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Frozen:
    """A version of a lesson's content as it may be shown."""

    ordinal: int
    title: str
    version: int
    sha256: str
    kind: str
    origin: str
    name: str
    size: int
    steps: tuple[tuple[str, str], ...] = ()
    """Expected steps of a simulation: the event's name, and how people call it."""


@dataclass(slots=True)
class _New:
    sha256: str
    size: int
    kind: str
    origin: str
    name: str
    steps: tuple[tuple[str, str], ...] = field(default=())


def freeze_file(services: Services, class_code: str, ordinal: int, path: Path, reason: str = "") -> Frozen:
    """Keep ``path`` and make it the lesson's content from now on.

    Sessions that were opened before keep the version they saw. The same bytes again change nothing. Raises
    ``InvalidInput`` for a file no player can show, ``NotFound`` for class or lesson.
    """
    kind = KINDS.get(path.suffix.lower())
    if kind is None:
        raise InvalidInput("content.kind", file=path.name, kinds=" ".join(KINDS))
    steps = simulations.steps(path) if kind == "simulation" else ()
    if kind == "pdf":
        pages.count(path)
    try:
        sha256, size = store.keep(services, store.chunks_of(path), limit=_LARGEST)
    except (OSError, ValueError) as error:
        raise InvalidInput("content.unreadable", file=path.name) from error
    if not size:
        raise InvalidInput("content.empty", file=path.name)
    return _freeze(services, class_code, ordinal, _New(sha256, size, kind, "file", path.name, steps), reason)


def freeze_stated(services: Services, class_code: str, ordinal: int, sha256: str, reason: str = "") -> Frozen:
    """Take the digest that host or institution states for the content at the lesson's own address."""
    if not _DIGEST.fullmatch(sha256):
        raise InvalidInput("content.digest", digest=sha256)
    return _freeze(services, class_code, ordinal, _New(sha256, 0, "", "stated", ""), reason)


def freeze_fetched(
    services: Services, class_code: str, ordinal: int, base: str = "", reason: str = ""
) -> Frozen:
    """Read the content at the lesson's address (relative to ``base``) and take the digest of what came."""
    sha256, size = fetching.fetch(_lesson_of(services, class_code, ordinal), base)
    return _freeze(services, class_code, ordinal, _New(sha256, size, "", "fetched", ""), reason)


def current(session: Session, lesson: Lesson) -> Frozen | None:
    """Return the version in force; ``None`` for a lesson whose content was never frozen."""
    row = session.scalars(
        select(LessonContent)
        .where(LessonContent.class_id == lesson.class_id, LessonContent.lesson_id == lesson.id)
        .order_by(LessonContent.version.desc())
        .limit(1)
    ).one_or_none()
    return None if row is None else _frozen(row, lesson)


def require_intact(session: Session, services: Services, lesson: Lesson) -> None:
    """Raise ``Conflict`` when the content we keep is no longer what was frozen.

    Refused and not merely flagged: a session would be sealed with the digest of what nobody was shown. The
    remedy is to freeze what is there as a version of its own, which the log then tells everybody.
    """
    found = current(session, lesson)
    if found is not None and found.origin == "file" and not store.intact(services, found.sha256):
        raise Conflict(
            "content.differs", title=lesson.title, ordinal=lesson.ordinal, digest=found.sha256[:12]
        )


def check(services: Services, class_code: str, base: str | None = None) -> list[tuple[LessonLine, str]]:
    """Return each frozen lesson that is not what was frozen, with the digest found (empty: not there).

    The content at hosts' addresses is read only when ``base`` is given.
    """
    with reading(services.database) as session:
        class_id = queries.class_by_code(session, class_code).id
    wrong: list[tuple[LessonLine, str]] = []
    for line in listing(services, class_id):
        latest = line.versions[0]
        if line.broken:
            wrong.append((line, ""))
        elif latest.origin in {"fetched", "stated"} and base is not None:
            found, _ = fetching.fetch(_lesson_of(services, class_code, line.ordinal), base)
            if found != latest.sha256:
                wrong.append((line, found))
    return wrong


def _freeze(services: Services, class_code: str, ordinal: int, new: _New, reason: str) -> Frozen:
    now = services.clock.now()
    with transaction(services.database) as session:
        class_ = queries.locked_class(session, queries.class_by_code(session, class_code).id)
        if class_.status in OVER:
            raise Conflict("training.class_closed", code=class_code)
        lesson = _lesson(session, class_.id, class_code, ordinal)
        before = current(session, lesson)
        if before is not None and (before.sha256, before.origin) == (new.sha256, new.origin):
            return before
        row = LessonContent(
            class_id=class_.id,
            lesson_id=lesson.id,
            version=1 if before is None else before.version + 1,
            sha256=new.sha256,
            size=new.size,
            kind=new.kind or lesson.content_kind,
            origin=new.origin,
            name=new.name[-255:],
            steps=json.dumps(new.steps, ensure_ascii=False) if new.steps else "",
            frozen_at=now,
            reason_sealed=services.vault.seal(REASON_PLACE, reason),
        )
        session.add(row)
        evidence.record(
            session,
            services,
            class_id=class_.id,
            stream=evidence.class_stream(class_.id),
            type="lesson.content_changed",
            at=now,
            body={
                "lesson": lesson.id,
                "version": row.version,
                "kind": row.kind,
                "origin": row.origin,
                "content_sha256": row.sha256,
                "previous_sha256": lesson.content_sha256,
                "steps": [name for name, _ in new.steps],
            },
            disclose={"name": row.name, "reason": reason},
        )
        lesson.content_sha256 = row.sha256
        lesson.content_kind = row.kind
        if new.origin == "file":
            lesson.content_url = ""
        return _frozen(row, lesson)


def _frozen(row: LessonContent, lesson: Lesson) -> Frozen:
    return Frozen(
        ordinal=lesson.ordinal,
        title=lesson.title,
        version=row.version,
        sha256=row.sha256,
        kind=row.kind,
        origin=row.origin,
        name=row.name,
        size=row.size,
        steps=tuple((name, title) for name, title in json.loads(row.steps or "[]")),
    )


def _lesson(session: Session, class_id: str, class_code: str, ordinal: int) -> Lesson:
    found = session.scalars(
        select(Lesson).where(Lesson.class_id == class_id, Lesson.ordinal == ordinal)
    ).one_or_none()
    if found is None:
        count = session.scalar(select(func.count()).select_from(Lesson).where(Lesson.class_id == class_id))
        raise NotFound("content.no_lesson", code=class_code, ordinal=ordinal, count=count)
    return found


def _lesson_of(services: Services, class_code: str, ordinal: int) -> Lesson:
    with reading(services.database) as session:
        return _lesson(session, queries.class_by_code(session, class_code).id, class_code, ordinal)
