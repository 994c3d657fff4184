"""Which seconds of a trainee's sessions count, and why the others do not.

Instants are first floored to whole seconds, so every second of every session lies in exactly one interval
and gets exactly one verdict: credited, or one reason of ``policy.REASONS``. Integers only; the order in
which sessions, segments and beats are handed in changes nothing.

1. A second between two consecutive beats is judged by the earlier one's state, the time between them, the
   advance of the position, what either beat is marked with, and whether a late one came within the window.
   Time no two beats enclose (before the first, after the last) is idle.
2. What a missed presence check voids (``rules.presence``) and what an identity that is not verified voids
   (``rules.identity``) is marked.
3. Corrections of staff add a mark, or take away those so far; the later holds over the earlier. Time before
   the approval, outside the window or the permitted times of day, after the session was taken over, or
   while a later started session of the same trainee ran is marked, and no correction undoes that.
4. What carries no mark so far counts, in the order of time, until its lesson, its day or its time of day is
   full (``caps``). From that moment on further time of a lesson is over its length, or a repeat in any
   other session, and further time of the day is over its limit. Attending an offline lesson fills the day
   in the same order; a second that counts in a session is not counted there again.
5. The time of a lesson whose quiz is still to be passed (``rules.quizzes``) is marked last, after it has
   taken its part of lessons and limits: passing the quiz credits it and changes no other second.
6. Where several marks meet, the policy's precedence decides which one is the reason.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from lmscompliance.policy.terms import REASONS, CreditTerms
from lmscompliance.rules.account import AWAITING_QUIZ, Account, Interval, SessionAccount
from lmscompliance.rules.caps import mark_full
from lmscompliance.rules.daytime import DayTime
from lmscompliance.rules.facts import (
    LIVE,
    UNANSWERED,
    UNTIMELY,
    ClassFact,
    LessonFact,
    SessionFact,
    Stay,
)
from lmscompliance.rules.pace import TimedBeat, pace
from lmscompliance.rules.presence import Void
from lmscompliance.rules.run import Piece, Run

__all__ = ["Account", "Interval", "SessionAccount", "account"]

SECOND_US = 1_000_000
_MILLISECOND_US = 1_000
EXCLUDE, RESTORE = "exclude", "restore"
"""What a correction does (``facts.Correction.effect``)."""
LIMITS = frozenset(
    {
        "unverified_identity",
        "duplicate",
        "before_approval",
        "outside_window",
        "outside_hours",
        "not_live",
        "overlap",
        "repeat",
        "over_length",
        "daily_cap",
        "period_cap",
        AWAITING_QUIZ,
    }
)
"""Reasons that hold whatever a person did: no correction restores such time. All others can be in error."""
_STATE_REASON = {"hidden": "page_hidden"}
"""A state that does not count is called paused, except these."""


def account(
    sessions: Iterable[SessionFact],
    lessons: Iterable[LessonFact],
    terms: CreditTerms,
    class_fact: ClassFact,
    voids: Iterable[Void] = (),
    *,
    stays: Iterable[Stay] = (),
) -> Account:
    """Judge every second of one enrolment's ``sessions`` and ``stays`` (in offline lessons).

    ``voids`` is what checks of any kind took away from the sessions.

    A session whose lesson is not in the plan has a planned length of zero, so all of it is over length.
    Raises ``ValueError`` when a session is handed in twice.
    """
    order = _order_of(terms)
    bits = {reason: 1 << place for place, reason in enumerate(order)}
    runs = [
        _run(fact, terms, bits) for fact in sorted(sessions, key=lambda fact: (fact.opened_us, fact.session))
    ]
    if len({run.fact.session for run in runs}) != len(runs):
        msg = "a session was handed in twice"
        raise ValueError(msg)
    voids = list(voids)
    _mark_voids(runs, [one for one in voids if one.reason != AWAITING_QUIZ], bits)
    _correct(runs, bits)
    _mark_class(runs, terms, class_fact, bits)
    lessons = list(lessons)
    _mark_live(runs, lessons, bits["not_live"])
    _mark_overlaps(runs, bits["overlap"])
    attended = _stays(stays, bits)
    _mark_class(attended, terms, class_fact, bits)
    mark_full(runs, lessons, terms, bits, attended)
    _mark_voids(runs, [one for one in voids if one.reason == AWAITING_QUIZ], bits)
    return _close_account(runs, attended, order)


def _order_of(terms: CreditTerms) -> list[str]:
    """Return all reasons by precedence; those a policy written earlier does not name come last."""
    return [*terms.precedence, *(reason for reason in REASONS if reason not in terms.precedence)]


def _run(fact: SessionFact, terms: CreditTerms, bits: Mapping[str, int]) -> Run:
    beats = _beats(fact, terms)
    end_us = fact.closed_us
    if end_us is None:
        # A running session reaches as far as something of it was seen.
        seen = [fact.opened_us, *(segment.end_us for segment in fact.segments)]
        end_us = max(*seen, beats[-1][0]) if beats else max(seen)
    start = fact.opened_us // SECOND_US
    end = max(start, end_us // SECOND_US)
    taken_over = end if fact.superseded_us is None else min(end, max(start, fact.superseded_us // SECOND_US))
    run = Run(fact, start, end, taken_over, _judge_beats(beats, start, end, terms, bits))
    run.mark(taken_over, end, bits["overlap"])
    return run


def _beats(fact: SessionFact, terms: CreditTerms) -> list[TimedBeat]:
    """Return the session's beats in the order of time; of beats under one number the earliest counts."""
    first: dict[int, TimedBeat] = {}
    unanswered = ("unanswered",) if terms.answered_only else ()
    window_us = terms.late_window_seconds * SECOND_US
    for segment in fact.segments:
        arrived_us = segment.start_us if segment.arrived_us is None else segment.arrived_us
        late = ("late",) if arrived_us - segment.start_us > window_us else ()
        against = {"": late, UNANSWERED: unanswered + late, UNTIMELY: ("late",)}
        for beat in segment.beats:
            timed = (
                segment.start_us + beat.offset_ms * _MILLISECOND_US,
                beat.seq,
                beat.position_ms,
                beat.state,
                against[beat.mark],
            )
            if beat.seq not in first or timed < first[beat.seq]:
                first[beat.seq] = timed
    return sorted(first.values())


def _judge_beats(
    beats: Sequence[TimedBeat], start: int, end: int, terms: CreditTerms, bits: Mapping[str, int]
) -> list[Piece]:
    """Cover ``[start, end)`` with pieces judged by the two beats around them, alike neighbours joined."""
    pieces: list[Piece] = []
    idle = bits["idle_gap"]
    reached = start
    paces = pace(beats, terms)
    for number, beat in enumerate(beats):
        until = min(end, max(start, beat[0] // SECOND_US))
        if until > reached:
            mask = _judge(beats[number - 1], beat, terms, bits) if number else idle
            mask |= bits[paces[number]] if paces[number] else 0
            if pieces and pieces[-1].mask == mask:
                pieces[-1].end = until
            else:
                pieces.append(Piece(reached, until, mask))
            reached = until
    if reached < end:
        pieces.append(Piece(reached, end, idle))
    return pieces


def _judge(before: TimedBeat, after: TimedBeat, terms: CreditTerms, bits: Mapping[str, int]) -> int:
    """Return the reasons that two consecutive beats give against the time between them."""
    mask = 0
    for reason in before[4] + after[4]:
        mask |= bits[reason]
    state = before[3]
    elapsed_us = after[0] - before[0]
    if state not in terms.countable_states:
        mask |= bits[_STATE_REASON.get(state, "paused")]
    if elapsed_us > terms.max_gap_seconds * SECOND_US:
        mask |= bits["idle_gap"]
    return mask


def _correct(runs: Iterable[Run], bits: Mapping[str, int]) -> None:
    """Let staff's corrections hold, the later over the earlier."""
    restorable = sum(bit for reason, bit in bits.items() if reason not in LIMITS)
    for run in runs:
        for one in sorted(run.fact.corrections, key=lambda one: (one.at_us, one.correction)):
            start, end = one.start_us // SECOND_US, one.end_us // SECOND_US
            if one.effect == RESTORE:
                run.change(start, end, drop=restorable)
            else:
                run.mark(start, end, bits["corrected"])


def _mark_class(
    runs: Iterable[Run], terms: CreditTerms, class_fact: ClassFact, bits: Mapping[str, int]
) -> None:
    """Mark what lies before the approval or outside the window; a second counts if all of it lies inside."""
    approved = class_fact.approved_us
    opens = -(-class_fact.window_start_us // SECOND_US)
    closes = class_fact.window_end_us // SECOND_US
    for run in runs:
        if terms.after_approval:
            counts_from = run.end if approved is None else -(-approved // SECOND_US)
            run.mark(run.start, counts_from, bits["before_approval"])
        run.mark(run.start, opens, bits["outside_window"])
        run.mark(closes, run.end, bits["outside_window"])
        if terms.hours_of_day:
            _mark_hours(run, [DayTime.parse(text) for text in terms.hours_of_day], bits["outside_hours"])


def _mark_hours(run: Run, permitted: Sequence[DayTime], bit: int) -> None:
    """Mark what lies in none of the permitted times of day."""
    reached = run.start
    for low, high in sorted(times for one in permitted for times in one.occurrences(run.start, run.end)):
        run.mark(reached, low, bit)
        reached = max(reached, high)
    run.mark(reached, run.end, bit)


def _mark_live(runs: Iterable[Run], lessons: Iterable[LessonFact], bit: int) -> None:
    """Mark the time in live lessons during which they were not held; a begun second was not."""
    held = {lesson.id: sorted(lesson.held_us) for lesson in lessons if lesson.mode == LIVE}
    for run in runs:
        if run.fact.lesson not in held:
            continue
        reached = run.start
        for start_us, end_us in held[run.fact.lesson]:
            run.mark(reached, -(-start_us // SECOND_US), bit)
            reached = max(reached, end_us // SECOND_US)
        run.mark(reached, run.end, bit)


def _mark_overlaps(runs: Sequence[Run], bit: int) -> None:
    """Mark what a later started session covers; so no second counts in two sessions."""
    for place, run in enumerate(runs):
        for later in runs[place + 1 :]:
            if later.start >= run.end:
                break
            run.mark(later.start, later.taken_over, bit)


def _mark_voids(runs: Iterable[Run], voids: Iterable[Void], bits: Mapping[str, int]) -> None:
    """Mark what no presence check proves, nobody known by name has learnt, or no quiz released."""
    for void in voids:
        for run in runs:
            if void.session in {None, run.fact.session}:
                start = run.start if void.start_s is None else void.start_s
                run.mark(start, run.end if void.end_s is None else void.end_s, bits[void.reason])


def _stays(stays: Iterable[Stay], bits: Mapping[str, int]) -> list[Run]:
    """Return the time in offline lessons; of two at one time the one that began first keeps it."""
    runs: list[Run] = []
    reached = 0
    for one in sorted(stays, key=lambda stay: (stay.start_s, stay.end_s, stay.lesson)):
        fact = SessionFact("", one.lesson, one.start_s * SECOND_US)
        mask = bits[one.reason] if one.reason else 0
        run = Run(fact, one.start_s, one.end_s, one.end_s, [Piece(one.start_s, one.end_s, mask)])
        run.mark(run.start, reached, bits["overlap"])
        if not one.reason:
            reached = max(reached, run.end)
        runs.append(run)
    return runs


def _close_account(runs: Sequence[Run], attended: Sequence[Run], order: Sequence[str]) -> Account:
    sessions: dict[str, SessionAccount] = {}
    lessons: dict[str, int] = {}
    totals: dict[str, int] = {}
    credited_total = 0
    everything: list[Interval] = []
    for run in runs:
        intervals = run.intervals(order)
        credited = 0
        excluded: dict[str, int] = {}
        for interval in intervals:
            if interval.reason is None:
                credited += interval.seconds
            else:
                excluded[interval.reason] = excluded.get(interval.reason, 0) + interval.seconds
        for reason, seconds in excluded.items():
            totals[reason] = totals.get(reason, 0) + seconds
        credited_total += credited
        fact = run.fact
        lessons[fact.lesson] = lessons.get(fact.lesson, 0) + credited
        sessions[fact.session] = SessionAccount(
            fact.session,
            fact.lesson,
            run.start,
            run.end,
            credited,
            _ranked(excluded, order),
            tuple(intervals),
        )
        everything += intervals
    everything.sort(key=lambda interval: (interval.start_s, interval.end_s, interval.session))
    stayed = tuple(interval for run in attended for interval in run.intervals(order))
    return Account(tuple(everything), credited_total, _ranked(totals, order), sessions, lessons, stayed)


def _ranked(excluded: Mapping[str, int], order: Sequence[str]) -> dict[str, int]:
    """Put the sums into the order of precedence, so that equal accounts print equally."""
    return {reason: excluded[reason] for reason in order if reason in excluded}
