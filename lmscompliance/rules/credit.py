"""Which seconds of a trainee's sessions count, and why the others do not.

Instants are first floored to whole seconds, so every second of every session lies in exactly one interval
and gets exactly one verdict: credited, or one reason of ``policy.REASONS``. Integers only; the order in
which sessions, segments and beats are handed in changes nothing.

1. A second between two consecutive beats is judged by the earlier one's state, the time between them and
   the advance of the position. Time no two beats enclose (before the first, after the last) is idle.
2. Time before the approval, outside the window, after the session was taken over, or while a later started
   session of the same trainee ran is marked.
3. What carries no mark so far counts, in the order of time, until its lesson's planned length is full.
   From that moment on further time of the lesson is over its length, or a repeat in any other session.
4. Where several marks meet, the policy's precedence decides which one is the reason.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from lmscompliance.policy.terms import REASONS, CreditTerms
from lmscompliance.rules.account import Account, Interval, SessionAccount
from lmscompliance.rules.facts import ClassFact, LessonFact, SessionFact

__all__ = ["Account", "Interval", "SessionAccount", "account"]

SECOND_US = 1_000_000
_MILLISECOND_US = 1_000
_STATE_REASON = {"hidden": "page_hidden"}
"""A state that does not count is called paused, except these."""


class _Piece:
    """A stretch of a session with the set of reasons against it, as a bit for each place in precedence."""

    __slots__ = ("end", "mask", "start")

    def __init__(self, start: int, end: int, mask: int) -> None:
        self.start = start
        self.end = end
        self.mask = mask


@dataclass(slots=True)
class _Run:
    """A session being judged; ``taken_over`` is the second from which it no longer counts."""

    fact: SessionFact
    start: int
    end: int
    taken_over: int
    pieces: list[_Piece]

    def mark(self, start: int, end: int, bit: int) -> None:
        """Add the reason ``bit`` to every second of ``[start, end)`` that this session has."""
        if start >= self.end or end <= self.start or start >= end:
            return
        split: list[_Piece] = []
        for piece in self.pieces:
            low, high = max(start, piece.start), min(end, piece.end)
            if low >= high or piece.mask & bit:
                split.append(piece)
                continue
            if piece.start < low:
                split.append(_Piece(piece.start, low, piece.mask))
            if high < piece.end:
                split += _Piece(low, high, piece.mask | bit), _Piece(high, piece.end, piece.mask)
            else:
                split.append(_Piece(low, high, piece.mask | bit))
        self.pieces = split


def account(
    sessions: Iterable[SessionFact],
    lessons: Iterable[LessonFact],
    terms: CreditTerms,
    class_fact: ClassFact,
) -> Account:
    """Judge every second of one enrolment's ``sessions``.

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
    _mark_class(runs, terms, class_fact, bits)
    _mark_overlaps(runs, bits["overlap"])
    caps = {lesson.id: lesson.planned_seconds * terms.lesson_cap_permille // 1000 for lesson in lessons}
    _mark_full_lessons(runs, caps, bits)
    return _close_account(runs, order)


def _order_of(terms: CreditTerms) -> list[str]:
    """Return all reasons by precedence; those a policy written earlier does not name come last."""
    return [*terms.precedence, *(reason for reason in REASONS if reason not in terms.precedence)]


def _run(fact: SessionFact, terms: CreditTerms, bits: Mapping[str, int]) -> _Run:
    beats = _beats(fact)
    end_us = fact.closed_us
    if end_us is None:
        # A running session reaches as far as something of it was seen.
        seen = [fact.opened_us, *(segment.end_us for segment in fact.segments)]
        end_us = max(*seen, beats[-1][0]) if beats else max(seen)
    start = fact.opened_us // SECOND_US
    end = max(start, end_us // SECOND_US)
    taken_over = end if fact.superseded_us is None else min(end, max(start, fact.superseded_us // SECOND_US))
    run = _Run(fact, start, end, taken_over, _judge_beats(beats, start, end, terms, bits))
    run.mark(taken_over, end, bits["overlap"])
    return run


_TimedBeat = tuple[int, int, int, str]
"""Instant in µs, sequence number, position in ms, state: sorts by time, then by number."""


def _beats(fact: SessionFact) -> list[_TimedBeat]:
    """Return the session's beats in the order of time; of beats under one number the earliest counts."""
    first: dict[int, _TimedBeat] = {}
    for segment in fact.segments:
        for beat in segment.beats:
            timed = (
                segment.start_us + beat.offset_ms * _MILLISECOND_US,
                beat.seq,
                beat.position_ms,
                beat.state,
            )
            if beat.seq not in first or timed < first[beat.seq]:
                first[beat.seq] = timed
    return sorted(first.values())


def _judge_beats(
    beats: Sequence[_TimedBeat], start: int, end: int, terms: CreditTerms, bits: Mapping[str, int]
) -> list[_Piece]:
    """Cover ``[start, end)`` with pieces, each judged by the two beats around it."""
    pieces: list[_Piece] = []
    idle = bits["idle_gap"]
    reached = start
    for number, beat in enumerate(beats):
        until = min(end, max(start, beat[0] // SECOND_US))
        if until > reached:
            mask = _judge(beats[number - 1], beat, terms, bits) if number else idle
            pieces.append(_Piece(reached, until, mask))
            reached = until
    if reached < end:
        pieces.append(_Piece(reached, end, idle))
    return pieces


def _judge(before: _TimedBeat, after: _TimedBeat, terms: CreditTerms, bits: Mapping[str, int]) -> int:
    """Return the reasons that two consecutive beats give against the time between them."""
    mask = 0
    state = before[3]
    elapsed_us = after[0] - before[0]
    if state not in terms.countable_states:
        mask |= bits[_STATE_REASON.get(state, "paused")]
    if elapsed_us > terms.max_gap_seconds * SECOND_US:
        # Nobody saw what the position did meanwhile, so it proves nothing in either direction.
        return mask | bits["idle_gap"]
    advance_ms = after[2] - before[2]
    elapsed_ms = elapsed_us // _MILLISECOND_US
    if advance_ms > elapsed_ms * terms.max_rate_permille // 1000 + terms.position_tolerance_ms:
        mask |= bits["too_fast"]
    elif advance_ms <= 0 and elapsed_ms > terms.position_tolerance_ms:
        mask |= bits["paused"]
    return mask


def _mark_class(
    runs: Iterable[_Run], terms: CreditTerms, class_fact: ClassFact, bits: Mapping[str, int]
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


def _mark_overlaps(runs: Sequence[_Run], bit: int) -> None:
    """Mark what a later started session covers; so no second counts in two sessions."""
    for place, run in enumerate(runs):
        for later in runs[place + 1 :]:
            if later.start >= run.end:
                break
            run.mark(later.start, later.taken_over, bit)


def _mark_full_lessons(runs: Sequence[_Run], caps: Mapping[str, int], bits: Mapping[str, int]) -> None:
    """Credit unmarked time in its order until each lesson is full, then mark the lesson's further time."""
    left = dict(caps)
    full: dict[str, tuple[int, _Run | None]] = {
        run.fact.lesson: (run.start, None) for run in reversed(runs) if caps.get(run.fact.lesson, 0) <= 0
    }
    # No two unmarked pieces overlap, so their starts put them in one order.
    for start, length, holder in sorted(
        (
            (piece.start, piece.end - piece.start, run)
            for run in runs
            for piece in run.pieces
            if not piece.mask
        ),
        key=lambda entry: entry[0],
    ):
        lesson = holder.fact.lesson
        if lesson in full:
            continue
        if length >= left[lesson]:
            full[lesson] = (start + left[lesson], holder)
        left[lesson] -= length
    for run in runs:
        if run.fact.lesson in full:
            since, by = full[run.fact.lesson]
            reason = "over_length" if by is None or by is run else "repeat"
            run.mark(since, run.end, bits[reason])


def _close_account(runs: Sequence[_Run], order: Sequence[str]) -> Account:
    sessions: dict[str, SessionAccount] = {}
    lessons: dict[str, int] = {}
    totals: dict[str, int] = {}
    credited_total = 0
    everything: list[Interval] = []
    for run in runs:
        intervals = _intervals(run, order)
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
    return Account(tuple(everything), credited_total, _ranked(totals, order), sessions, lessons)


def _intervals(run: _Run, order: Sequence[str]) -> list[Interval]:
    """Turn pieces into intervals with one reason each, neighbours of one verdict joined."""
    joined: list[tuple[int, int, str | None]] = []
    for piece in run.pieces:
        # The lowest bit is the reason that comes first in precedence.
        reason = order[(piece.mask & -piece.mask).bit_length() - 1] if piece.mask else None
        if joined and joined[-1][2] == reason:
            joined[-1] = (joined[-1][0], piece.end, reason)
        else:
            joined.append((piece.start, piece.end, reason))
    fact = run.fact
    return [Interval(fact.session, fact.lesson, start, end, reason) for start, end, reason in joined]


def _ranked(excluded: Mapping[str, int], order: Sequence[str]) -> dict[str, int]:
    """Put the sums into the order of precedence, so that equal accounts print equally."""
    return {reason: excluded[reason] for reason in order if reason in excluded}
