"""The terms of a notice as typed values: what rules and services read instead of constants.

Every field is one parameter of ``schema``; its meaning and unit stand here, its value and where that value
comes from stand in a notice's TOML file.
"""

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
class AnomalyTerms:
    """What is put before a person as unusual (``rules.rhythm``, ``rules.company``); never a verdict.

    A kind is not looked for where its first number is 0.
    """

    regular_beats: int
    """Intervals between beats that must have been seen on a day before their regularity says anything."""
    regular_spread_ms: int
    """The middle four fifths of these intervals within less than this is steadier than a browser is."""
    drift_seconds: int
    """Playing time that must have been seen on a day before the page's clock is compared with ours."""
    drift_permille: int
    """A page's clock that runs faster than the permitted rate by more than this is no browser's."""
    unbroken_seconds: int
    """So long a stretch without a pause, a look away or a seek is unusual."""
    linear_tolerance_ms: int
    """How far the position may stray from the time between two beats in such a stretch."""
    day_seconds: int
    """More study than this on one Shanghai day is unusual."""
    rest_seconds: int
    """Whoever rests for less than this through 24 hours studies round the clock."""
    hidden_seconds: int
    """Time out of sight on one day that must be reached before its share is looked at."""
    hidden_permille: int
    """A page that was out of sight for at least this share of a day's sessions runs in the background."""
    quick_answers: int
    """So many presence checks answered too fast on one day are unusual."""
    quick_answer_ms: int
    """Nobody reads a question and answers it within less than this."""
    unanswered_beats: int
    """Beats of a day that show no nonce of ours."""
    late_seconds: int
    """Time of a day that came late (``credit.late_window_seconds``) before its share is looked at."""
    late_permille: int
    """Share of a day's sessions that came late."""
    lockstep_sessions: int
    """So many sessions of two people that begin and end together are unusual."""
    lockstep_tolerance_ms: int
    """Together is within this much, at both ends."""
    lockstep_permille: int
    """Share of both people's sessions that must coincide; a class that is called in together stays below."""
    lockstep_persons: int
    """People who must be bound together in this way."""
    address_persons: int
    """So many people at one address on one day are a cluster, known networks aside."""
    device_persons: int
    """So many people with one browser at one address on one day share a device."""
    person_addresses: int
    """So many addresses of one person within ``person_addresses_seconds`` are unusual."""
    person_addresses_seconds: int
    """See ``person_addresses``."""


@dataclass(frozen=True, slots=True)
class DeliveryTerms:
    """How much of a training may be taught online (线上线下融合)."""

    max_online_share: Decimal
    """Online 课时 (recorded, live) over all 课时 of a plan that has offline lessons; 1 asks for nothing."""
    on_excess: str
    """A plan over the share is refused (``refuse``), needs a reason that is logged (``override``), or is
    published with a warning on its pages (``warn``)."""
    live_by_host: bool
    """Whether a live lesson counts only from its host's start to their end; its schedule bounds it anyway."""


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


@dataclass(frozen=True, slots=True)
class ExamTerms:
    """The exam (考核)."""

    full_marks: Decimal
    """What a paper must total, exactly."""
    pass_mark: Decimal
    """A score of at least this passes."""
    attempts: int
    """How many attempts there are; after the last failed one the exam is locked."""
    duration_seconds: int
    """Time for one attempt; the server closes it at its deadline."""
    grace_seconds: int
    """A save or hand-in that reaches the server this long after the deadline is still taken."""
    accessible_extra_permille: int
    """Share of the time added for a trainee who was granted more time, in thousandths."""
    min_questions_per_topic: int
    """Questions a paper must hold of every required topic."""
    requires_training: bool
    """Whether the exam opens only when the training is complete."""
    multiple_marking: str
    """Part marks of multiple choice: ``all_or_nothing``; ``no_wrong`` (the share of the right options that
    were chosen, nothing once a wrong one is); ``balanced`` (that share, less one for each option chosen
    beyond their number). Part marks are rounded down to hundredths."""
    matching_marking: str
    """Part marks of matching: ``all_or_nothing``, or ``each_pair`` (the share of the right pairs)."""
    essay_tolerance_permille: int
    """Two people mark an essay; marks further apart than this share of its points (in thousandths) go to a
    third person."""
    essay_third_mark: str
    """What the third mark does: ``nearest`` (its mean with the nearer of the first two), ``decides``."""


SPANS = ("none", "calendar_year", "rolling_year", "lifetime")
"""What repeated subsidies are counted within."""


@dataclass(frozen=True, slots=True)
class SubsidyTerms:
    """Who may be subsidised, and with how much (补贴), in yuan."""

    requires: tuple[str, ...]
    """Conditions: ``training``, ``exam``, ``social_insurance``."""
    per_person: Decimal | None
    """A fixed amount for each eligible trainee; ``None``: not how this notice pays."""
    max_per_online_hour: Decimal | None
    """Cap for each online 课时; ``None``: none."""
    max_per_offline_hour: Decimal | None
    """Cap for each offline 课时; ``None``: none."""
    rate_by_project: bool
    """Whether what an hour earns is agreed for each project (一事一议), the caps being only its limits."""
    overlap_caps: bool
    """Whether the standard of an overlapping subsidised training is a third cap."""
    max_yuan_a_year: Decimal | None
    """What a person's subsidies of one calendar year may come to; ``None``: no limit."""
    insured_months: tuple[str, ...]
    """Months (YYYY-MM) in which social insurance must have been paid; checked when a claim is made."""
    max_trainings: int | None
    """How many subsidised trainings a person may have ``trainings_within``; ``None``: no limit."""
    trainings_within: str
    """What a limit is counted within (of ``SPANS``). A ``rolling_year`` ends with the same day next year."""
    same_project_within: str
    """The same project is not subsidised again within this (of ``SPANS``)."""
    same_occupation_within: str
    """The same occupation at the same level is not subsidised again within this (of ``SPANS``)."""
    higher_bars_lower: bool
    """Whether a subsidised level of an occupation bars its lower levels for good."""
    categories: tuple[str, ...]
    """Whom the training is for, each ``name`` or ``name/kind of proof`` (of ``PROOFS``); none: anybody."""
    excludes: tuple[str, ...]
    """Names of lists of people who are not subsidised."""
    min_age: int | None
    """Full years on the first day of training, at least; ``None``: not asked."""
    max_age_male: int | None
    """Men must be younger than this on the first day of training; ``None``: not asked."""
    max_age_female: int | None
    """The same for women."""
    claim_from: date | None
    """First Shanghai day on which a claim can be made; ``None``: at any time."""
    claim_until: date | None
    """Last day on which a claim can be made."""


DOCUMENTS = ("application", "plan", "commitment", "agreement", "output_proof", "other")
"""Documents of a filing: 申请表, 教学计划, 承诺书, 平台协议, 产值证明, and whatever else is handed in."""


@dataclass(frozen=True, slots=True)
class FilingTerms:
    """Applying for a class and the bureau's review of it (申报、审核), in Shanghai days."""

    apply_until: date | None
    """Last day on which a class can be filed; ``None``: at any time."""
    opening_working_days: int
    """A class is filed at least this many working days before its first day of training; 0: any time."""
    documents: tuple[str, ...]
    """Documents (of ``DOCUMENTS``) that must be there, signed and stamped, before a class is filed."""
    agreement: bool
    """Whether the signed agreement between enterprise and platform must be there, too."""
    min_output_yuan: int | None
    """An enterprise's yearly output must be above this, with a proof; ``None``: not asked."""
    above_scale: bool
    """Whether only enterprises above the designated size (规上) may file."""
    review_working_days: int | None
    """The bureau answers within so many working days after the day of receipt; ``None``: no term."""


PROOFS = ("itinerary", "household", "residence", "graduation", "insurance", "other")
"""Kinds of proofs (证明材料) a notice may ask trainees for."""


@dataclass(frozen=True, slots=True)
class ProofTerms:
    """What trainees must prove by files, and the consent to that (notice T3, T29, W3)."""

    kinds: tuple[str, ...]
    """Kinds (of ``PROOFS``) the ledger must list for each trainee; empty: none."""
    itinerary_from: date | None
    """First day that itinerary screenshots (行程卡) must cover; ``None``: the training period's."""
    itinerary_to: date | None
    """Last day that they must cover."""
    itinerary_days: int
    """How many days one screenshot shows."""
    itinerary_counts_today: bool
    """Whether the day a screenshot is taken is among them."""
    consent_version: str
    """Version of the separate consent to handing in proofs."""
    consent_zh: str
    consent_en: str


@dataclass(frozen=True, slots=True)
class EvidenceTerms:
    """What is asked of the evidence itself (存证)."""

    max_lag_seconds: int
    """From what an entry says of its time to the first outside proof that it was there; more is named."""
    max_ahead_seconds: int
    """How far an entry's own time may lie after that proof; more is named, because it cannot be."""


@dataclass(frozen=True, slots=True)
class IdentityTerms:
    """What a real-name verification (实名核验) that is open or failed means, and the consent to a photo."""

    pending_blocks_credit: bool
    """Whether nothing counts until a verification that is still open has been passed."""
    failed_blocks_credit: bool
    """Whether nothing counts while the last verification is one that failed."""
    suspicion_blocks_credit: bool
    """Whether nothing counts from the decision that fraud is suspected until that is lifted."""
    recheck_before_exam: bool
    """Whether an attempt begins only with a verification passed a short while ago."""
    recheck_seconds: int
    """How long ago such a verification may have been passed."""
    photo_consent_version: str
    """Version of the separate consent to handing in a photo for a manual verification."""
    photo_consent_zh: str
    photo_consent_en: str


@dataclass(frozen=True, slots=True)
class RetentionTerms:
    """How long what a class left is kept (留存期限), by category (``rules.retention``).

    ``years`` (whole years) is the ledger's own term; nothing that a ledger shows goes before it. The
    ``…_extra_months`` are kept on top of it, ``photos_months`` counts from the same beginning by itself.
    """

    years: int
    addresses_extra_months: int
    proofs_extra_months: int
    accounts_extra_months: int
    identity_extra_months: int
    photos_months: int


@dataclass(frozen=True, slots=True)
class ConsentTerms:
    """What a trainee agrees to when activating; a changed text is a new version."""

    version: str
    text_zh: str
    text_en: str
