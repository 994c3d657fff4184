"""Something unusual about somebody's learning, as the rules find it and people look at it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

LOW, MEDIUM, HIGH = "low", "medium", "high"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something unusual: ``kind`` and ``subject`` name it for good, whatever is seen of it later.

    ``facts`` are the figures it rests on, ``enrolments`` whom it concerns besides the one looked at.
    """

    kind: str
    severity: str
    subject: str
    first_us: int
    last_us: int
    sessions: tuple[str, ...]
    facts: Mapping[str, int] = field(default_factory=dict)
    enrolments: tuple[str, ...] = ()
