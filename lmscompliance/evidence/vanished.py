"""Looks for values that are gone although no certificate in the log says that they were destroyed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lmscompliance.evidence.models import Disclosure, Entry
from lmscompliance.evidence.recording import class_stream
from lmscompliance.rules.retention import category_of
from lmscompliance.tlog.leaf import BadLeaf, Leaf

CERTIFICATE = "retention.purged"


@dataclass(frozen=True, slots=True)
class _Certificate:
    categories: frozenset[str]
    counts: Mapping[str, int]
    """How many entries each stream of the class had then."""


def vanished(session: Session, committed: Mapping[tuple[str, str], int]) -> Iterator[str]:
    """Yield each stream in which values are gone that no certificate of its class covers.

    ``committed`` counts the values that the leaves of each (class, stream) are bound to: only where fewer are
    kept is there anything to look for.
    """
    kept = {
        (class_id, stream): count
        for class_id, stream, count in session.execute(
            select(Disclosure.class_id, Disclosure.stream, func.count()).group_by(
                Disclosure.class_id, Disclosure.stream
            )
        )
    }
    certificates: dict[str, list[_Certificate]] = {}
    for (class_id, stream), count in sorted(committed.items()):
        if kept.get((class_id, stream), 0) < count:
            if class_id not in certificates:
                certificates[class_id] = _certificates(session, class_id)
            gone = _uncovered(session, class_id, stream, certificates[class_id])
            if gone:
                yield f"{stream} of class {class_id}: {gone} values are gone and no certificate covers them"


def _uncovered(session: Session, class_id: str, stream: str, certificates: list[_Certificate]) -> int:
    own = (Disclosure.class_id == class_id, Disclosure.stream == stream)
    there = {(n, name) for n, name in session.execute(select(Disclosure.n, Disclosure.name).where(*own))}
    count = 0
    for leaf in _leaves(session, class_id, stream):
        for name in leaf.d:
            if (leaf.n, name) not in there:
                category = category_of(name)
                count += not any(
                    category in one.categories and leaf.n < one.counts.get(stream, 0) for one in certificates
                )
    return count


def _certificates(session: Session, class_id: str) -> list[_Certificate]:
    found: list[_Certificate] = []
    heads: dict[str, dict[str, int]] = {}
    stream = class_stream(class_id)
    for leaf in _leaves(session, class_id, stream):
        listed = leaf.body.get("heads")
        if leaf.t == "class.heads" and isinstance(listed, list):
            page = {str(one[0]): int(str(one[1])) for one in listed if isinstance(one, list)}
            heads.setdefault(str(leaf.body["snapshot"]), {}).update(page)
        elif leaf.t == CERTIFICATE:
            said = leaf.body.get("categories")
            categories = frozenset(
                str(one["category"])
                for one in (said if isinstance(said, list) else [])
                if isinstance(one, dict)
            )
            counts = heads.get(str(leaf.body.get("snapshot")), {}) | {stream: leaf.n}
            found.append(_Certificate(categories, counts))
    return found


def _leaves(session: Session, class_id: str, stream: str) -> Iterator[Leaf]:
    """Yield a stream's leaves; what cannot be read is reported elsewhere."""
    query = select(Entry.leaf).where(Entry.class_id == class_id, Entry.stream == stream).order_by(Entry.n)
    for data in session.scalars(query).all():
        try:
            yield Leaf.decode(data)
        except BadLeaf:
            continue
