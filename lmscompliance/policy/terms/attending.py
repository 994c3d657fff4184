"""Being there: signing in to lessons that take place, and checks of who is learning."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class AttendanceTerms:
    """Signing in to offline lessons (签到), and what an attended one is worth."""

    rotate_seconds: int
    """How often a shown code changes."""
    code_seconds: int
    """For how long after it was first shown a code is accepted."""
    open_minutes: int
    """Signing in opens this long before the lesson's start."""
    close_minutes: int
    """Signing out is possible until this long after the lesson's end."""
    late_minutes: int
    """Arriving up to this long after the start is in time; later is 迟到, and missed from the start on."""
    early_minutes: int
    """Leaving up to this long before the end is in time; earlier is 早退, and missed up to the end."""
    requires_sign_out: bool
    """Whether time without a sign-out proves nothing; otherwise the lesson's end is taken."""
    requires_cosign: bool
    """Whether a lesson counts only once the teacher has confirmed its list."""
    deducts_missed: bool
    """Whether time missed by 迟到 and 早退 is taken off the lesson's planned seconds."""
    completion_ratio: Decimal
    """An offline lesson counts once its seconds reach this share of its planned length (0 < ratio ≤ 1)."""
    min_rate: Decimal
    """Attended offline 课时 over planned ones must reach this (出勤率); 0 asks for nothing."""


@dataclass(frozen=True, slots=True)
class PresenceTerms:
    """Presence checks (在场验证) during a session (``rules.presence``)."""

    per_day: int
    """Checks that come by themselves on one Shanghai day, at most; 0 asks for none at all."""
    min_interval_seconds: int
    """The next check comes no sooner after the one before; time between sessions is left out."""
    max_interval_seconds: int
    """The next check comes no later than this; within both bounds every second is equally likely."""
    answer_seconds: int
    """Time for the answer, from the moment the server asks."""
    accessible_answer_seconds: int
    """The same for a trainee who was granted more time."""
    methods: tuple[str, ...]
    """What is asked, in order of preference: ``question``, ``arithmetic``, ``tap``, or a plug-in's name."""
    missed_voids: str
    """What a missed or wrong check voids, until the next passed one: ``since_last_passed`` (the time since
    the trainee's last passed check, in whichever session), ``within_session`` (not beyond its session), or
    ``nothing``."""
    make_up_seconds: int
    """A check that the trainee asks for and passes within this time after a miss restores what it voided."""
    make_up_per_day: int
    """How many checks a trainee may ask for on one Shanghai day."""
