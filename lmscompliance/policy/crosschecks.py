"""What parameters must hold between them; each kind alone is checked by ``schema``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from lmscompliance.policy import schema
from lmscompliance.policy.notice import Given
from lmscompliance.policy.terms import REASONS, PresenceTerms, ProctorTerms

Contradiction = tuple[str, str, dict[str, object]]
"""The key to blame, the message's name in this room, and its parameters."""


def contradictions(parameters: Mapping[str, Given]) -> Iterator[Contradiction]:
    """Yield everything that cannot hold together in a complete set of parameters."""
    terms: dict[str, Any] = schema.terms_of({key: given.value for key, given in parameters.items()})
    window, credit, exam = terms["window"], terms["credit"], terms["exam"]
    if (window.starts_on is None) != (window.ends_on is None):
        stated = "window.starts_on" if window.starts_on else "window.ends_on"
        yield stated, "half_a_window", {}
    elif window.starts_on and window.ends_on < window.starts_on:
        yield "window.ends_on.value", "ends_before_it_begins", {"start": window.starts_on}
    if exam.pass_mark > exam.full_marks:
        yield "exam.pass_mark.value", "pass_above_full", {"full": exam.full_marks}
    if credit.max_gap_seconds < credit.beat_seconds:
        yield "credit.max_gap_seconds.value", "gap_below_beat", {"beat": credit.beat_seconds}
    if credit.segment_seconds < credit.beat_seconds:
        yield "credit.segment_seconds.value", "segment_below_beat", {"beat": credit.beat_seconds}
    if credit.lesson_cap_permille < terms["hours"].completion_ratio * 1000:
        yield (
            "credit.lesson_cap_permille.value",
            "cap_below_ratio",
            {"ratio": terms["hours"].completion_ratio},
        )
    if {"credit.daily_cap_seconds", "credit.daily_cap_class_hours"} <= parameters.keys():
        yield "credit.daily_cap_seconds", "two_daily_caps", {}
    attendance = terms["attendance"]
    if attendance.code_seconds < attendance.rotate_seconds:
        yield "attendance.code_seconds.value", "code_below_rotation", {"rotation": attendance.rotate_seconds}
    yield from _days("subsidy.claim_until", terms["subsidy"].claim_from, terms["subsidy"].claim_until)
    proofs = terms["proofs"]
    yield from _days("proofs.itinerary_to", proofs.itinerary_from, proofs.itinerary_to)
    yield from _presence(terms["presence"])
    yield from _proctor(terms["proctor"])
    missing = [reason for reason in REASONS if reason not in credit.precedence]
    if missing:
        yield "credit.precedence.value", "reason_missing", {"reasons": ", ".join(missing)}


def _proctor(proctor: ProctorTerms) -> Iterator[Contradiction]:
    if proctor.max_interval_seconds < proctor.min_interval_seconds:
        least = proctor.min_interval_seconds
        yield "proctor.max_interval_seconds.value", "photos_below_least", {"least": least}


def _presence(presence: PresenceTerms) -> Iterator[Contradiction]:
    if presence.max_interval_seconds < presence.min_interval_seconds:
        least = presence.min_interval_seconds
        yield "presence.max_interval_seconds.value", "interval_below_least", {"least": least}
    if presence.accessible_answer_seconds < presence.answer_seconds:
        usual = presence.answer_seconds
        yield "presence.accessible_answer_seconds.value", "accessible_is_shorter", {"usual": usual}


def _days(key: str, first: date | None, last: date | None) -> Iterator[Contradiction]:
    if first and last and last < first:
        yield f"{key}.value", "ends_before_it_begins", {"start": first}
