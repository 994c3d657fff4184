"""Is this person who the roster says? A plug-in answers; the default one works offline.

An answer is evidence: its method, result and time stand in the leaf ``trainee.registered`` and on sheet ①.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from lmscompliance.identity.people import PersonValue

PASSED = "passed"
FAILED = "failed"
PENDING = "pending"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a verifier found. ``method`` names it, ``result`` is passed, failed or pending."""

    method: str
    result: str
    at: datetime


class Verifier(Protocol):
    """Something that can tell whether name, number and phone belong together.

    It is asked outside any database transaction and may be asked twice about one person (after a crash),
    so asking must not change anything at the other end.
    """

    def verify(self, person: PersonValue, now: datetime) -> Verdict:
        """Return the verdict on ``person``; a provider that cannot be reached answers ``pending``."""
        ...


class OfflineVerifier:
    """Structure, uniqueness and cross-checks, all of them done when the roster was read.

    It attests that the details agree with each other, not that the state knows such a person; its method
    says so wherever the verdict is shown.
    """

    METHOD = "offline"

    def verify(self, person: PersonValue, now: datetime) -> Verdict:  # nothing left to ask
        """Pass: a person reaches this point only with details that agree."""
        return Verdict(self.METHOD, PASSED, now)
