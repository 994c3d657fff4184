"""The life of a class, one step at a time: which step may follow which (notice S2 八.2, W29)."""

from __future__ import annotations

from collections.abc import Mapping

DRAFT, FILED, APPROVED, RUNNING = "draft", "filed", "approved", "running"
EXAMINING, CLOSED, CLAIMED, DECIDED, ARCHIVED = "examining", "closed", "claimed", "decided", "archived"

STEPS: Mapping[str, tuple[str, ...]] = {
    DRAFT: (FILED,),
    FILED: (APPROVED, DRAFT),
    APPROVED: (RUNNING,),
    RUNNING: (EXAMINING,),
    EXAMINING: (CLOSED, RUNNING),
    CLOSED: (CLAIMED, ARCHIVED),
    CLAIMED: (DECIDED, CLOSED),
    DECIDED: (ARCHIVED,),
    ARCHIVED: (),
}
"""What may follow each state. Going back is a step like any other, and wants a reason."""

ORDER = tuple(STEPS)
OVER = (CLOSED, CLAIMED, DECIDED, ARCHIVED)
"""States in which nothing is learnt or registered any more."""


def may_follow(state: str, target: str) -> bool:
    """Tell whether ``target`` may follow ``state``."""
    return target in STEPS.get(state, ())


def goes_back(state: str, target: str) -> bool:
    """Tell whether the step undoes an earlier one, which nobody does without saying why."""
    return ORDER.index(target) < ORDER.index(state)
