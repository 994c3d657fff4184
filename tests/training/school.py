"""A filed class with a plan, for the tests of this room."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

from sqlalchemy import select

from lmscompliance.evidence.models import Disclosure, Entry
from lmscompliance.kernel import jcs
from lmscompliance.services import Services
from lmscompliance.storage.transaction import reading
from lmscompliance.training import service
from lmscompliance.training.service import EnterpriseInput, LessonInput
from tests.identity.sheets import HEADING, workbook

USCC = "91350100M000100Y43"
OTHER_USCC = "91110108551385082Q"
TOPICS = ("岗位技能", "安全生产", "职业道德", "防疫知识")


def file_class(services: Services, code: str = "K1", uscc: str = USCC, district: str = "城厢镇") -> str:
    """File a class under the S1 policy and return its id."""
    return service.file_class(
        services,
        code=code,
        title=f"“留苏优技”{code}",
        policy_id="liusu-youji-2021",
        enterprise=EnterpriseInput(uscc, f"企业{uscc[:4]}", district),
    )


def plan(count: int = 24, minutes: int = 30, topics: tuple[str, ...] = TOPICS) -> list[LessonInput]:
    """Return a plan of ``count`` class hours spread over ``topics``."""
    return [
        LessonInput(
            ordinal=n,
            topic=topics[n % len(topics)],
            course="课程",
            title=f"课件{n}",
            delivery="录播",
            class_hours=Decimal(1),
            planned_seconds=minutes * 60,
        )
        for n in range(1, count + 1)
    ]


def roster(path: Path, *rows: list[Any]) -> Path:
    """Write a roster of ``rows`` and return its path."""
    return workbook(path, 名单=[HEADING, *rows])


def leaves(services: Services, class_id: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield (stream, type, leaf) of everything recorded for a class."""
    with reading(services.database) as session:
        entries = session.scalars(
            select(Entry).where(Entry.class_id == class_id).order_by(Entry.stream, Entry.n)
        ).all()
    for entry in entries:
        leaf = jcs.decode(entry.leaf)
        assert isinstance(leaf, dict)
        yield entry.stream, entry.type, leaf


def types(services: Services, class_id: str) -> list[str]:
    """Return the sorted types of everything recorded for a class."""
    return sorted(type_ for _, type_, _ in leaves(services, class_id))


def disclosures(services: Services, class_id: str) -> int:
    """Return how many withheld values a class has."""
    with reading(services.database) as session:
        return len(session.scalars(select(Disclosure.name).where(Disclosure.class_id == class_id)).all())
