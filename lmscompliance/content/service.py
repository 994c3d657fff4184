"""Freezing a lesson's content as a version, and holding what is shown to it."""

from __future__ import annotations

import hashlib
import json
import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from urllib.error import URLError
from urllib.parse import urljoin, urlsplit
from urllib.request import Request, urlopen

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lmscompliance import evidence
from lmscompliance.content import pages, store
from lmscompliance.content.models import LessonContent
from lmscompliance.evidence.models import Entry
from lmscompliance.kernel.errors import Conflict, InvalidInput, NotFound
from lmscompliance.rules.class_life import OVER
from lmscompliance.services import Services
from lmscompliance.storage.transaction import reading, transaction
from lmscompliance.tlog.leaf import Leaf
from lmscompliance.training import queries
from lmscompliance.training.models import Lesson

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

REASON_PLACE = "compliance_lesson_content.reason"
MANIFEST = "simulation.json"
_LARGEST = 8 << 30
_LARGEST_MEMBER = 128 << 20
"""Unpacked: a member of a simulation is served whole from memory."""
_LARGEST_MANIFEST = 1 << 20
_FETCH_SECONDS = 60
_DIGEST = re.compile("[0-9a-f]{64}")
_STEP = re.compile(r"[\w.:/-]{1,64}")


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


@dataclass(frozen=True, slots=True)
class VersionLine:
    """A version with how many sessions saw it; ``intact`` is ``None`` where only the host has the content."""

    version: int
    sha256: str
    kind: str
    origin: str
    name: str
    frozen_at: datetime | None
    sessions: int
    intact: bool | None
    current: bool
    reason: str = ""


@dataclass(frozen=True, slots=True)
class LessonLine:
    """A lesson with every version of its content, the newest first."""

    lesson_id: str
    ordinal: int
    title: str
    versions: Sequence[VersionLine]
    broken: bool


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
    steps = _steps(path) if kind == "simulation" else ()
    if kind == "pdf":
        pages.count(path)
    try:
        sha256, size = store.keep(services, store.chunks_of(path), limit=_LARGEST)
    except (OSError, ValueError) as error:
        raise InvalidInput("content.unreadable", file=path.name) from error
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
    sha256, size = _fetch(_lesson_of(services, class_code, ordinal), base)
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


def listing(services: Services, class_id: str) -> list[LessonLine]:
    """Return every lesson with its versions and how many sessions saw each; raises ``NotFound``."""
    with reading(services.database) as session:
        queries.class_by_id(session, class_id)
        lessons = queries.lessons(session, class_id)
        rows = session.scalars(
            select(LessonContent)
            .where(LessonContent.class_id == class_id)
            .order_by(LessonContent.version.desc())
        ).all()
        seen = _seen(session, class_id)
    return [_line(services, one, [row for row in rows if row.lesson_id == one.id], seen) for one in lessons]


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
            found, _ = _fetch(_lesson_of(services, class_code, line.ordinal), base)
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


def _line(
    services: Services, lesson: Lesson, rows: Sequence[LessonContent], seen: Mapping[tuple[str, str], int]
) -> LessonLine:
    counts = {digest: count for (of, digest), count in seen.items() if of == lesson.id}
    versions = []
    for row in rows:
        kept = row.origin == "file"
        versions.append(
            VersionLine(
                version=row.version,
                sha256=row.sha256,
                kind=row.kind,
                origin=row.origin,
                name=row.name,
                frozen_at=row.frozen_at,
                sessions=counts.pop(row.sha256, 0),
                intact=store.intact(services, row.sha256) if kept else None,
                current=row is rows[0],
                reason=services.vault.open(REASON_PLACE, row.reason_sealed),
            )
        )
    # What the plan said before anything was frozen, or what its digest was then.
    before = [
        VersionLine(0, one, lesson.content_kind, "plan", "", None, count, None, not rows)
        for one, count in counts.items()
    ]
    if not rows and not before:
        before = [
            VersionLine(
                0, lesson.content_sha256, lesson.content_kind, "plan", "", None, 0, None, current=True
            )
        ]
    lines = [*versions, *before]
    return LessonLine(lesson.id, lesson.ordinal, lesson.title, lines, broken=lines[0].intact is False)


def _seen(session: Session, class_id: str) -> dict[tuple[str, str], int]:
    """Return how many sessions saw each content of each lesson, from the evidence itself."""
    seen: dict[tuple[str, str], int] = {}
    leaves = session.scalars(
        select(Entry.leaf).where(Entry.class_id == class_id, Entry.type == "session.opened"),
        execution_options={"yield_per": 500},
    )
    for leaf in leaves:
        body = Leaf.decode(leaf).body
        key = (str(body["lesson"]), str(body["content_sha256"]))
        seen[key] = seen.get(key, 0) + 1
    return seen


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


def _fetch(lesson: Lesson, base: str) -> tuple[str, int]:
    url = urljoin(base, lesson.content_url)
    if not lesson.content_url or urlsplit(url).scheme not in {"http", "https"}:
        raise InvalidInput("content.no_address", ordinal=lesson.ordinal, url=url)
    digest, size = hashlib.sha256(), 0
    try:
        for chunk in _download(url):
            size += len(chunk)
            digest.update(chunk)
    except (URLError, OSError, ValueError) as error:
        raise InvalidInput(
            "content.not_fetched", ordinal=lesson.ordinal, url=url, reason=str(error)
        ) from error
    return digest.hexdigest(), size


def _download(url: str) -> Iterator[bytes]:
    request = Request(url, headers={"User-Agent": "lmscompliance"})  # noqa: S310  # http(s) was checked
    with urlopen(request, timeout=_FETCH_SECONDS) as answer:  # noqa: S310  # as above
        while chunk := answer.read(1 << 20):
            yield chunk


def _steps(path: Path) -> tuple[tuple[str, str], ...]:
    """Return the steps a simulation's package expects; raises ``InvalidInput`` for a package that is none."""
    try:
        with zipfile.ZipFile(path) as package:
            # zipfile stops at the declared size, so nothing larger ever comes out of a member.
            sizes = {member.filename: member.file_size for member in package.infolist()}
            if max(sizes.values(), default=0) > _LARGEST_MEMBER or sizes.get(MANIFEST, 0) > _LARGEST_MANIFEST:
                raise InvalidInput("content.package_large", file=path.name, limit=_LARGEST_MEMBER >> 20)
            names = set(sizes)
            stated = json.loads(package.read(MANIFEST)) if MANIFEST in names else {}
    except (OSError, EOFError, ValueError, KeyError, RuntimeError, zipfile.BadZipFile, zlib.error) as error:
        raise InvalidInput("content.package", file=path.name) from error
    if "index.html" not in names or not isinstance(stated, dict):
        raise InvalidInput("content.package", file=path.name)
    return tuple(_each_step(stated.get("steps", []), path.name))


def _each_step(steps: object, file: str) -> Iterable[tuple[str, str]]:
    for one in steps if isinstance(steps, list) else [None]:
        name = one.get("name") if isinstance(one, dict) else one
        if not isinstance(name, str) or not _STEP.fullmatch(name):
            raise InvalidInput("content.steps", file=file)
        title = one.get("title") if isinstance(one, dict) else None
        yield name, title if isinstance(title, str) and title else name
