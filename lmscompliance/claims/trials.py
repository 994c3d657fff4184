"""What a claim would come to: judged once, kept with the state of the evidence it was judged at."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from lmscompliance import evidence
from lmscompliance.claims import judging
from lmscompliance.claims.judging import Judged
from lmscompliance.claims.models import ClaimPreview
from lmscompliance.claims.supposing import supposed
from lmscompliance.jobs.progress import Progress
from lmscompliance.rules.verdict import NotMet
from lmscompliance.services import Services
from lmscompliance.storage.transaction import reading, transaction
from lmscompliance.training import queries


@dataclass(frozen=True, slots=True)
class Preview:
    """How many of whom would be granted how much, and why the others are not.

    Judged at ``judged_at`` with ``entries`` of evidence, whose streams' heads had the digest ``sha256``;
    ``newer`` entries came since. ``fresh``: no fact of the class has changed.
    """

    key: str
    value: str
    people: int
    granted: int
    yuan: Decimal
    reasons: Sequence[tuple[NotMet, int]]
    judged_at: datetime
    entries: int
    sha256: str
    newer: int
    fresh: bool


def judge(
    services: Services, class_id: str, key: str = "", value: str = "", progress: Progress | None = None
) -> None:
    """Judge everybody and keep the sums; with ``key`` as if that parameter had ``value``.

    Changes nothing else. Raises ``InvalidInput`` for a value the parameter may not have. If the process dies
    before the commit, what was kept before stands.
    """
    now = services.clock.now()
    with reading(services.database) as session:
        notice = queries.class_notice(session, class_id)
        terms = supposed(notice, key, value) if key else None
        assessed = judging.assess(session, services, class_id, terms, progress)
        lines = judging.settled(session, assessed, submitted_at=now)
    row = ClaimPreview(
        class_id=class_id,
        key=key,
        value=value.strip()[:255],
        judged_at=now,
        entries=assessed.state.entries,
        sha256=assessed.state.sha256,
        people=len(lines),
        granted=sum(one.decision.granted for one in lines),
        yuan=judging.total(lines),
        reasons=json.dumps(_counted(lines), ensure_ascii=False),
    )
    with transaction(services.database) as session:
        # One of each kind is kept: what a claim would come to, and the latest thing that was tried out.
        other = ClaimPreview.key != "" if key else ClaimPreview.key == ""
        session.execute(delete(ClaimPreview).where(ClaimPreview.class_id == class_id, other))
        session.add(row)


def kept(session: Session, class_id: str) -> tuple[Preview | None, Preview | None]:
    """Return what a claim would come to and what was tried out last, as far as either was judged."""
    state = evidence.data_state(session, class_id)
    rows = session.scalars(select(ClaimPreview).where(ClaimPreview.class_id == class_id))
    found = {bool(row.key): _shown(row, state) for row in rows}
    return found.get(False), found.get(True)


def _counted(lines: Sequence[Judged]) -> list[tuple[list[object], int]]:
    """Return each reason with its first verdict's figures and how many it concerns, the commonest first."""
    first: dict[str, NotMet] = {}
    counts: Counter[str] = Counter()
    for one in lines:
        for missing in one.decision.missing:
            first.setdefault(missing.reason, missing)
            counts[missing.reason] += 1
    return [
        ([one.rule, one.reason, one.clause, one.term, dict(one.params)], count)
        for one, count in ((first[reason], count) for reason, count in counts.most_common())
    ]


def _shown(row: ClaimPreview, state: evidence.DataState) -> Preview:
    return Preview(
        key=row.key,
        value=row.value,
        people=row.people,
        granted=row.granted,
        yuan=row.yuan,
        reasons=[(NotMet(*parts), count) for parts, count in json.loads(row.reasons)],
        judged_at=row.judged_at,
        entries=row.entries,
        sha256=row.sha256,
        newer=max(0, state.entries - row.entries),
        fresh=state.sha256 == row.sha256,
    )
