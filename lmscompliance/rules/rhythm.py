"""What is unusual about one person's learning: put before a person to look at, never a verdict.

Whoever forges beats has to do it in a rhythm. A browser's timers and a network are never exact, people
pause, look away and sleep; where none of this shows, somebody should look. What is unusual is the policy's
to say (``anomaly.*``). Honest people come out unusual now and then, which is why nothing here changes a
second of credit.

Instants are those of the server's receipt. The order in which sessions and beats are handed in changes
nothing; the same facts give the same findings with the same subjects.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from statistics import median

from lmscompliance.kernel.clock import from_micros, shanghai_day
from lmscompliance.policy.terms import AnomalyTerms, CreditTerms
from lmscompliance.rules.arrivals import arrivals
from lmscompliance.rules.daytime import DAY_SECONDS, WHOLE_DAY
from lmscompliance.rules.facts import PresenceFact, SessionFact
from lmscompliance.rules.finding import HIGH, LOW, MEDIUM, Finding

_MS = 1_000
_SECOND = 1_000_000
_DAY = DAY_SECONDS * _SECOND
_NEAR_PERCENT = 20
"""Intervals this near to the usual one are those of the timer; others are changes of state and resends."""


@dataclass(frozen=True, slots=True)
class _Step:
    """The time between two consecutive beats of a session, by the state of the earlier one."""

    session: str
    start_us: int
    end_us: int
    advance_ms: int
    state: str
    next_state: str

    @property
    def length_us(self) -> int:
        return self.end_us - self.start_us

    @property
    def playing(self) -> bool:
        return self.state == "playing"


def findings(
    sessions: Iterable[SessionFact],
    terms: AnomalyTerms,
    credit: CreditTerms,
    *,
    checks: Iterable[PresenceFact] = (),
) -> list[Finding]:
    """Return what is unusual about one enrolment's ``sessions`` and presence ``checks``."""
    sessions = list(sessions)
    steps = sorted(
        (step for fact in sessions for step in _steps(fact) if step.length_us > 0),
        key=lambda step: (step.start_us, step.session, step.end_us),
    )
    # Nobody knows what happened in a silence: it says nothing for or against anybody.
    seen = [step for step in steps if step.length_us <= credit.max_gap_seconds * _SECOND]
    found: list[Finding] = []
    for day, of_day in _by_day(seen).items():
        found += _regular(day, of_day, terms)
        found += _drifting(day, of_day, terms, credit)
        found += _hidden(day, of_day, terms)
    studied = _joined((step.start_us, step.end_us) for step in seen if step.playing)
    found += _long_days(studied, seen, terms)
    found += _unbroken(seen, terms, credit)
    found += _round_the_clock(studied, seen, terms)
    found += _quick(checks, terms)
    found += arrivals(sessions, terms)
    return _longest(found)


def _longest(found: Iterable[Finding]) -> list[Finding]:
    """Of two findings of one name (two stretches that began on one day) keep the longer."""
    kept: dict[tuple[str, str], Finding] = {}
    for one in found:
        name = one.kind, one.subject
        if name not in kept or one.last_us - one.first_us > kept[name].last_us - kept[name].first_us:
            kept[name] = one
    return list(kept.values())


def _steps(fact: SessionFact) -> Iterator[_Step]:
    beats: dict[int, tuple[int, int, int, str]] = {}
    for segment in fact.segments:
        for beat in segment.beats:
            timed = (segment.start_us + beat.offset_ms * _MS, beat.seq, beat.position_ms, beat.state)
            beats[beat.seq] = min(timed, beats.get(beat.seq, timed))
    for before, after in pairwise(sorted(beats.values())):
        yield _Step(fact.session, before[0], after[0], after[2] - before[2], before[3], after[3])


def _by_day(steps: Iterable[_Step]) -> dict[date, list[_Step]]:
    days: defaultdict[date, list[_Step]] = defaultdict(list)
    for step in steps:
        days[_day(step.start_us)].append(step)
    return dict(sorted(days.items()))


def _day(instant_us: int) -> date:
    return shanghai_day(from_micros(instant_us))


def _about(
    kind: str, severity: str, subject: str, steps: Sequence[_Step], facts: Mapping[str, int]
) -> Finding:
    return Finding(
        kind=kind,
        severity=severity,
        subject=subject,
        first_us=min(step.start_us for step in steps),
        last_us=max(step.end_us for step in steps),
        sessions=tuple(dict.fromkeys(step.session for step in steps)),
        facts=facts,
    )


def _regular(day: date, steps: Sequence[_Step], terms: AnomalyTerms) -> Iterator[Finding]:
    """Yield the day if its beats came steadier than any browser's timer over any network."""
    if not terms.regular_beats:
        return
    timed = [step for step in steps if step.playing and step.next_state == "playing"]
    if len(timed) < terms.regular_beats:
        return
    usual = median(step.length_us for step in timed)
    near = [step for step in timed if abs(step.length_us - usual) * 100 <= usual * _NEAR_PERCENT]
    if len(near) < terms.regular_beats:
        return
    lengths = sorted(step.length_us for step in near)
    tenth = len(lengths) // 10
    spread_us = lengths[-1 - tenth] - lengths[tenth]
    if spread_us < terms.regular_spread_ms * _MS:
        facts = {"intervals": len(near), "spread_us": spread_us, "usual_ms": int(usual) // _MS}
        yield _about("regular_beats", HIGH, day.isoformat(), near, facts)


def _drifting(
    day: date, steps: Sequence[_Step], terms: AnomalyTerms, credit: CreditTerms
) -> Iterator[Finding]:
    """Yield the day if its lessons steadily played faster than they may: no real clock does that.

    The median of the rates, so that seeks and stalls, which are few, do not matter. A slower page is not
    looked at: playing slowly is nobody's fault.
    """
    if not terms.drift_seconds:
        return
    timed = [step for step in steps if step.playing and step.next_state == "playing" and step.advance_ms > 0]
    seconds = sum(step.length_us for step in timed) // _SECOND
    if seconds < terms.drift_seconds:
        return
    rate = median(step.advance_ms * _SECOND // step.length_us for step in timed)
    if rate > credit.max_rate_permille + terms.drift_permille:
        facts = {"rate_permille": int(rate), "seconds": seconds, "permitted": credit.max_rate_permille}
        yield _about("clock_drift", MEDIUM, day.isoformat(), timed, facts)


def _hidden(day: date, steps: Sequence[_Step], terms: AnomalyTerms) -> Iterator[Finding]:
    """Yield the day if its pages ran in the background."""
    if not terms.hidden_seconds:
        return
    hidden = [step for step in steps if step.state == "hidden"]
    hidden_us, total_us = (sum(step.length_us for step in some) for some in (hidden, steps))
    if hidden_us >= terms.hidden_seconds * _SECOND and hidden_us * 1000 >= total_us * terms.hidden_permille:
        facts = {"hidden_seconds": hidden_us // _SECOND, "seconds": total_us // _SECOND}
        yield _about("background", LOW, day.isoformat(), hidden, facts)


def _joined(spans: Iterable[tuple[int, int]], *, gap_us: int = 0) -> list[tuple[int, int]]:
    """Return the union of ``spans``; those at most ``gap_us`` apart become one."""
    joined: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if joined and start - joined[-1][1] <= gap_us:
            joined[-1] = joined[-1][0], max(joined[-1][1], end)
        else:
            joined.append((start, end))
    return joined


def _long_days(
    studied: Sequence[tuple[int, int]], steps: Sequence[_Step], terms: AnomalyTerms
) -> Iterator[Finding]:
    """Yield the days of more study than anybody does."""
    if not terms.day_seconds:
        return
    totals: defaultdict[date, int] = defaultdict(int)
    for start, end in studied:
        for midnight, next_midnight in WHOLE_DAY.occurrences(start // _SECOND, end // _SECOND + 1):
            within = min(end, next_midnight * _SECOND) - max(start, midnight * _SECOND)
            totals[_day(midnight * _SECOND)] += max(0, within)
    for day, total_us in sorted(totals.items()):
        if total_us > terms.day_seconds * _SECOND:
            of_day = [step for step in steps if _day(step.start_us) == day or _day(step.end_us) == day]
            yield _about("long_day", MEDIUM, day.isoformat(), of_day, {"seconds": total_us // _SECOND})


def _unbroken(steps: Sequence[_Step], terms: AnomalyTerms, credit: CreditTerms) -> Iterator[Finding]:
    """Yield the hours in which the position ran with the clock: no pause, look away or seek."""
    if not terms.unbroken_seconds:
        return
    stretch: list[_Step] = []
    for step in [*steps, None]:
        straight = step is not None and step.playing and _straight(step, terms)
        joins = bool(
            stretch
            and step is not None
            and 0 <= step.start_us - stretch[-1].end_us <= credit.max_gap_seconds * _SECOND
        )
        if straight and (joins or not stretch):
            stretch.append(step)  # type: ignore[arg-type]  # straight only if there is a step
            continue
        if stretch and stretch[-1].end_us - stretch[0].start_us >= terms.unbroken_seconds * _SECOND:
            seconds = (stretch[-1].end_us - stretch[0].start_us) // _SECOND
            day = _day(stretch[0].start_us).isoformat()
            yield _about("unbroken", LOW, day, stretch, {"seconds": seconds, "beats": len(stretch)})
        stretch = [step] if straight and step is not None else []


def _straight(step: _Step, terms: AnomalyTerms) -> bool:
    return abs(step.advance_ms - step.length_us // _MS) <= terms.linear_tolerance_ms


def _round_the_clock(
    studied: Sequence[tuple[int, int]], steps: Sequence[_Step], terms: AnomalyTerms
) -> Iterator[Finding]:
    """Yield each stretch of a day and a night or more without rest."""
    if not terms.rest_seconds:
        return
    for start, end in _joined(studied, gap_us=terms.rest_seconds * _SECOND - 1):
        if end - start < _DAY:
            continue
        within = [step for step in steps if step.playing and start <= step.start_us < end]
        spans = [span for span in studied if start <= span[0] < end]
        facts = {
            "hours": (end - start) // (3600 * _SECOND),
            "studied_seconds": sum(until - since for since, until in spans) // _SECOND,
            "rest_seconds": max((b[0] - a[1] for a, b in pairwise(spans)), default=0) // _SECOND,
        }
        yield _about("round_the_clock", HIGH, _day(start).isoformat(), within, facts)


def _quick(checks: Iterable[PresenceFact], terms: AnomalyTerms) -> Iterator[Finding]:
    """Yield the days whose checks were answered before anybody could have read them."""
    if not terms.quick_answers:
        return
    days: defaultdict[date, list[tuple[int, int, str]]] = defaultdict(list)
    for one in checks:
        if one.decided_us is not None and one.decided_us - one.issued_us < terms.quick_answer_ms * _MS:
            days[_day(one.issued_us)].append((one.issued_us, one.decided_us, one.session))
    for day, quick in sorted(days.items()):
        if len(quick) >= terms.quick_answers:
            quick.sort()
            yield Finding(
                kind="quick_answers",
                severity=HIGH,
                subject=day.isoformat(),
                first_us=quick[0][0],
                last_us=max(decided for _, decided, _ in quick),
                sessions=tuple(dict.fromkeys(session for _, _, session in quick)),
                facts={
                    "answers": len(quick),
                    "fastest_ms": min(decided - issued for issued, decided, _ in quick) // _MS,
                },
            )
