"""Reads from the leaves what their values were bound to, before and after these are gone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sqlalchemy import select
from sqlalchemy.orm import Session

from lmscompliance.evidence import class_stream, enrolment_stream
from lmscompliance.evidence.models import Entry
from lmscompliance.rules.retention import Commitments
from lmscompliance.tlog.leaf import Leaf


def commitments(session: Session, class_id: str, categories: Iterable[str]) -> Commitments:
    """Return count and digest of the class's commitments in ``categories``, over every entry there is."""
    found = Commitments(categories)
    ordered: list[tuple[int, str]] = []
    for leaf in _leaves(session, class_id, class_stream(class_id)):
        found.add(leaf.stream, leaf.n, leaf.d)
        if leaf.t == "enrolment.created":
            ordered.append((int(str(leaf.body["ordinal"])), str(leaf.body["enrolment"])))
    for _, enrolment in sorted(ordered):
        for leaf in _leaves(session, class_id, enrolment_stream(enrolment)):
            found.add(leaf.stream, leaf.n, leaf.d)
    return found


def _leaves(session: Session, class_id: str, stream: str) -> Iterator[Leaf]:
    rows = session.scalars(
        select(Entry.leaf)
        .where(Entry.class_id == class_id, Entry.stream == stream)
        .order_by(Entry.n)
        .execution_options(yield_per=500)
    )
    for data in rows:
        yield Leaf.decode(data)
