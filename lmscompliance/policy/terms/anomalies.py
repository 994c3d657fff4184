"""What is put before a person as unusual."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class AnomalyTerms:
    """What is put before a person as unusual (``rules.rhythm``, ``rules.company``); never a verdict.

    A kind is not looked for where its first number is 0.
    """

    regular_beats: int
    """Intervals between beats that must have been seen on a day before their regularity says anything."""
    regular_spread_ms: int
    """The middle four fifths of these intervals within less than this is steadier than a browser is."""
    drift_seconds: int
    """Playing time that must have been seen on a day before the page's clock is compared with ours."""
    drift_permille: int
    """A page's clock that runs faster than the permitted rate by more than this is no browser's."""
    unbroken_seconds: int
    """So long a stretch without a pause, a look away or a seek is unusual."""
    linear_tolerance_ms: int
    """How far the position may stray from the time between two beats in such a stretch."""
    day_seconds: int
    """More study than this on one Shanghai day is unusual."""
    rest_seconds: int
    """Whoever rests for less than this through 24 hours studies round the clock."""
    hidden_seconds: int
    """Time out of sight on one day that must be reached before its share is looked at."""
    hidden_permille: int
    """A page that was out of sight for at least this share of a day's sessions runs in the background."""
    quick_answers: int
    """So many presence checks answered too fast on one day are unusual."""
    quick_answer_ms: int
    """Nobody reads a question and answers it within less than this."""
    unanswered_beats: int
    """Beats of a day that show no nonce of ours."""
    late_seconds: int
    """Time of a day that came late (``credit.late_window_seconds``) before its share is looked at."""
    late_permille: int
    """Share of a day's sessions that came late."""
    lockstep_sessions: int
    """So many sessions of two people that begin and end together are unusual."""
    lockstep_tolerance_ms: int
    """Together is within this much, at both ends."""
    lockstep_permille: int
    """Share of both people's sessions that must coincide; a class that is called in together stays below."""
    lockstep_persons: int
    """People who must be bound together in this way."""
    address_persons: int
    """So many people at one address on one day are a cluster, known networks aside."""
    device_persons: int
    """So many people with one browser at one address on one day share a device."""
    person_addresses: int
    """So many addresses of one person within ``person_addresses_seconds`` are unusual."""
    person_addresses_seconds: int
    """See ``person_addresses``."""
