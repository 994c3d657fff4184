"""Tells values that were destroyed when their term was over from values that are merely not shown.

A ``retention.purged`` entry says how many values of each category it destroyed, over every entry the class
had then, and the digest of what their leaves are bound to. Both follow from the leaves alone, so what the
entry says is checked, and a missing value that it covers is named with it.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from lmscompliance.rules.retention import CATEGORIES, Commitments, category_of
from lmscompliance.tlog.leaf import Leaf
from lmscompliance.verifier.report import Report, Step

TYPE = "retention.purged"


@dataclass(slots=True)
class _Purge:
    n: int
    index: int
    heads: dict[str, int]
    said: dict[str, tuple[object, object]]
    commitments: Commitments
    erased: dict[str, int] = field(default_factory=dict)

    def covers(self, leaf: Leaf) -> bool:
        """Tell whether the purge came after ``leaf``."""
        return leaf.n < self.heads.get(leaf.stream, 0)


class Erasures:
    """Fed every leaf in a bundle's order, with which of its values are not shown."""

    def __init__(self, report: Report, step: Step) -> None:
        """Put findings into ``report``, and what an entry says wrongly into ``step``."""
        self._report = report
        self._step = step
        self._purges: list[_Purge] = []
        self._own: list[tuple[Leaf, AbstractSet[str]]] = []
        self._withheld = 0

    def take(
        self, leaf: Leaf, index: int, missing: AbstractSet[str], heads: dict[str, tuple[int, str]]
    ) -> None:
        """Look at one leaf; ``heads`` is what the newest snapshot of the class listed."""
        if leaf.stream != f"class/{leaf.class_id}":
            self._count(leaf, missing)
            return
        # Which purge covers an entry of the class itself is known once they are all read.
        if leaf.d:
            self._own.append((leaf, missing))
        if leaf.t == TYPE:
            self._begin(leaf, index, heads)

    def end(self) -> None:
        """Compare what the purges say, and say what is missing and why."""
        self._class_is_read()
        for purge in self._purges:
            for category, (count, digest) in purge.said.items():
                found = purge.commitments
                if (found.counts[category], found.digest(category)) != (count, digest):
                    self._step.fail("purge_differs", index=purge.index, category=category)
            for category, erased in sorted(purge.erased.items()):
                self._report.find(f"erased_{category}", count=erased, index=purge.index)
        if self._withheld:
            self._report.find("withheld", count=self._withheld)

    def _begin(self, leaf: Leaf, index: int, heads: dict[str, tuple[int, str]]) -> None:
        said: dict[str, tuple[object, object]] = {}
        listed = leaf.body.get("categories")
        for one in listed if isinstance(listed, list) else []:
            if isinstance(one, dict) and one.get("category") in CATEGORIES:
                said[str(one["category"])] = (one.get("values"), one.get("values_sha256"))
        counts = {stream: count for stream, (count, _) in heads.items()} | {leaf.stream: leaf.n}
        self._purges.append(_Purge(leaf.n, index, counts, said, Commitments(said)))

    def _class_is_read(self) -> None:
        own, self._own = self._own, []
        for leaf, missing in own:
            self._count(leaf, missing)

    def _count(self, leaf: Leaf, missing: AbstractSet[str]) -> None:
        if self._own:
            self._class_is_read()
        covering = [purge for purge in self._purges if purge.covers(leaf)]
        for purge in covering:
            purge.commitments.add(leaf.stream, leaf.n, leaf.d)
        for name in missing:
            category = category_of(name)
            purge_of = next((one for one in covering if category in one.said), None)
            if purge_of is None or category is None:
                self._withheld += 1
            else:
                purge_of.erased[category] = purge_of.erased.get(category, 0) + 1
