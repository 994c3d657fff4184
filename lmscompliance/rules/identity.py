"""Whether the person behind an enrolment is verified enough for their learning to count."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from lmscompliance.policy.terms import IdentityTerms
from lmscompliance.rules.presence import Void

REASON = "unverified_identity"
PENDING, PASSED, FAILED = "pending", "passed", "failed"
"""What a verification came to."""
SUSPECTED, CLEARED = "suspected", "cleared"
"""What people decided about a suspicion of fraud."""
VERDICTS = (PENDING, PASSED, FAILED)
SUSPICIONS = (SUSPECTED, CLEARED)


@dataclass(frozen=True, slots=True)
class IdentityFact:
    """At ``at_us`` a verification came to ``kind``, or people decided so about a suspicion."""

    at_us: int
    kind: str


def unverified(
    facts: Iterable[IdentityFact], terms: IdentityTerms, *, by_us: int | None = None
) -> tuple[Void, ...]:
    """Return what the identity of one enrolment voids: all of its time, or nothing.

    The latest verdict and the latest decision about a suspicion hold; with ``by_us`` as of that instant.
    Facts come in the order they were recorded.
    """
    verdict, suspicion = PASSED, CLEARED
    for fact in facts:
        if by_us is not None and fact.at_us > by_us:
            continue
        if fact.kind in VERDICTS:
            verdict = fact.kind
        else:
            suspicion = fact.kind
    blocked = (
        (verdict == PENDING and terms.pending_blocks_credit)
        or (verdict == FAILED and terms.failed_blocks_credit)
        or (suspicion == SUSPECTED and terms.suspicion_blocks_credit)
    )
    return (Void(None, None, None, REASON),) if blocked else ()
