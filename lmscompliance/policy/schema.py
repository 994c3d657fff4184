"""What a notice can state: every parameter, its kind and bounds. One row here is one field of ``terms``."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from datetime import date, datetime
from decimal import Decimal, InvalidOperation

from lmscompliance.kernel.jcs import Json
from lmscompliance.policy.terms import (
    DOCUMENTS,
    PROOFS,
    REASONS,
    SPANS,
    STATES,
    AnomalyTerms,
    AttendanceTerms,
    CertificateTerms,
    ConsentTerms,
    CreditTerms,
    DeliveryTerms,
    DisputeTerms,
    EvidenceTerms,
    ExamTerms,
    FilingTerms,
    HoursTerms,
    IdentityTerms,
    PresenceTerms,
    ProctorTerms,
    ProofTerms,
    QuizTerms,
    ReportedTerms,
    RetentionTerms,
    SubsidyTerms,
    TopicTerms,
    WindowTerms,
)

Value = bool | int | Decimal | str | date | tuple[str, ...] | None

SECTIONS = {
    "window": WindowTerms,
    "topics": TopicTerms,
    "hours": HoursTerms,
    "credit": CreditTerms,
    "reported": ReportedTerms,
    "dispute": DisputeTerms,
    "anomaly": AnomalyTerms,
    "delivery": DeliveryTerms,
    "attendance": AttendanceTerms,
    "presence": PresenceTerms,
    "exam": ExamTerms,
    "quiz": QuizTerms,
    "proctor": ProctorTerms,
    "subsidy": SubsidyTerms,
    "filing": FilingTerms,
    "proofs": ProofTerms,
    "evidence": EvidenceTerms,
    "identity": IdentityTerms,
    "retention": RetentionTerms,
    "consent": ConsentTerms,
    "certificate": CertificateTerms,
}

_PLAIN_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?")
_TIME = r"([01][0-9]|2[0-3]):[0-5][0-9]-(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)"
NAME = r"[a-z][a-z0-9_]{0,31}"
MONTH = r"[0-9]{4}-(0[1-9]|1[0-2])"


class _Required:
    """Marks a parameter that notice or house must state."""


REQUIRED = _Required()


class BadValue(ValueError):
    """A value of the wrong kind or out of bounds; ``code`` and ``params`` say what is expected."""

    def __init__(self, code: str, **params: object) -> None:
        super().__init__(code, params)
        self.code = code
        self.params = params


@dataclass(frozen=True, slots=True)
class Parameter:
    """One thing a notice can state.

    ``kind`` is ``integer``, ``decimal`` (written as an integer or a string, never a float), ``boolean``,
    ``date``, ``text`` or ``texts``. ``absent`` is the value where neither notice nor house states one:
    what a notice meant that was written before the parameter existed.
    """

    kind: str
    minimum: int | None = None
    maximum: int | None = None
    choices: tuple[str, ...] = ()
    pattern: str = ""
    non_empty: bool = False
    absent: Value | _Required = REQUIRED
    absent_rationale: str = ""

    @property
    def absent_value(self) -> Value:
        """The value where neither notice nor house states one; ``KeyError`` when one of them must."""
        if isinstance(self.absent, _Required):
            raise KeyError
        return self.absent

    def read(self, raw: object) -> Value:
        """Return ``raw``, as TOML or JSON gives it, as this parameter's value; raise ``BadValue``."""
        value = _READERS[self.kind](raw)
        if isinstance(value, Decimal) or (isinstance(value, int) and not isinstance(value, bool)):
            self._check_bounds(value)
        for text in value if isinstance(value, tuple) else [value] if isinstance(value, str) else []:
            if self.choices and text not in self.choices:
                raise BadValue("not_a_choice", value=text, choices=", ".join(self.choices))
            if self.pattern and not re.fullmatch(self.pattern, text):
                raise BadValue("bad_form", value=text, pattern=self.pattern)
        if self.non_empty and not value:
            raise BadValue("empty")
        return value

    def _check_bounds(self, value: Decimal | int) -> None:
        if self.minimum is not None and value < self.minimum:
            raise BadValue("too_small", value=value, minimum=self.minimum)
        if self.maximum is not None and value > self.maximum:
            raise BadValue("too_large", value=value, maximum=self.maximum)
        if self.non_empty and value == 0:
            raise BadValue("too_small", value=value, minimum=">0")


def _integer(raw: object) -> int:
    if isinstance(raw, bool) or not isinstance(raw, int):
        raise BadValue("not_an_integer")
    return raw


def _decimal(raw: object) -> Decimal:
    if isinstance(raw, int) and not isinstance(raw, bool):
        return Decimal(raw)
    if isinstance(raw, str) and _PLAIN_NUMBER.fullmatch(raw):
        try:
            return Decimal(raw)
        except InvalidOperation:  # pragma: no cover  # the pattern admits nothing Decimal refuses
            pass
    raise BadValue("not_a_decimal")


def _boolean(raw: object) -> bool:
    if not isinstance(raw, bool):
        raise BadValue("not_a_boolean")
    return raw


def _date(raw: object) -> date:
    if isinstance(raw, date) and not isinstance(raw, datetime):
        return raw
    if isinstance(raw, str):
        try:
            day = date.fromisoformat(raw)
        except ValueError:
            raise BadValue("not_a_date") from None
        if day.isoformat() == raw:
            return day
    raise BadValue("not_a_date")


def _text(raw: object) -> str:
    if not isinstance(raw, str) or not raw.strip():
        raise BadValue("not_a_text")
    return raw


def _texts(raw: object) -> tuple[str, ...]:
    if not isinstance(raw, (list, tuple)) or not all(isinstance(item, str) and item.strip() for item in raw):
        raise BadValue("not_texts")
    if len(set(raw)) != len(raw):
        raise BadValue("repeated")
    return tuple(raw)


_READERS: Mapping[str, Callable[[object], Value]] = {
    "integer": _integer,
    "decimal": _decimal,
    "boolean": _boolean,
    "date": _date,
    "text": _text,
    "texts": _texts,
}

PARAMETERS: Mapping[str, Parameter] = {
    "window.starts_on": Parameter("date", absent=None, absent_rationale="the class files its own period"),
    "window.ends_on": Parameter("date", absent=None, absent_rationale="the class files its own period"),
    "topics.required": Parameter("texts"),
    "hours.min_total": Parameter("decimal", minimum=0, non_empty=True),
    "hours.min_average_minutes": Parameter("decimal", minimum=0),
    "hours.minutes_per_class_hour": Parameter("decimal", minimum=0, non_empty=True),
    "hours.min_each_minutes": Parameter("decimal", minimum=0),
    "hours.completion_ratio": Parameter("decimal", minimum=0, maximum=1, non_empty=True),
    "credit.beat_seconds": Parameter("integer", minimum=1, maximum=600),
    "credit.max_gap_seconds": Parameter("integer", minimum=1, maximum=3600),
    "credit.segment_seconds": Parameter("integer", minimum=1, maximum=3600),
    "credit.max_rate_permille": Parameter("integer", minimum=1, maximum=16000),
    "credit.answered_only": Parameter("boolean"),
    "credit.late_window_seconds": Parameter("integer", minimum=0, maximum=86_400),
    "credit.position_tolerance_ms": Parameter("integer", minimum=0, maximum=60000),
    "credit.lesson_cap_permille": Parameter("integer", minimum=1, maximum=1000),
    "credit.repeat_after_permille": Parameter("integer", minimum=1, maximum=1000),
    "credit.daily_cap_seconds": Parameter(
        "integer", minimum=1, maximum=86400, absent=None, absent_rationale="no limit a day"
    ),
    "credit.daily_cap_class_hours": Parameter(
        "decimal", minimum=0, non_empty=True, absent=None, absent_rationale="no limit a day"
    ),
    "credit.hours_of_day": Parameter("texts", pattern=_TIME, absent=(), absent_rationale="at any time"),
    "credit.period_caps": Parameter(
        "texts", pattern=_TIME + "/[1-9][0-9]{0,4}", absent=(), absent_rationale="no limit"
    ),
    "credit.after_approval": Parameter("boolean"),
    "credit.simultaneous": Parameter("text", choices=("latest_started",)),
    "credit.countable_states": Parameter("texts", choices=STATES, non_empty=True),
    "credit.reading_idle_seconds": Parameter("integer", minimum=10, maximum=3600),
    "credit.reading_share_permille": Parameter("integer", minimum=1000, maximum=100000),
    "credit.precedence": Parameter("texts", choices=REASONS, non_empty=True),
    "reported.idle_minutes": Parameter("integer", minimum=1, maximum=1440),
    "reported.credited": Parameter("boolean"),
    "dispute.days": Parameter("integer", minimum=0, maximum=366),
    "anomaly.regular_beats": Parameter("integer", minimum=0, maximum=10000),
    "anomaly.regular_spread_ms": Parameter("integer", minimum=0, maximum=60000),
    "anomaly.drift_seconds": Parameter("integer", minimum=0, maximum=86400),
    "anomaly.drift_permille": Parameter("integer", minimum=0, maximum=1000),
    "anomaly.unbroken_seconds": Parameter("integer", minimum=0, maximum=604800),
    "anomaly.linear_tolerance_ms": Parameter("integer", minimum=0, maximum=60000),
    "anomaly.day_seconds": Parameter("integer", minimum=0, maximum=86400),
    "anomaly.rest_seconds": Parameter("integer", minimum=0, maximum=86400),
    "anomaly.hidden_seconds": Parameter("integer", minimum=0, maximum=86400),
    "anomaly.hidden_permille": Parameter("integer", minimum=0, maximum=1000),
    "anomaly.quick_answers": Parameter("integer", minimum=0, maximum=1000),
    "anomaly.quick_answer_ms": Parameter("integer", minimum=0, maximum=60000),
    "anomaly.unanswered_beats": Parameter("integer", minimum=0, maximum=100_000),
    "anomaly.late_seconds": Parameter("integer", minimum=0, maximum=86400),
    "anomaly.late_permille": Parameter("integer", minimum=1, maximum=1000),
    "anomaly.lockstep_sessions": Parameter("integer", minimum=0, maximum=1000),
    "anomaly.lockstep_tolerance_ms": Parameter("integer", minimum=0, maximum=60000),
    "anomaly.lockstep_permille": Parameter("integer", minimum=0, maximum=1000),
    "anomaly.lockstep_persons": Parameter("integer", minimum=2, maximum=1000),
    "anomaly.address_persons": Parameter("integer", minimum=0, maximum=100000),
    "anomaly.device_persons": Parameter("integer", minimum=0, maximum=100000),
    "anomaly.person_addresses": Parameter("integer", minimum=0, maximum=1000),
    "anomaly.person_addresses_seconds": Parameter("integer", minimum=0, maximum=86400),
    "delivery.max_online_share": Parameter("decimal", minimum=0, maximum=1),
    "delivery.on_excess": Parameter("text", choices=("refuse", "override", "warn")),
    "delivery.hands_on_words": Parameter("texts", absent=(), absent_rationale="not looked at"),
    "delivery.simulated_words": Parameter("texts", absent=(), absent_rationale="none"),
    "delivery.live_by_host": Parameter("boolean"),
    "attendance.rotate_seconds": Parameter("integer", minimum=1, maximum=600),
    "attendance.code_seconds": Parameter("integer", minimum=1, maximum=3600),
    "attendance.open_minutes": Parameter("integer", minimum=0, maximum=1440),
    "attendance.close_minutes": Parameter("integer", minimum=0, maximum=1440),
    "attendance.late_minutes": Parameter("integer", minimum=0, maximum=600),
    "attendance.early_minutes": Parameter("integer", minimum=0, maximum=600),
    "attendance.requires_sign_out": Parameter("boolean"),
    "attendance.requires_cosign": Parameter("boolean"),
    "attendance.deducts_missed": Parameter("boolean"),
    "attendance.completion_ratio": Parameter("decimal", minimum=0, maximum=1, non_empty=True),
    "attendance.min_rate": Parameter("decimal", minimum=0, maximum=1),
    "presence.per_day": Parameter("integer", minimum=0, maximum=1000),
    "presence.min_interval_seconds": Parameter("integer", minimum=1, maximum=86400),
    "presence.max_interval_seconds": Parameter("integer", minimum=1, maximum=86400),
    "presence.answer_seconds": Parameter("integer", minimum=5, maximum=3600),
    "presence.accessible_answer_seconds": Parameter("integer", minimum=5, maximum=3600),
    "presence.methods": Parameter("texts", pattern=NAME, non_empty=True),
    "presence.missed_voids": Parameter("text", choices=("since_last_passed", "within_session", "nothing")),
    "presence.make_up_seconds": Parameter("integer", minimum=0, maximum=86400),
    "presence.make_up_per_day": Parameter("integer", minimum=0, maximum=1000),
    "exam.full_marks": Parameter("decimal", minimum=1),
    "exam.pass_mark": Parameter("decimal", minimum=0),
    "exam.attempts": Parameter("integer", minimum=1, maximum=20),
    "exam.duration_seconds": Parameter("integer", minimum=60, maximum=86400),
    "exam.grace_seconds": Parameter("integer", minimum=0, maximum=600),
    "exam.accessible_extra_permille": Parameter("integer", minimum=0, maximum=4000),
    "exam.min_questions_per_topic": Parameter("integer", minimum=0, maximum=1000),
    "exam.requires_training": Parameter("boolean"),
    "exam.multiple_marking": Parameter("text", choices=("all_or_nothing", "no_wrong", "balanced")),
    "exam.matching_marking": Parameter("text", choices=("all_or_nothing", "each_pair")),
    "exam.essay_tolerance_permille": Parameter("integer", minimum=0, maximum=1000),
    "exam.essay_third_mark": Parameter("text", choices=("nearest", "decides")),
    "quiz.release": Parameter("text", choices=("never", "by_lesson", "always")),
    "quiz.pass_permille": Parameter("integer", minimum=1, maximum=1000),
    "quiz.pause_seconds": Parameter("integer", minimum=0, maximum=86400),
    "quiz.tries_per_day": Parameter("integer", minimum=0, maximum=1000),
    "proctor.photos": Parameter("integer", minimum=0, maximum=20),
    "proctor.min_interval_seconds": Parameter("integer", minimum=1, maximum=86400),
    "proctor.max_interval_seconds": Parameter("integer", minimum=1, maximum=86400),
    "proctor.answer_seconds": Parameter("integer", minimum=10, maximum=600),
    "proctor.consent_version": Parameter("text"),
    "proctor.consent_zh": Parameter("text"),
    "proctor.consent_en": Parameter("text"),
    "subsidy.requires": Parameter(
        "texts", choices=("training", "exam", "social_insurance"), absent=("training", "exam")
    ),
    "subsidy.per_person": Parameter("decimal", minimum=0, absent=None),
    "subsidy.max_per_online_hour": Parameter("decimal", minimum=0, absent=None),
    "subsidy.max_per_offline_hour": Parameter("decimal", minimum=0, absent=None),
    "subsidy.rate_by_project": Parameter("boolean", absent=False, absent_rationale="one rate for all"),
    "subsidy.overlap_caps": Parameter("boolean", absent=False, absent_rationale="no such limit"),
    "subsidy.max_yuan_a_year": Parameter("decimal", minimum=0, absent=None, absent_rationale="no limit"),
    "subsidy.insured_months": Parameter("texts", pattern=MONTH, absent=()),
    "subsidy.max_trainings": Parameter("integer", minimum=1, absent=None, absent_rationale="no limit"),
    "subsidy.trainings_within": Parameter(
        "text", choices=SPANS[1:], absent="calendar_year", absent_rationale="a year is a calendar year"
    ),
    "subsidy.project": Parameter("text", absent=None, absent_rationale="each class has its own"),
    "subsidy.same_project_within": Parameter(
        "text", choices=SPANS, absent="none", absent_rationale="no limit"
    ),
    "subsidy.same_occupation_within": Parameter(
        "text", choices=SPANS, absent="none", absent_rationale="no limit"
    ),
    "subsidy.higher_bars_lower": Parameter("boolean", absent=False, absent_rationale="no such limit"),
    "subsidy.categories": Parameter(
        "texts", pattern=f"[^/]+(/({'|'.join(PROOFS)}))?", absent=(), absent_rationale="anybody"
    ),
    "subsidy.excludes": Parameter("texts", absent=(), absent_rationale="nobody"),
    "subsidy.min_age": Parameter("integer", minimum=0, maximum=150, absent=None),
    "subsidy.max_age_male": Parameter("integer", minimum=0, maximum=150, absent=None),
    "subsidy.max_age_female": Parameter("integer", minimum=0, maximum=150, absent=None),
    "subsidy.claim_from": Parameter("date", absent=None, absent_rationale="at any time"),
    "subsidy.claim_until": Parameter("date", absent=None, absent_rationale="at any time"),
    "filing.apply_until": Parameter("date", absent=None, absent_rationale="at any time"),
    "filing.opening_working_days": Parameter(
        "integer", minimum=0, maximum=60, absent=0, absent_rationale="at any time"
    ),
    "filing.documents": Parameter(
        "texts", choices=DOCUMENTS, absent=(), absent_rationale="no documents are asked for"
    ),
    "filing.form_names": Parameter(
        "texts", pattern="(application|plan|commitment|project)/[^/]*/[^/]+", absent=()
    ),
    "filing.agreement": Parameter("boolean", absent=False, absent_rationale="not asked"),
    "filing.min_output_yuan": Parameter("integer", minimum=0, absent=None, absent_rationale="not asked"),
    "filing.above_scale": Parameter("boolean", absent=False, absent_rationale="not asked"),
    "filing.catalogue": Parameter("boolean", absent=False, absent_rationale="not asked"),
    "filing.award": Parameter("boolean", absent=False, absent_rationale="not asked"),
    "filing.number": Parameter("boolean", absent=False, absent_rationale="not asked"),
    "filing.online_evaluation": Parameter("boolean", absent=False, absent_rationale="not asked"),
    "filing.licence": Parameter("boolean", absent=False, absent_rationale="not asked"),
    "filing.standard_lesson_share": Parameter(
        "decimal", minimum=0, maximum=1, absent=Decimal(0), absent_rationale="not asked"
    ),
    "filing.standard_item_share": Parameter(
        "decimal", minimum=0, maximum=1, absent=Decimal(0), absent_rationale="not asked"
    ),
    "filing.recipient": Parameter("text", absent="", absent_rationale="not named"),
    "filing.remind_days": Parameter("integer", minimum=0, maximum=366),
    "filing.remind_licence_days": Parameter("integer", minimum=0, maximum=366),
    "filing.notice": Parameter("boolean", absent=False, absent_rationale="not asked"),
    "filing.review_working_days": Parameter("integer", minimum=1, maximum=60, absent=None),
    "proofs.kinds": Parameter("texts", choices=PROOFS, absent=()),
    "proofs.itinerary_from": Parameter(
        "date", absent=None, absent_rationale="the training period's first day"
    ),
    "proofs.itinerary_to": Parameter("date", absent=None, absent_rationale="the training period's last day"),
    "proofs.itinerary_days": Parameter("integer", minimum=1, maximum=90),
    "proofs.itinerary_counts_today": Parameter("boolean"),
    "proofs.consent_version": Parameter("text"),
    "proofs.consent_zh": Parameter("text"),
    "proofs.consent_en": Parameter("text"),
    "evidence.max_lag_seconds": Parameter("integer", minimum=1, maximum=31_536_000),
    "evidence.max_ahead_seconds": Parameter("integer", minimum=0, maximum=86_400),
    "identity.pending_blocks_credit": Parameter("boolean"),
    "identity.failed_blocks_credit": Parameter("boolean"),
    "identity.suspicion_blocks_credit": Parameter("boolean"),
    "identity.recheck_before_exam": Parameter("boolean"),
    "identity.recheck_seconds": Parameter("integer", minimum=60, maximum=86400),
    "identity.photo_consent_version": Parameter("text"),
    "identity.photo_consent_zh": Parameter("text"),
    "identity.photo_consent_en": Parameter("text"),
    "retention.years": Parameter("integer", minimum=1, maximum=100),
    "retention.addresses_extra_months": Parameter("integer", minimum=0, maximum=1200),
    "retention.proofs_extra_months": Parameter("integer", minimum=0, maximum=1200),
    "retention.accounts_extra_months": Parameter("integer", minimum=0, maximum=1200),
    "retention.identity_extra_months": Parameter("integer", minimum=0, maximum=1200),
    "retention.photos_months": Parameter("integer", minimum=1, maximum=1200),
    "consent.version": Parameter("text"),
    "consent.text_zh": Parameter("text"),
    "consent.text_en": Parameter("text"),
    "certificate.label": Parameter("text", absent="", absent_rationale="the notice asks for no mark"),
    "certificate.number_prefix": Parameter(
        "text",
        pattern="[A-Z0-9]{1,12}",
        absent="PX",
        absent_rationale="numbers need a beginning; PX stands for 培训",
    ),
    "certificate.in_results": Parameter(
        "boolean",
        absent=True,
        absent_rationale="who reads a result asks if a certificate was issued on it, and if that still holds",
    ),
}


def terms_of(values: Mapping[str, Value]) -> dict[str, object]:
    """Return each section's terms built from ``values``; ``KeyError`` names a missing required parameter."""
    terms: dict[str, object] = {}
    values = {**values, **_derived(values)}
    for section, kind in SECTIONS.items():
        arguments: dict[str, Value] = {}
        for field in fields(kind):
            key = f"{section}.{field.name}"
            try:
                arguments[field.name] = values[key] if key in values else PARAMETERS[key].absent_value
            except KeyError:
                raise KeyError(key) from None
        terms[section] = kind(**arguments)
    return terms


def _derived(values: Mapping[str, Value]) -> dict[str, Value]:
    """Return what a notice states in other words: a limit of 课时 a day, in the seconds that rules count."""
    hours, minutes = values.get("credit.daily_cap_class_hours"), values.get("hours.minutes_per_class_hour")
    if isinstance(hours, Decimal) and isinstance(minutes, Decimal):
        return {"credit.daily_cap_seconds": int(hours * minutes * 60)}
    return {}


def to_json(value: Value) -> Json:
    """Return ``value`` for canonical JSON: decimals and dates as strings, one spelling for each number."""
    if isinstance(value, Decimal):
        # Not normalize(): that rounds to whatever decimal context the host has set.
        text = format(value, "f")
        return text.rstrip("0").rstrip(".") if "." in text else text
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, tuple):
        return list(value)
    return value
