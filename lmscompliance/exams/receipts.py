"""Receipts of a closed attempt: proof, for the trainee to keep, of what was handed in and its mark."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from lmscompliance.evidence import enrolment_stream, streams
from lmscompliance.evidence.models import Entry
from lmscompliance.evidence.reader import log_size
from lmscompliance.evidence.receipts import holders_receipt
from lmscompliance.exams import sheets
from lmscompliance.kernel.errors import Conflict, NotFound
from lmscompliance.services import Services
from lmscompliance.storage.transaction import reading
from lmscompliance.tlog.leaf import Leaf

FACTS = ("submitted", "graded")
"""What there is a receipt of: the paper as it was handed in, and its mark."""


def receipt(services: Services, attempt_id: str, account: str, fact: str) -> str:
    """Return the receipt of a ``fact`` of the account's own closed attempt.

    Raises ``NotFound`` for an unknown fact or attempt, and ``Conflict`` while it is not sealed, which it is
    within seconds as long as the scheduler runs.
    """
    if fact not in FACTS:
        raise NotFound("web.not_found")
    with reading(services.database) as session:
        sheet = sheets.find(session, attempt_id, account)
        stream = enrolment_stream(sheet.enrolment_id)
        n = _entry(session, sheet.class_id, stream, fact, attempt_id)
        text = None if n is None else holders_receipt(session, services, sheet.class_id, stream, n)
    if text is None:
        raise Conflict("exams.receipt_not_sealed")
    return text


def sealed(services: Services, attempt_id: str, account: str) -> list[str]:
    """Return of which facts of an attempt there is a receipt by now; marks of essays take their time."""
    with reading(services.database) as session:
        sheet = sheets.find(session, attempt_id, account)
        stream = enrolment_stream(sheet.enrolment_id)
        size = log_size(session)
        found = []
        for fact in FACTS:
            n = _entry(session, sheet.class_id, stream, fact, attempt_id)
            index = None if n is None else streams.index_of(session, sheet.class_id, stream, n)
            if index is not None and index < size:
                found.append(fact)
        return found


def _entry(session: Session, class_id: str, stream: str, fact: str, attempt_id: str) -> int | None:
    rows = session.execute(
        select(Entry.n, Entry.leaf).where(
            Entry.class_id == class_id, Entry.stream == stream, Entry.type == f"attempt.{fact}"
        )
    )
    return next((n for n, leaf in rows if Leaf.decode(leaf).body.get("attempt") == attempt_id), None)
