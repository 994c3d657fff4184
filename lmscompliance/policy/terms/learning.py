"""What is taught, and which time of it counts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

REASONS = (
    "unverified_identity",
    "duplicate",
    "before_approval",
    "outside_window",
    "outside_hours",
    "not_live",
    "corrected",
    "overlap",
    "repeat",
    "over_length",
    "daily_cap",
    "period_cap",
    "unanswered",
    "late",
    "too_fast",
    "page_hidden",
    "paused",
    "idle_gap",
    "presence_missed",
    "awaiting_quiz",
)
"""Every reason a second may be excluded for, in the order that decides where a policy names no precedence."""


STATES = ("playing", "paused", "hidden", "ended")
"""What a heartbeat may report; it holds from that beat until the next."""


@dataclass(frozen=True, slots=True)
class WindowTerms:
    """The training period (培训期限) in Shanghai days, both included. ``None``: the class brings its own."""

    starts_on: date | None
    ends_on: date | None


@dataclass(frozen=True, slots=True)
class TopicTerms:
    """What must be taught and examined (培训内容)."""

    required: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class HoursTerms:
    """Class hours (课时)."""

    min_total: Decimal
    """课时 a trainee must complete."""
    min_average_minutes: Decimal
    """Credited minutes of counted lessons divided by their 课时 must reach this; 0 asks for nothing."""
    minutes_per_class_hour: Decimal
    """Converts credited minutes into 折合课时, which is shown and never decides."""
    min_each_minutes: Decimal
    """A lesson counts only with this many credited minutes for each of its 课时; 0 asks for nothing."""
    completion_ratio: Decimal
    """A lesson counts once its credited seconds reach this share of its planned length (0 < ratio ≤ 1)."""


@dataclass(frozen=True, slots=True)
class CreditTerms:
    """Which seconds of a session count (``rules.credit``)."""

    beat_seconds: int
    """How often a page reports; told to the page, never decides."""
    max_gap_seconds: int
    """Two consecutive beats further apart than this credit nothing for the time between them."""
    segment_seconds: int
    """A running session's evidence is sealed in segments of at most this length."""
    max_rate_permille: int
    """Fastest permitted advance of the lesson position, 1000 = real time."""
    answered_only: bool
    """Whether time counts only between beats that show the nonce of the server's last answer."""
    late_window_seconds: int
    """Beats that a page without a network kept back count if they arrive this soon after its last answer."""
    position_tolerance_ms: int
    """Slack of a position report (a player's timer and the network are not exact)."""
    lesson_cap_permille: int
    """At most this share of a lesson's planned length is credited, 1000 = all of it."""
    repeat_after_permille: int
    """Once this share of a lesson's planned length is credited, further sessions of it are repeats and earn
    nothing; at or above ``lesson_cap_permille`` a repeat counts until the lesson is full."""
    daily_cap_seconds: int | None
    """At most this much is credited a Shanghai day; ``None``: no limit. Where the notice states 课时 a day
    (``daily_cap_class_hours``) it is derived from them."""
    daily_cap_class_hours: Decimal | None
    """The same limit in 课时 of ``hours.minutes_per_class_hour``; ``None``: not stated in 课时."""
    hours_of_day: tuple[str, ...]
    """Times of day at which learning counts, such as ``06:00-22:00``; none: at any time."""
    period_caps: tuple[str, ...]
    """How many seconds are credited at most within a time of each day, such as ``18:00-22:00/7200``."""
    after_approval: bool
    """Whether time before the class was approved (核准) counts for nothing."""
    simultaneous: str
    """Which of a trainee's simultaneous sessions counts: ``latest_started``. Never more than one does."""
    countable_states: tuple[str, ...]
    """States (of ``STATES``) whose time counts."""
    reading_idle_seconds: int
    """A reader (text, PDF, simulation) who touches nothing for this long is reported as paused."""
    reading_share_permille: int
    """A part of a text may take so many times its share of the planned length, 1000 = no more than that."""
    precedence: tuple[str, ...]
    """Which reason (of ``REASONS``) a second gets when several apply: the first of these."""


@dataclass(frozen=True, slots=True)
class ReportedTerms:
    """Learning that another system recorded and that is imported later (``rules.reported``)."""

    idle_minutes: int
    """A longer pause between two of a person's events ends the reported session before it."""
    credited: bool
    """Whether such time counts towards lessons; it never does as live evidence."""


@dataclass(frozen=True, slots=True)
class DisputeTerms:
    """Objections of trainees to time that was not credited (异议)."""

    days: int
    """An objection can be raised up to and including this many Shanghai days after the day of the time."""


@dataclass(frozen=True, slots=True)
class DeliveryTerms:
    """How much of a training may be taught online (线上线下融合)."""

    max_online_share: Decimal
    """Online 课时 (recorded, live) over all 课时 of a plan that has offline lessons; 1 asks for nothing."""
    on_excess: str
    """A plan over the share is refused (``refuse``), needs a reason that is logged (``override``), or is
    published with a warning on its pages (``warn``)."""
    hands_on_words: tuple[str, ...]
    """Words in a lesson's topic, title or delivery that say it is practised by hand (实操); an online lesson
    with one is warned of."""
    simulated_words: tuple[str, ...]
    """Words that say practice is simulated (仿真); such a lesson may be online."""
    live_by_host: bool
    """Whether a live lesson counts only from its host's start to their end; its schedule bounds it anyway."""
