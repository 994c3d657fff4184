"""What an offline lesson is worth to a trainee: the mark (到、不到、告假、迟到、早退) and the seconds.

The mark follows from when the trainee signed in and out, or is the teacher's latest entry. Who was in time
earns the planned length; what 迟到 and 早退 missed is taken off as the policy says. Nothing here asks what
time it is: without a sign, an entry and a confirmed list there is no mark yet.

What it is worth lies in seconds of the clock: the first ones of the stay, since nobody records a lesson's
breaks. ``credit.account`` judges them beside the sessions, so that a second counts once, a day's limits hold
for both, and each second that does not count has one reason.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from lmscompliance.policy.notice import Notice
from lmscompliance.policy.terms import REASONS, AttendanceTerms
from lmscompliance.rules.account import Account
from lmscompliance.rules.facts import OFFLINE, AttendanceFacts, ClassFact, LessonFact, MarkFact, Stay
from lmscompliance.rules.marking import exact_sum
from lmscompliance.rules.presence import Void

SECOND_US = 1_000_000
MINUTE_US = 60 * SECOND_US

IN, OUT = "in", "out"
PURPOSES = (IN, OUT)


class Mark(StrEnum):
    """What stands in the sign-in sheet (签到表)."""

    PRESENT = "present"
    ABSENT = "absent"
    LEAVE = "leave"
    LATE = "late"
    EARLY = "early"
    LATE_EARLY = "late_early"


SIGNS: Mapping[Mark, str] = {
    Mark.PRESENT: "到",
    Mark.ABSENT: "○",
    Mark.LEAVE: "×",
    Mark.LATE: "¢",
    Mark.EARLY: "△",
    Mark.LATE_EARLY: "¢△",
}
"""The signs bureaus' sheets use: 到、不到○、告假×、迟到¢、早退△."""

_CAME = frozenset({Mark.PRESENT, Mark.LATE, Mark.EARLY, Mark.LATE_EARLY})


@dataclass(frozen=True, slots=True)
class Attended:
    """One trainee in one offline lesson; ``mark`` is ``None`` while nothing says whether they came.

    ``in_us`` and ``out_us`` are what was signed or entered. ``earned_seconds`` is what the attendance is
    worth, ``credited_seconds`` what counts of it now and ``excluded`` why the rest does not. It ``waits``,
    with neither, until the list is confirmed where the policy asks for that.
    """

    lesson: LessonFact
    mark: Mark | None
    in_us: int | None
    out_us: int | None
    entered: bool
    confirmed: bool
    earned_seconds: int
    credited_seconds: int = 0
    excluded: Mapping[str, int] = field(default_factory=dict)
    waits: bool = False


@dataclass(frozen=True, slots=True)
class Attendance:
    """One trainee in all offline lessons of the plan, in the plan's order."""

    lessons: tuple[Attended, ...] = ()

    def by_lesson(self, lesson: str) -> int:
        """Return the seconds credited to an offline lesson; 0 for any other."""
        return next((one.credited_seconds for one in self.lessons if one.lesson.id == lesson), 0)

    @property
    def planned_hours(self) -> Decimal:
        """The 课时 of all offline lessons."""
        return exact_sum(one.lesson.class_hours for one in self.lessons)

    @property
    def rate(self) -> Fraction:
        """Attended over planned offline 课时 (出勤率); 到、迟到、早退 are attended. 1 with none planned."""
        planned = self.planned_hours
        came = exact_sum(one.lesson.class_hours for one in self.lessons if one.mark in _CAME)
        return Fraction(came) / Fraction(planned) if planned else Fraction(1)


NONE = Attendance()


def is_time_to_sign(lesson: LessonFact, purpose: str, at_us: int, terms: AttendanceTerms) -> bool:
    """Tell whether one may sign in or out at ``at_us``: in until the lesson's end, out from its start on."""
    if lesson.starts_us is None or lesson.ends_us is None:
        return False
    if purpose == IN:
        return lesson.starts_us - terms.open_minutes * MINUTE_US <= at_us < lesson.ends_us
    return lesson.starts_us <= at_us <= lesson.ends_us + terms.close_minutes * MINUTE_US


def taught_online(lessons: Iterable[LessonFact]) -> list[LessonFact]:
    """Return the lessons that can be learnt in sessions; a session in any other earns nothing."""
    return [lesson for lesson in lessons if lesson.mode != OFFLINE]


def attended(
    lessons: Iterable[LessonFact],
    facts: AttendanceFacts,
    confirmed: Container[str],
    terms: AttendanceTerms,
) -> tuple[Attended, ...]:
    """Judge one enrolment in each offline lesson by itself, in the plan's order; nothing is credited yet.

    ``confirmed`` are the lessons whose lists the teacher confirmed. Whatever order the facts come in, the
    result is the same.
    """
    offline = sorted(
        (lesson for lesson in lessons if lesson.mode == OFFLINE), key=lambda one: (one.ordinal, one.id)
    )
    return tuple(judge(lesson, facts, terms, confirmed=lesson.id in confirmed) for lesson in offline)


def stays(
    some: Iterable[Attended], notice: Notice, class_fact: ClassFact, voids: Iterable[Void] = ()
) -> list[Stay]:
    """Return which seconds the attendance is worth, for ``credit.account`` to judge.

    ``voids`` is what speaks against the person (``rules.identity``, ``rules.merging``): what voids all of
    their time voids this too. A lesson that began before the approval counts for nothing.
    """
    against = next((one.reason for one in voids if one.session is None and one.start_s is None), None)
    approved_us = class_fact.approved_us
    found = []
    for one in some:
        if one.waits or not one.earned_seconds:
            continue
        begins_us = one.lesson.starts_us or 0
        early = notice.credit.after_approval and (approved_us is None or begins_us < approved_us)
        start = _came(one, notice.attendance)
        reason = against or ("before_approval" if early else None)
        found.append(Stay(one.lesson.id, start, start + one.earned_seconds, reason))
    return found


def credited(some: Iterable[Attended], account: Account) -> Attendance:
    """Return the attendance with what ``account``, judged with its ``stays``, let count of it."""
    seconds: dict[str, dict[str | None, int]] = {}
    for interval in account.attended:
        of_lesson = seconds.setdefault(interval.lesson, {})
        of_lesson[interval.reason] = of_lesson.get(interval.reason, 0) + interval.seconds
    return Attendance(tuple(_credited(one, seconds.get(one.lesson.id, {})) for one in some))


def judge(lesson: LessonFact, facts: AttendanceFacts, terms: AttendanceTerms, *, confirmed: bool) -> Attended:
    """Return the mark of one trainee in one lesson, and what it is worth by itself."""
    start, end = lesson.starts_us or 0, lesson.ends_us or 0
    timely = [
        one
        for one in facts.signs
        if one.lesson == lesson.id and is_time_to_sign(lesson, one.purpose, one.at_us, terms)
    ]
    in_us = min((one.at_us for one in timely if one.purpose == IN), default=None)
    out_us = max((one.at_us for one in timely if one.purpose == OUT), default=None)
    if in_us is None or (out_us is not None and out_us < in_us):
        # Somebody who was never seen coming is not seen leaving.
        out_us = None
    entries = [one for one in facts.marks if one.lesson == lesson.id]
    if entries:
        # Two entries in one microsecond cannot be told apart by time; the order of their words decides.
        entry = max(entries, key=lambda one: (one.marked_us, one.mark, one.in_us or 0, one.out_us or 0))
        mark: Mark | None = Mark(entry.mark)
        in_us, out_us = _entered(entry, in_us, out_us)
    else:
        mark = _derived(in_us, out_us, start, end, terms)
        if mark is None and confirmed:
            mark = Mark.ABSENT
    earned = _earned(lesson, mark, in_us, out_us, terms, entered=bool(entries))
    waits = terms.requires_cosign and not confirmed
    return Attended(lesson, mark, in_us, out_us, bool(entries), confirmed, earned, waits=waits)


def _entered(entry: MarkFact, in_us: int | None, out_us: int | None) -> tuple[int | None, int | None]:
    if entry.mark not in _CAME:
        return None, None
    return (
        in_us if entry.in_us is None else entry.in_us,
        out_us if entry.out_us is None else entry.out_us,
    )


def _derived(
    in_us: int | None, out_us: int | None, start: int, end: int, terms: AttendanceTerms
) -> Mark | None:
    if in_us is None:
        return None
    late = in_us > start + terms.late_minutes * MINUTE_US
    early = terms.requires_sign_out if out_us is None else out_us < end - terms.early_minutes * MINUTE_US
    if late:
        return Mark.LATE_EARLY if early else Mark.LATE
    return Mark.EARLY if early else Mark.PRESENT


def _earned(
    lesson: LessonFact,
    mark: Mark | None,
    in_us: int | None,
    out_us: int | None,
    terms: AttendanceTerms,
    *,
    entered: bool,
) -> int:
    if mark is None or mark not in _CAME:
        return 0
    if out_us is None and terms.requires_sign_out and not (entered and mark in {Mark.PRESENT, Mark.LATE}):
        # When they left is not known, and nobody vouches for it.
        return 0
    if not terms.deducts_missed:
        return lesson.planned_seconds
    missed_us = 0
    if mark in {Mark.LATE, Mark.LATE_EARLY} and in_us is not None:
        missed_us += max(0, in_us - (lesson.starts_us or 0))
    if mark in {Mark.EARLY, Mark.LATE_EARLY} and out_us is not None:
        missed_us += max(0, (lesson.ends_us or 0) - out_us)
    # A begun second was missed.
    return max(0, lesson.planned_seconds + (-missed_us // SECOND_US))


def _came(one: Attended, terms: AttendanceTerms) -> int:
    """Return the second from which on the trainee was in the lesson, or counts as having been."""
    start = one.lesson.starts_us or 0
    if terms.deducts_missed and one.mark in {Mark.LATE, Mark.LATE_EARLY} and one.in_us is not None:
        start = max(start, one.in_us)
    return start // SECOND_US


def _credited(one: Attended, seconds: Mapping[str | None, int]) -> Attended:
    excluded = {reason: seconds[reason] for reason in REASONS if reason in seconds}
    return replace(one, credited_seconds=seconds.get(None, 0), excluded=excluded)
