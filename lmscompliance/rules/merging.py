"""What follows for credit when two records turn out to be one person, and when that is taken back.

Two enrolments of one person are judged as the sessions of one enrolment are: where a session ran while a
later started one of the same person ran elsewhere, it yields. A class in which the person was enrolled twice
counts one of the enrolments. Both are facts of the enrolment's own, so that each class can be judged alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from lmscompliance.rules.presence import Void

OVERLAP, DUPLICATE = "overlap", "duplicate"
"""The reasons of ``policy.REASONS`` that a merge gives."""
MERGED, SECOND, APART, YIELDS = "merged", "second", "apart", "yields"
"""What a fact says: the record was united with another; so was it, and another enrolment of the class holds;
the union ``merge`` was taken back; these are all stretches that yield from here on."""
KINDS = (MERGED, SECOND, APART, YIELDS)

Stretch = tuple[str, int, int]
"""Session, and the whole seconds ``[start, end)`` since the epoch that yield in it."""


@dataclass(frozen=True, slots=True)
class MergeFact:
    """Something about the union of records that was recorded for one enrolment.

    ``merge`` names the union; of ``YIELDS`` it is empty. ``stretches`` of a fact that ``continues`` are
    more of the list before.
    """

    at_us: int
    kind: str
    merge: str = ""
    stretches: tuple[Stretch, ...] = ()
    continues: bool = False


@dataclass(frozen=True, slots=True)
class Span:
    """A session of some enrolment of the person, in whole seconds; its time is its own until ``until``."""

    enrolment: str
    session: str
    opened_us: int
    start: int
    end: int
    until: int


def standing(facts: Iterable[MergeFact], *, by_us: int | None = None) -> tuple[bool, tuple[Stretch, ...]]:
    """Return whether the enrolment is a second one of its class, and which stretches yield.

    With ``by_us`` as of that instant. Facts come in the order they were recorded.
    """
    second: set[str] = set()
    yields: tuple[Stretch, ...] = ()
    for fact in facts:
        if by_us is not None and fact.at_us > by_us:
            continue
        if fact.kind == SECOND:
            second.add(fact.merge)
        elif fact.kind == APART:
            second.discard(fact.merge)
        elif fact.kind == YIELDS:
            yields = (*yields, *fact.stretches) if fact.continues else fact.stretches
    return bool(second), yields


def united(facts: Iterable[MergeFact]) -> frozenset[str]:
    """Return the unions that hold: those that were made and not taken back."""
    found: set[str] = set()
    for fact in facts:
        if fact.kind in {MERGED, SECOND}:
            found.add(fact.merge)
        elif fact.kind == APART:
            found.discard(fact.merge)
    return frozenset(found)


def merged_voids(facts: Iterable[MergeFact], *, by_us: int | None = None) -> tuple[Void, ...]:
    """Return what the unions of an enrolment's record void: all of its time, or the stretches that yield."""
    second, yields = standing(facts, by_us=by_us)
    if second:
        return (Void(None, None, None, DUPLICATE),)
    return tuple(Void(session, start, end, OVERLAP) for session, start, end in yields)


def yielding(spans: Iterable[Span]) -> Mapping[str, tuple[Stretch, ...]]:
    """Return for each enrolment the stretches in which its sessions yield to those of another.

    The session that began later keeps the second, as within one enrolment (``rules.credit``); of two that
    began at once the one with the later id. No second is then left to two enrolments.
    """
    ordered = sorted(spans, key=lambda one: (one.opened_us, one.session))
    found: dict[str, tuple[Stretch, ...]] = {one.enrolment: () for one in ordered}
    for place, one in enumerate(ordered):
        taken: list[tuple[int, int]] = []
        for later in ordered[place + 1 :]:
            if later.start >= one.end:
                break
            if later.enrolment != one.enrolment:
                taken.append((max(one.start, later.start), min(one.end, later.until)))
        found[one.enrolment] += tuple((one.session, low, high) for low, high in _joined(taken))
    return found


def _joined(stretches: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    joined: list[tuple[int, int]] = []
    for low, high in sorted(stretches):
        if low >= high:
            continue
        if joined and low <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], high))
        else:
            joined.append((low, high))
    return joined
