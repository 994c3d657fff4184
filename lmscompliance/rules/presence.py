"""What a missed presence check takes away, and what a later one gives back.

The time of a trainee is *proven* by passed checks. From a missed or wrong check on, everything since the
last passed one is void, and stays so until the next passed one. A check that the trainee asked for and passed
soon enough after the miss restores the whole stretch. Only moments that the server set enter here, and the
order in which checks are handed in changes nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from lmscompliance.kernel.clock import from_micros, shanghai_day
from lmscompliance.policy.terms import PresenceTerms
from lmscompliance.rules.facts import PresenceFact

SECOND_US = 1_000_000


@dataclass(frozen=True, slots=True)
class Void:
    """Whole seconds ``[start_s, end_s)`` since the epoch that are void; ``None`` has no bound on that side.

    ``session`` is the only session it concerns, or ``None``: all of the trainee's.
    """

    session: str | None
    start_s: int | None
    end_s: int | None
    reason: str = "presence_missed"


@dataclass(slots=True)
class _Standing:
    """How a trainee (or one session of theirs) stands while the checks are gone through."""

    proven_us: int | None = None
    void_from_us: int | None = None
    missed_us: int | None = None
    """When the first of the present misses was; ``None`` while all is well."""


def asked_on(checks: Iterable[PresenceFact], day: date) -> int:
    """Return how many checks were asked for on a Shanghai day."""
    return sum(check.asked and day_of(check.issued_us) == day for check in checks)


def day_of(instant_us: int) -> date:
    """Return the Shanghai day of an instant."""
    return shanghai_day(from_micros(instant_us))


def voids(
    checks: Iterable[PresenceFact], terms: PresenceTerms, *, unlocked_us: int | None = None
) -> tuple[Void, ...]:
    """Return what ``checks`` of one enrolment void under ``terms``, in the order of time.

    An open check voids nothing yet. What had unlocked the exam (``unlocked_us``) stands: a later miss does
    not reach back behind it, or a verdict that was acted upon would change afterwards.
    """
    if terms.missed_voids == "nothing":
        return ()
    one_session = terms.missed_voids == "within_session"
    standings: dict[str | None, _Standing] = {}
    restored: Counter[date] = Counter()
    found: list[Void] = []
    for decided_us, check in _decided(checks):
        key = check.session if one_session else None
        standing = standings.setdefault(key, _Standing())
        if not check.passed:
            if standing.missed_us is None:
                standing.missed_us = decided_us
                standing.void_from_us = _back_to(standing.proven_us, decided_us, unlocked_us)
            continue
        if standing.missed_us is not None:
            day = day_of(check.issued_us)
            in_time = decided_us - standing.missed_us <= terms.make_up_seconds * SECOND_US
            if check.asked and in_time and restored[day] < terms.make_up_per_day:
                restored[day] += 1
            else:
                found.append(Void(key, _second(standing.void_from_us), _second(decided_us)))
            standing.missed_us = None
        standing.proven_us = decided_us
    found += [
        Void(key, _second(standing.void_from_us), None)
        for key, standing in standings.items()
        if standing.missed_us is not None
    ]
    return tuple(sorted(found, key=_order))


def _decided(checks: Iterable[PresenceFact]) -> list[tuple[int, PresenceFact]]:
    """Return the decided checks with their moments, in the order they were issued."""
    decided = [(check.decided_us, check) for check in checks if check.decided_us is not None]
    return sorted(decided, key=lambda one: one[1].number)


def _back_to(proven_us: int | None, missed_us: int, unlocked_us: int | None) -> int | None:
    if unlocked_us is None or missed_us <= unlocked_us:
        return proven_us
    return unlocked_us if proven_us is None else max(proven_us, unlocked_us)


def _second(instant_us: int | None) -> int | None:
    return None if instant_us is None else instant_us // SECOND_US


def _order(void: Void) -> tuple[float, float, str]:
    start = float("-inf") if void.start_s is None else void.start_s
    end = float("inf") if void.end_s is None else void.end_s
    return start, end, void.session or ""
