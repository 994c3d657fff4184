"""The rules of credit read out slowly, one second at a time; what the fast judge must agree with."""

from __future__ import annotations

from collections import Counter

from tests.rules.build import S


def judge_each_second(given_sessions, lessons, terms, class_fact):  # noqa: C901, PLR0915  # one rule after another
    """Return ``(session, second) -> reason`` by asking about one second at a time."""
    spans, timelines = {}, {}
    for fact in given_sessions:
        first = {}
        for segment in fact.segments:
            for beat in segment.beats:
                timed = (segment.start_us + beat.offset_ms * 1000, beat.seq, beat.position_ms, beat.state)
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
        start, _, taken = spans[fact.session]
        found = set()
        if class_fact.approved_us is None or second * S < class_fact.approved_us:
            found.add("before_approval")
        if second * S < class_fact.window_start_us or (second + 1) * S > class_fact.window_end_us:
            found.add("outside_window")
        later = ranked[ranked.index(fact) + 1 :]
        if second >= taken or any(spans[o.session][0] <= second < spans[o.session][2] for o in later):
            found.add("overlap")
        timeline = timelines[fact.session]
        # What was floored into a second already past belongs to nobody: the last such beat judges.
        floors = [max(start, beat[0] // S) for beat in timeline]
        after = next((n for n, floor in enumerate(floors) if floor > second), None)
        if after is None or after == 0:
            return found | {"idle_gap"}
        a, b = timeline[after - 1], timeline[after]
        if a[3] != "playing":
            found.add("page_hidden" if a[3] == "hidden" else "paused")
        elapsed_us, advance = b[0] - a[0], b[2] - a[2]
        if elapsed_us > terms.max_gap_seconds * S:
            return found | {"idle_gap"}
        if advance > elapsed_us // 1000 + terms.position_tolerance_ms:
            found.add("too_fast")
        elif advance <= 0 and elapsed_us // 1000 > terms.position_tolerance_ms:
            found.add("paused")
        return found

    marks = {
        (fact.session, second): reasons(fact, second)
        for fact in ranked
        for second in range(*spans[fact.session][:2])
    }
    planned = {one.id: one.planned_seconds for one in lessons}
    lesson_of = {fact.session: fact.lesson for fact in given_sessions}
    used, filled = Counter(), {}
    for session_id, second in sorted(marks, key=lambda key: key[1]):
        name = lesson_of[session_id]
        if not marks[session_id, second] and used[name] < planned.get(name, 0):
            used[name] += 1
            if used[name] == planned[name]:
                filled[name] = (second + 1, session_id)
    for (session_id, second), found in marks.items():
        name = lesson_of[session_id]
        if not planned.get(name):
            found.add("over_length")
        elif name in filled and second >= filled[name][0]:
            found.add("over_length" if filled[name][1] == session_id else "repeat")
    return {key: min(found, key=terms.precedence.index) if found else None for key, found in marks.items()}
