"""The facts a verdict depends on, as plain values.

The product builds them from its tables, the verifier from sealed leaves; either way ``rules`` gets the same
values and so gives the same verdict. Instants are integer microseconds since the epoch (``_us``), positions
and offsets integer milliseconds.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

UNANSWERED = "unanswered"
"""Marks a beat that did not show the nonce which the server had answered to the one before."""

UNTIMELY = "untimely"
"""Marks a late beat whose claimed time cannot be: before the one before it, or after its arrival."""

MARKS = (UNANSWERED, UNTIMELY)


@dataclass(frozen=True, slots=True)
class Beat:
    """One accepted heartbeat. ``state`` (of ``policy.STATES``) is what holds FROM this beat on.

    ``offset_ms`` counts from the start of the segment that holds the beat, on the server's clock. Two
    segments may share the beat they meet at. ``mark`` (of ``MARKS``) is what the server had against it.
    """

    seq: int
    offset_ms: int
    position_ms: int
    state: str
    mark: str = ""


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of a session with every beat accepted in it; ``n`` counts from 0 within the session.

    ``arrived_us`` is when beats came that their page had kept back while it had no network, all at once;
    they then begin with the last answer it had read. ``None``: they came in time.
    """

    session: str
    n: int
    start_us: int
    end_us: int
    closed_by: str
    beats: tuple[Beat, ...] = ()
    arrived_us: int | None = None


@dataclass(frozen=True, slots=True)
class Correction:
    """A decision of staff about ``[start_us, end_us)`` of one session, made at ``at_us``.

    ``effect`` is ``exclude`` (this time counts for nothing) or ``restore`` (what was held against it does
    not stand). Of two about the same second the later one holds.
    """

    correction: str
    effect: str
    start_us: int
    end_us: int
    at_us: int


@dataclass(frozen=True, slots=True)
class SessionFact:
    """One learning session; ``closed_us`` is ``None`` while it runs."""

    session: str
    lesson: str
    opened_us: int
    closed_us: int | None = None
    close_reason: str | None = None
    superseded_us: int | None = None
    segments: tuple[Segment, ...] = ()
    corrections: tuple[Correction, ...] = ()


ONLINE, LIVE, OFFLINE = "online", "live", "offline"
MODES = (ONLINE, LIVE, OFFLINE)
"""How a lesson is taught: recorded (or read) online, live online, or face to face."""


@dataclass(frozen=True, slots=True)
class PresenceFact:
    """One presence check of a trainee, raised in ``session``, to be answered until ``until_us``.

    ``number`` counts a trainee's checks from 0; one is decided before the next is issued.
    ``asked`` tells a check that the trainee asked for from one that came by itself. ``decided_us`` is when
    it was answered, or its deadline when nobody did; ``None`` and ``passed`` false while it is open.
    """

    check: str
    number: int
    session: str
    issued_us: int
    until_us: int
    asked: bool = False
    decided_us: int | None = None
    passed: bool = False


@dataclass(frozen=True, slots=True)
class LessonFact:
    """A lesson of the published plan with its 课时 and planned length.

    ``mode`` is one of ``MODES``. A live or offline lesson takes place from ``starts_us`` to ``ends_us`` at
    ``place``. ``held_us`` are the stretches for which a live lesson was held, by its host's word.
    """

    id: str
    ordinal: int
    topic: str
    course: str
    title: str
    delivery: str
    class_hours: Decimal
    planned_seconds: int
    mode: str = ONLINE
    starts_us: int | None = None
    ends_us: int | None = None
    place: str = ""
    held_us: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class SignFact:
    """A trainee signed in (``purpose`` ``in``) to a lesson, or out of it (``out``)."""

    lesson: str
    purpose: str
    at_us: int


@dataclass(frozen=True, slots=True)
class MarkFact:
    """A teacher's entry about a trainee and a lesson; the latest one (``marked_us``) holds.

    ``in_us`` and ``out_us`` are when the trainee came and left, where the teacher states it.
    """

    lesson: str
    mark: str
    marked_us: int
    in_us: int | None = None
    out_us: int | None = None


@dataclass(frozen=True, slots=True)
class Stay:
    """Whole seconds ``[start_s, end_s)`` since the epoch that attending an offline lesson is worth.

    ``reason`` is what speaks against all of them, or ``None``.
    """

    lesson: str
    start_s: int
    end_s: int
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class AttendanceFacts:
    """Everything signed and entered about one enrolment."""

    signs: tuple[SignFact, ...] = ()
    marks: tuple[MarkFact, ...] = ()


@dataclass(frozen=True, slots=True)
class ClassFact:
    """A filed class: its policy, its window ``[window_start_us, window_end_us)`` and its approval."""

    id: str
    code: str
    title: str
    policy_id: str
    policy_version: int
    policy_digest: str
    window_start_us: int
    window_end_us: int
    approved_us: int | None = None


@dataclass(frozen=True, slots=True)
class AttemptFact:
    """One exam attempt; ``score`` and ``passed`` are ``None`` until it is graded.

    One that was voided (``voided_us``) is kept and counts for nothing: the trainee has it back.
    """

    attempt: str
    number: int
    opened_us: int
    deadline_us: int
    submitted_us: int | None = None
    closed_by: str | None = None
    score: Decimal | None = None
    passed: bool | None = None
    voided_us: int | None = None
