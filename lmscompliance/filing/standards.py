"""Occupational standards (国家职业标准) and which of their items each lesson of a plan teaches."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from lmscompliance import evidence
from lmscompliance.filing import sheets
from lmscompliance.filing.project_models import LessonStandard, OccupationStandard, StandardItem
from lmscompliance.identity.headings import Patterns
from lmscompliance.kernel.clock import to_micros
from lmscompliance.kernel.errors import Conflict, NotFound
from lmscompliance.kernel.jcs import Json
from lmscompliance.kernel.words import stated
from lmscompliance.rules.filing_gates import Coverage
from lmscompliance.rules.marking import exact_sum
from lmscompliance.services import Services
from lmscompliance.storage.transaction import transaction
from lmscompliance.training import queries
from lmscompliance.training.models import Lesson

ITEMS: Patterns = {
    "code": re.compile("(?:条目|技能|标准|鉴定点)?(?:编号|编码|代码|序号)|code"),
    "title": re.compile("(?:条目|技能要求|相关知识要求|工作内容|内容|名称|标准)(?:名称|内容)?|title|item"),
}
ITEM_COLUMNS = ("code", "title")
MAPPING: Patterns = {
    "ordinal": re.compile("(?:课时|课件|课程)?序号|课次|lesson|no\\.?"),
    "items": re.compile("(?:对应)?(?:职业)?(?:标准|条目)(?:条目)?(?:编号|代码)?|items?"),
}
MAPPING_COLUMNS = ("ordinal", "items")
_SEPARATOR = re.compile(r"[、,，;；\s]+")
_WIDTHS = {"code": 64, "title": 255}


@dataclass(frozen=True, slots=True)
class Mapped:
    """A class's mapping: the standard, its items in order, and the lessons (ordinals) that teach each."""

    standard: OccupationStandard
    items: Sequence[StandardItem]
    lessons: Mapping[str, Sequence[int]]
    coverage: Coverage


def import_standard(
    services: Services,
    path: Path,
    *,
    title: str,
    occupation_code: str = "",
    level: int | None = None,
    by: str,
) -> str:
    """Keep a standard with its items and return its id; raises ``InvalidInput`` naming each bad row."""
    title = stated(title, 255, "filing.standard_title")
    listing = sheets.read(path, ITEMS, ITEM_COLUMNS, "item")
    seen: dict[str, int] = {}
    for number, row in listing.rows:
        for name, width in _WIDTHS.items():
            if len(row.get(name, "")) > width:
                listing.fault(number, name, "list_too_long", most=width)
        if _SEPARATOR.search(row["code"]):
            listing.fault(number, "code", "list_parted")
        listing.once(number, "code", row["code"], seen)
    listing.settle()
    with transaction(services.database) as session:
        standard = OccupationStandard(
            id=services.ids.new(),
            title=title,
            occupation_code=occupation_code.strip()[:64],
            level=level,
            sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
            by=by,
            at=services.clock.now(),
        )
        session.add(standard)
        session.flush()
        session.add_all(
            StandardItem(standard_id=standard.id, code=row["code"], ordinal=n, title=row["title"])
            for n, (_, row) in enumerate(listing.rows, 1)
        )
        return standard.id


def listed(session: Session) -> Sequence[OccupationStandard]:
    """Return every standard, by title, the newest of one title first."""
    order = (OccupationStandard.title, OccupationStandard.id.desc())
    return session.scalars(select(OccupationStandard).order_by(*order)).all()


def map_plan(services: Services, class_id: str, standard_id: str, path: Path, *, by: str) -> None:
    """Keep which items of a standard each lesson teaches; it replaces the class's mapping as a whole.

    Raises ``NotFound`` for an unknown standard, ``Conflict`` without a published plan or once the class is
    filed, ``InvalidInput`` naming each row whose lesson or item there is not.
    """
    listing = sheets.read(path, MAPPING, MAPPING_COLUMNS, "mapping")
    now = services.clock.now()
    with transaction(services.database) as session:
        class_ = queries.locked_draft(session, class_id)
        standard = session.get(OccupationStandard, standard_id)
        if standard is None:
            raise NotFound("filing.no_such_standard", standard=standard_id)
        lessons = {str(one.ordinal): one for one in queries.lessons(session, class_id)}
        if not lessons:
            raise Conflict("filing.no_plan", code=class_.code)
        known = set(session.scalars(select(StandardItem.code).where(StandardItem.standard_id == standard_id)))
        taught: dict[int, set[str]] = {}
        for number, row in listing.rows:
            lesson = lessons.get(row.get("ordinal", ""))
            if lesson is None:
                listing.fault(number, "ordinal", "list_no_lesson")
                continue
            for item in filter(None, _SEPARATOR.split(row.get("items", ""))):
                if item not in known:
                    listing.fault(number, "items", "list_no_item", item=item[:64])
                taught.setdefault(lesson.ordinal, set()).add(item)
        listing.settle()
        _replace(session, class_id, standard_id, lessons, taught)
        pairs: list[Json] = [
            [ordinal, list[Json](sorted(items))] for ordinal, items in sorted(taught.items())
        ]
        evidence.record_in_class(
            session,
            services,
            class_id,
            type="plan.mapped",
            at=now,
            body={
                "standard": standard.title,
                "standard_sha256": standard.sha256,
                "lessons": pairs,
                "mapped_us": to_micros(now),
            },
            disclose={"by": by},
        )


def _replace(
    session: Session,
    class_id: str,
    standard_id: str,
    lessons: Mapping[str, Lesson],
    taught: Mapping[int, set[str]],
) -> None:
    session.execute(delete(LessonStandard).where(LessonStandard.class_id == class_id))
    session.add_all(
        LessonStandard(
            class_id=class_id, lesson_id=lessons[str(ordinal)].id, item=item, standard_id=standard_id
        )
        for ordinal, items in taught.items()
        for item in items
    )


def mapped(session: Session, class_id: str) -> Mapped | None:
    """Return a class's mapping; ``None`` where there is none."""
    rows = session.scalars(select(LessonStandard).where(LessonStandard.class_id == class_id)).all()
    if not rows:
        return None
    standard = session.get_one(OccupationStandard, rows[0].standard_id)
    items = session.scalars(
        select(StandardItem).where(StandardItem.standard_id == standard.id).order_by(StandardItem.ordinal)
    ).all()
    plan = {one.id: one for one in queries.lessons(session, class_id)}
    lessons: dict[str, list[int]] = {one.code: [] for one in items}
    for row in rows:
        lessons[row.item].append(plan[row.lesson_id].ordinal)
    taught = {row.lesson_id for row in rows}
    coverage = Coverage(
        mapped_hours=exact_sum(one.class_hours for one in plan.values() if one.id in taught),
        hours=exact_sum(one.class_hours for one in plan.values()),
        taught_items=sum(1 for found in lessons.values() if found),
        items=len(items),
    )
    return Mapped(standard, items, {code: sorted(found) for code, found in lessons.items()}, coverage)


def standard_named(session: Session, title: str) -> OccupationStandard:
    """Return the newest standard with this title; raises ``NotFound``."""
    found = next((one for one in listed(session) if one.title == title.strip()), None)
    if found is None:
        raise NotFound("filing.no_such_standard", standard=title)
    return found
