"""Whether a lesson's position moves as it can: not faster than permitted, and not at all only for a moment.

A position report is never exact, so a policy grants a tolerance. It is granted once for a run of beats and
not to each of them: a page that beats every second could otherwise run at four times the speed, or stand
still, within the tolerance of every single beat.
"""

from __future__ import annotations

from collections.abc import Sequence

from lmscompliance.policy.terms import CreditTerms

TimedBeat = tuple[int, int, int, str, tuple[str, ...]]
"""Instant in µs, number, position in ms, state, reasons against it: sorts by time, then by number."""

_MILLISECOND_US = 1_000
_SECOND_US = 1_000_000


def pace(beats: Sequence[TimedBeat], terms: CreditTerms) -> list[str]:
    """Return for each of ``beats`` what its position says against the time since the one before.

    ``too_fast`` where the position is ahead of permitted playing by more than the tolerance; what put it
    there is not carried on, so a jump costs its own interval alone, while small leads add up until slower
    playing makes them good. ``paused`` for the whole of a run in which the position never moved on for
    longer than the tolerance. Over a gap nobody saw what the position did: it proves nothing, and both
    begin anew.
    """
    found = [""] * len(beats)
    lead_ms = still_ms = 0
    still_from = 1
    for number in range(1, len(beats)):
        before, after = beats[number - 1], beats[number]
        elapsed_us = after[0] - before[0]
        if elapsed_us > terms.max_gap_seconds * _SECOND_US:
            lead_ms = still_ms = 0
            still_from = number + 1
            continue
        elapsed_ms, advance_ms = elapsed_us // _MILLISECOND_US, after[2] - before[2]
        ahead = max(0, lead_ms + advance_ms - elapsed_ms * terms.max_rate_permille // 1000)
        if ahead > terms.position_tolerance_ms:
            found[number] = "too_fast"
        else:
            lead_ms = ahead
        if advance_ms > 0:
            still_ms, still_from = 0, number + 1
            continue
        still_ms += elapsed_ms
        if still_ms > terms.position_tolerance_ms:
            found[still_from : number + 1] = ["paused"] * (number + 1 - still_from)
    return found
