"""The reason that every decision must have."""

from __future__ import annotations

from lmscompliance.kernel.errors import InvalidInput

LONGEST = 500


def checked_reason(text: str) -> str:
    """Return ``text`` without white space around it; raises ``InvalidInput`` when empty or too long."""
    reason = text.strip()
    if not reason:
        raise InvalidInput("supervision.reason_missing")
    if len(reason) > LONGEST:
        raise InvalidInput("supervision.reason_too_long", limit=LONGEST, length=len(reason))
    return reason
