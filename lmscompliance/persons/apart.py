"""Keeps the credited time of one person's enrolments apart: what overlaps is recorded as yielding.

Sessions of one person cannot run at once, but those of two records could, until people found that they are
one person's. What yields is computed from the closed sessions of all enrolments and recorded in each class
that has less than it claims; a class is judged by what its own stream says.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lmscompliance import evidence
from lmscompliance.identity import links
from lmscompliance.kernel.clock import to_micros
from lmscompliance.kernel.jcs import Json
from lmscompliance.learning.models import ClosedSession
from lmscompliance.ledgers.models import LedgerExport
from lmscompliance.rules.class_life import OVER
from lmscompliance.rules.finding import HIGH, MEDIUM, Finding
from lmscompliance.rules.merging import YIELDS, Span, Stretch, standing, yielding
from lmscompliance.services import Services
from lmscompliance.storage.transaction import after_commit, reading, transaction
from lmscompliance.supervision import findings
from lmscompliance.training import queries
from lmscompliance.training.casework import enrolments_of
from lmscompliance.training.models import Enrolment, MergeNote, TrainingClass
from lmscompliance.training.verifying import DECIDED

_SECOND_US = 1_000_000
_A_LEAF = 500
"""Stretches a leaf: about 30 KB, below the log's limit."""


def keep_apart(services: Services) -> int:
    """Record what has come to overlap since records were united; return how many enrolments had some.

    Beats that come late move the end of a session on. Safe to repeat and to run twice at once: the
    enrolments' rows are locked while what is recorded is compared with what there is.
    """
    with reading(services.database) as session:
        heads = sorted(set(links.current(session).values()))
    changed = 0
    for head in heads:
        with transaction(services.database) as session:
            changed += recompute(session, services, enrolments_of(session, [head]))
    return changed


def recompute(session: Session, services: Services, enrolments: Sequence[Enrolment]) -> int:
    """Record in each of one person's locked enrolments what yields, where that changed; count those."""
    known = {
        one.id: standing(queries.merge_facts(session, one.class_id, [one.id])[one.id]) for one in enrolments
    }
    counting = [one for one in enrolments if not known[one.id][0]]
    found = yielding(_spans(session, counting))
    changed = [one for one in enrolments if set(found.get(one.id, ())) != set(known[one.id][1])]
    for one in changed:
        _record(session, services, one, found.get(one.id, ()))
    return len(changed)


def note(
    session: Session,
    services: Services,
    one: Enrolment,
    kind: str,
    *,
    merge: str = "",
    stretches: Sequence[Stretch] = (),
) -> datetime:
    """Keep a fact that credit is judged by, and tell those who judge after the commit."""
    now = services.clock.now()
    mine = (MergeNote.class_id == one.class_id) & (MergeNote.enrolment_id == one.id)
    session.add(
        MergeNote(
            class_id=one.class_id,
            enrolment_id=one.id,
            n=session.scalar(select(func.count()).where(mine)) or 0,
            kind=kind,
            merge_id=merge,
            stretches=json.dumps(stretches),
            at=now,
        )
    )
    session.flush()
    subject = f"{one.class_id}/{one.id}"
    after_commit(session, lambda: services.events.send(DECIDED, subject))
    return now


def tell(session: Session, services: Services, one: Enrolment, kind: str, subject: str) -> None:
    """Put before people that a class which is over, or whose ledger was exported, is judged otherwise now."""
    class_ = session.get_one(TrainingClass, one.class_id)
    exports = select(func.count()).where(
        LedgerExport.class_id == one.class_id, LedgerExport.finished_at.is_not(None)
    )
    exported = session.scalar(exports) or 0
    if class_.status in OVER or exported:
        now_us = to_micros(services.clock.now())
        facts = {"closed": int(class_.status in OVER), "exports": exported}
        found = Finding(kind, MEDIUM, subject, now_us, now_us, (), facts)
        findings.keep(session, services, one.class_id, [found], enrolment_id=one.id)


def _spans(session: Session, enrolments: Sequence[Enrolment]) -> list[Span]:
    classes = {one.id: one.class_id for one in enrolments}
    rows = session.scalars(select(ClosedSession).where(ClosedSession.enrolment_id.in_(classes)))
    found = []
    for row in rows:
        opened_us = to_micros(row.opened_at)
        start, end = opened_us // _SECOND_US, to_micros(row.closed_at) // _SECOND_US
        until = end if row.superseded_at is None else min(end, to_micros(row.superseded_at) // _SECOND_US)
        found.append(Span(row.enrolment_id, row.session_id, opened_us, start, end, max(start, until)))
    return found


def _record(session: Session, services: Services, one: Enrolment, stretches: Sequence[Stretch]) -> None:
    now = note(session, services, one, YIELDS, stretches=stretches)
    parts = [stretches[place : place + _A_LEAF] for place in range(0, len(stretches), _A_LEAF)] or [()]
    for number, part in enumerate(parts, 1):
        listed: list[Json] = [[name, start * _SECOND_US, end * _SECOND_US] for name, start, end in part]
        body: dict[str, Json] = {
            "part": number,
            "parts": len(parts),
            "stretches": listed,
            "at_us": to_micros(now),
        }
        evidence.record_for(
            session,
            services,
            one,
            type="credit.yields",
            at=now,
            body=body,
        )
    if stretches:
        facts = {
            "seconds": sum(end - start for _, start, end in stretches),
            "sessions": len({name for name, _, _ in stretches}),
        }
        first, last = min(one[1] for one in stretches), max(one[2] for one in stretches)
        found = Finding(
            "two_at_once",
            HIGH,
            "records",
            first * _SECOND_US,
            last * _SECOND_US,
            tuple(sorted({name for name, _, _ in stretches})),
            facts,
        )
        findings.keep(session, services, one.class_id, [found], enrolment_id=one.id)
        tell(session, services, one, "ledger_outdated", "yields")
