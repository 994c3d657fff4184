"""Pools by digest: whatever changes a question, a draw goes by what may be drawn now."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import select

from lmscompliance.questions import pools, rekeying
from lmscompliance.questions.models import QuestionPool
from lmscompliance.questions.service import confirm, drawable, import_paths, unconfirmed
from lmscompliance.rules.paper import pool_digest
from lmscompliance.services import Services
from lmscompliance.storage.transaction import reading, transaction
from tests.questions.books import workbook

HEADER = ["题型", "题目", "选项", "答案"]
TOPIC, OTHER = "岗位技能", "安全生产"
NEEDS = [(TOPIC, "single"), (TOPIC, "true_false"), (OTHER, "single")]


def bank(folder: Path, *rows: list[str], name: str = "电工") -> Path:
    """Write a bank."""
    return workbook(folder / f"{name}.xlsx", {"Sheet1": [HEADER, *rows]})


def agreed(services: Services) -> list[int]:
    """Return how many questions each pool holds, once memory, rows and questions are found to agree."""
    with reading(services.database) as session:
        found = pools.pools(session, NEEDS)
        rows = select(QuestionPool.topic, QuestionPool.kind, QuestionPool.sha256)
        digests = {(topic, kind): sha256 for topic, kind, sha256 in session.execute(rows)}
        for need in NEEDS:
            expected = [(one.id, one.version, one.level) for one in drawable(session, *need)]
            assert list(found[need].questions) == expected
            assert digests.get(need, pool_digest([])) == found[need].sha256
    return [len(found[need].questions) for need in NEEDS]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_pools_follow_every_change(services: Services, tmp_path: Path):
    """Imports, confirmations, corrected keys and moves to another topic are each seen by the next draw."""
    assert agreed(services) == [0, 0, 0]
    rows = [["单选题", "甲", "A.x|B.y", "A"], ["单选题", "乙", "A.x|B.y", "A"], ["判断题", "，丙", "", "对"]]
    import_paths(services, [bank(tmp_path, *rows)], topic=TOPIC)
    assert agreed(services) == [2, 0, 0]
    (waiting,) = unconfirmed(services)
    confirm(services, waiting.id)
    assert agreed(services) == [2, 1, 0]
    with reading(services.database) as session:
        first = drawable(session, TOPIC, "single")[0].id
    with transaction(services.database) as session:
        rekeying.rekey(session, services, rekeying.corrected(session, first, "B", lock=True))
    assert agreed(services) == [2, 1, 0]
    changed = [["单选题", "甲", "A.x|B.z", "B"]]
    import_paths(services, [bank(tmp_path, *changed)], topic=OTHER)
    assert agreed(services) == [1, 1, 1]


@pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)
def test_banks_imported_at_once_are_all_in_the_pool(services: Services, tmp_path: Path):
    """Of imports at once the last to commit knows of all the others."""
    paths = [
        bank(tmp_path, *[["单选题", f"{name}{n}", "A.x|B.y", "A"] for n in range(5)], name=name)
        for name in "甲乙丙丁"
    ]
    with ThreadPoolExecutor(len(paths)) as pool:
        list(pool.map(lambda path: import_paths(services, [path], topic=TOPIC), paths))
    assert agreed(services) == [20, 0, 0]
