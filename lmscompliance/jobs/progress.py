"""How far a claimed job is, told often enough to keep the claim and no oftener than anybody can see."""

from __future__ import annotations

from collections.abc import Callable

from lmscompliance.jobs import queue
from lmscompliance.services import Services

Progress = Callable[[int, int], None]
"""Told what is done and what there is to do."""
_WHOLE = 100


def in_hundredths(services: Services, taken: queue.Claim) -> Progress:
    """Return what writes progress into the job: at most a hundred times, however much there is to do.

    It raises ``ClaimLost`` where the job is not ours any more.
    """
    told = -1

    def progress(done: int, total: int) -> None:
        nonlocal told
        if (reached := done * _WHOLE // max(total, 1)) > told:
            told = reached
            queue.progress(services, taken, done, total)

    return progress
