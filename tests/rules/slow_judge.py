"""The rules of credit read out slowly, one second at a time; what the fast judge must agree with."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

from tests.rules.build import S


def _against(segment, beat, terms) -> tuple[str, ...]:
    found = []
    if beat.mark == "unanswered" and terms.answered_only:
        found.append("unanswered")
    tardy = segment.arrived_us is not None and segment.arrived_us > segment.start_us + (
        terms.late_window_seconds * S
    )
    if beat.mark == "untimely" or tardy:
        found.append("late")
    return tuple(found)


def judge_each_second(given_sessions, lessons, terms, class_fact, void=lambda *_: False):  # noqa: C901, PLR0912, PLR0915  # rule after rule
    """Return ``(session, second) -> reason`` by asking about one second at a time."""
    spans, timelines = {}, {}
    for fact in given_sessions:
        first = {}
        for segment in fact.segments:
            for beat in segment.beats:
                at_us = segment.start_us + beat.offset_ms * 1000
                timed = (at_us, beat.seq, beat.position_ms, beat.state, _against(segment, beat, terms))
                first[beat.seq] = min(first.get(beat.seq, timed), timed)
        timeline = timelines[fact.session] = sorted(first.values())
        end_us = fact.closed_us
        if end_us is None:
            end_us = max(
                [fact.opened_us, *(s.end_us for s in fact.segments), *(beat[0] for beat in timeline)]
            )
        start = fact.opened_us // S
        end = max(start, end_us // S)
        taken = end if fact.superseded_us is None else min(end, max(start, fact.superseded_us // S))
        spans[fact.session] = (start, end, taken)
    ranked = sorted(given_sessions, key=lambda fact: (fact.opened_us, fact.session))

    def reasons(fact, second):
        taken = spans[fact.session][2]
        found = set()
        if class_fact.approved_us is None or second * S < class_fact.approved_us:
            found.add("before_approval")
        if second * S < class_fact.window_start_us or (second + 1) * S > class_fact.window_end_us:
            found.add("outside_window")
        if terms.hours_of_day and not any(_within(text, second) for text in terms.hours_of_day):
            found.add("outside_hours")
        later = ranked[ranked.index(fact) + 1 :]
        if second >= taken or any(spans[o.session][0] <= second < spans[o.session][2] for o in later):
            found.add("overlap")
        return found

    def beaten(fact, second):
        start, found = spans[fact.session][0], set()
        timeline = timelines[fact.session]
        # What was floored into a second already past belongs to nobody: the last such beat judges.
        floors = [max(start, beat[0] // S) for beat in timeline]
        after = next((n for n, floor in enumerate(floors) if floor > second), None)
        if after is None or after == 0:
            return {"idle_gap"}
        a, b = timeline[after - 1], timeline[after]
        found.update(a[4], b[4])
        if a[3] != "playing":
            found.add("page_hidden" if a[3] == "hidden" else "paused")
        if b[0] - a[0] > terms.max_gap_seconds * S:
            return found | {"idle_gap"}
        if _lead(timeline[: after + 1], terms) is None:
            found.add("too_fast")
        if _stood_still(timeline, after, terms):
            found.add("paused")
        return found

    def corrected(fact, second):
        found = beaten(fact, second)
        if void(fact.session, second):
            found = found | {"presence_missed"}
        for one in sorted(fact.corrections, key=lambda one: (one.at_us, one.correction)):
            if one.start_us // S <= second < one.end_us // S:
                found = set() if one.effect == "restore" else found | {"corrected"}
        return found

    marks = {
        (fact.session, second): reasons(fact, second) | corrected(fact, second)
        for fact in ranked
        for second in range(*spans[fact.session][:2])
    }
    planned = {one.id: one.planned_seconds for one in lessons}
    lesson_of = {fact.session: fact.lesson for fact in given_sessions}
    used, filled, learnt = Counter(), {}, {}
    for session_id, second in sorted(marks, key=lambda key: key[1]):
        name = lesson_of[session_id]
        if marks[session_id, second] or used[name] >= planned.get(name, 0):
            continue
        if learnt.get(name, (0, session_id))[1] != session_id:
            continue
        limits = _limits(terms, second)
        if any(used[key] >= cap for key, cap, _ in limits):
            continue
        used.update([name, *(key for key, _, _ in limits)])
        if name not in learnt and used[name] * 1000 >= planned[name] * terms.repeat_after_permille:
            learnt[name] = (second + 1, session_id)
        for key, cap in [(name, planned[name]), *((key, cap) for key, cap, _ in limits)]:
            if used[key] == cap:
                filled[key] = second + 1
    for (session_id, second), found in marks.items():
        name = lesson_of[session_id]
        if not planned.get(name):
            found.add("over_length")
        elif name in learnt and learnt[name][1] != session_id:
            if second >= learnt[name][0]:
                found.add("repeat")
        elif second >= filled.get(name, second + 1):
            found.add("over_length")
        for key, _, reason in _limits(terms, second):
            if second >= filled.get(key, second + 1):
                found.add(reason)
    return {key: min(found, key=terms.precedence.index) if found else None for key, found in marks.items()}


def _lead(timeline, terms):
    """Return how far the last position leads permitted playing; ``None`` if by more than is tolerated."""
    if len(timeline) == 1:
        return 0
    (a, *_), (b, *_) = timeline[-2:]
    if b - a > terms.max_gap_seconds * S:
        return 0
    earlier = timeline
    while (before := _lead(earlier := earlier[:-1], terms)) is None:
        # An interval that was too fast leaves the lead as it was before it.
        pass
    moved = timeline[-1][2] - timeline[-2][2]
    lead = max(0, before + moved - (b - a) // 1000)
    return lead if lead <= terms.position_tolerance_ms else None


def _stood_still(timeline, number, terms):
    """Tell whether the interval before beat ``number`` is in a run without progress that lasted too long."""

    def still(n):
        (a, _, low, *_), (b, _, high, *_) = timeline[n - 1 : n + 1]
        return high <= low and b - a <= terms.max_gap_seconds * S

    if not still(number):
        return False
    first = last = number
    while first > 1 and still(first - 1):
        first -= 1
    while last + 1 < len(timeline) and still(last + 1):
        last += 1
    rounded = sum((timeline[n][0] - timeline[n - 1][0]) // 1000 for n in range(first, last + 1))
    return rounded > terms.position_tolerance_ms


def _shanghai(second):
    return datetime.fromtimestamp(second, UTC).replace(tzinfo=None) + timedelta(hours=8)


def _within(text, second):
    clock = f"{_shanghai(second):%H:%M}"
    begins, ends = text[:5], text[6:11]
    return begins <= clock < ends if begins < ends else clock >= begins or clock < ends


def _limits(terms, second):
    """Return (what is counted, how much of it there may be, reason) of each limit this second is under."""
    moment = _shanghai(second)
    found = [
        # A stretch past midnight belongs to the day on which it began.
        (
            (text, (moment - timedelta(days=f"{moment:%H:%M}" < text[:5])).date()),
            int(text[12:]),
            "period_cap",
        )
        for text in terms.period_caps
        if _within(text, second)
    ]
    if terms.daily_cap_seconds is not None:
        found.append((moment.date(), terms.daily_cap_seconds, "daily_cap"))
    return found
