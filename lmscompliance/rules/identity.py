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
_SECOND_US = 1_000_000
_DRAWING_SECONDS = 60
"""Between the look at the verification and the beginning of the attempt, on a busy machine."""
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


def verified_at(facts: Iterable[IdentityFact], terms: IdentityTerms, instant_us: int) -> bool:
    """Tell whether an exam could begin at an instant: verified recently, where the policy wants that.

    The product looks before it draws the paper, so the instant may be a little later than its look.
    """
    if not terms.recheck_before_exam:
        return True
    verdicts = [one for one in facts if one.kind in VERDICTS and one.at_us <= instant_us]
    since_us = instant_us - (terms.recheck_seconds + _DRAWING_SECONDS) * _SECOND_US
    return bool(verdicts) and verdicts[-1].kind == PASSED and verdicts[-1].at_us >= since_us
