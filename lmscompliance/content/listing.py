"""What each lesson showed: its versions, and how many sessions saw each, from the evidence itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from lmscompliance.content import store
from lmscompliance.content.models import LessonContent
from lmscompliance.evidence.models import Entry
from lmscompliance.services import Services
from lmscompliance.storage.transaction import reading
from lmscompliance.tlog.leaf import Leaf
from lmscompliance.training import queries
from lmscompliance.training.models import Lesson

REASON_PLACE = "compliance_lesson_content.reason"


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
