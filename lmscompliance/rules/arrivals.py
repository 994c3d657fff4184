"""What the way beats arrive says: reports that knew no answer, and time that nearly always came late.

Part of ``rules.rhythm``: put before a person to look at, never a verdict. A script that reads no answers
has no nonce to show; one that reads an answer now and then can claim to have been without a network.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date

from lmscompliance.kernel.clock import from_micros, shanghai_day
from lmscompliance.policy.terms import AnomalyTerms
from lmscompliance.rules.facts import UNANSWERED, Segment, SessionFact
from lmscompliance.rules.finding import HIGH, MEDIUM, Finding

_MS = 1_000
_SECOND = 1_000_000


def arrivals(sessions: Iterable[SessionFact], terms: AnomalyTerms) -> Iterator[Finding]:
    """Yield the days on which ``sessions`` reported without having read answers, or nearly always late."""
    segments = sorted(
        (segment for fact in sessions for segment in fact.segments),
        key=lambda segment: (segment.start_us, segment.session, segment.n),
    )
    days: defaultdict[date, list[Segment]] = defaultdict(list)
    for segment in segments:
        days[shanghai_day(from_micros(segment.start_us))].append(segment)
    for day, of_day in days.items():
        yield from _unanswered(day, of_day, terms)
        yield from _late(day, of_day, terms)


def _unanswered(day: date, segments: Sequence[Segment], terms: AnomalyTerms) -> Iterator[Finding]:
    if not terms.unanswered_beats:
        return
    blind = {segment: [beat for beat in segment.beats if beat.mark == UNANSWERED] for segment in segments}
    guilty = [segment for segment, beats in blind.items() if beats]
    count = sum(len(beats) for beats in blind.values())
    if count >= terms.unanswered_beats:
        yield _about("unanswered", HIGH, day, guilty, {"beats": count})


def _late(day: date, segments: Sequence[Segment], terms: AnomalyTerms) -> Iterator[Finding]:
    if not terms.late_seconds:
        return
    late = [segment for segment in segments if segment.arrived_us is not None]
    late_us, total_us = (sum(one.end_us - one.start_us for one in some) for some in (late, segments))
    if late_us >= terms.late_seconds * _SECOND and late_us * 1000 >= total_us * terms.late_permille:
        facts = {"late_seconds": late_us // _SECOND, "seconds": total_us // _SECOND, "times": len(late)}
        yield _about("mostly_late", MEDIUM, day, late, facts)


def _about(
    kind: str, severity: str, day: date, segments: Sequence[Segment], facts: dict[str, int]
) -> Finding:
    return Finding(
        kind=kind,
        severity=severity,
        subject=day.isoformat(),
        first_us=segments[0].start_us,
        last_us=max(segment.end_us for segment in segments),
        sessions=tuple(dict.fromkeys(segment.session for segment in segments)),
        facts=facts,
    )
