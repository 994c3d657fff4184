"""Why a second was not credited, in people's words and by which clause."""

from __future__ import annotations

from collections.abc import Mapping

from lmscompliance.kernel.messages import Remark, text
from lmscompliance.policy.notice import Notice

TERM: Mapping[str, str] = {
    "unverified_identity": "identity.failed_blocks_credit",
    "duplicate": "credit.simultaneous",
    "before_approval": "credit.after_approval",
    "outside_window": "window.starts_on",
    "outside_hours": "credit.hours_of_day",
    "not_live": "delivery.live_by_host",
    "corrected": "dispute.days",
    "overlap": "credit.simultaneous",
    "repeat": "credit.repeat_after_permille",
    "over_length": "credit.lesson_cap_permille",
    "daily_cap": "credit.daily_cap_seconds",
    "period_cap": "credit.period_caps",
    "unanswered": "credit.answered_only",
    "late": "credit.late_window_seconds",
    "too_fast": "credit.max_rate_permille",
    "page_hidden": "credit.countable_states",
    "paused": "credit.countable_states",
    "idle_gap": "credit.max_gap_seconds",
    "presence_missed": "presence.missed_voids",
    "awaiting_quiz": "quiz.release",
}
"""The policy key that each reason of ``policy.REASONS`` rests on."""


_OTHERWISE = {"credit.daily_cap_seconds": "credit.daily_cap_class_hours"}
"""What a notice may state in place of a key."""


def label(reason: str, locale: str = "zh_CN") -> str:
    """Return a reason in a few words, as it stands in a ledger's cell: ``页面不可见``."""
    return text(f"rules.reason_{reason}", locale)


def explanation(reason: str, notice: Notice, locale: str = "zh_CN") -> str:
    """Return what happened and how to avoid it, in a sentence or two for the trainee."""
    return text(
        f"rules.why_{reason}",
        locale,
        gap=notice.credit.max_gap_seconds,
        answer=notice.presence.answer_seconds,
        make_up=f"{notice.presence.make_up_seconds / 60:g}",
        rate=f"{notice.credit.max_rate_permille / 1000:g}",
        quiz=f"{notice.quiz.pass_permille / 10:g}",
        late=_minutes(notice.credit.late_window_seconds),
        hours=notice.credit.hours_of_day,
        day_limit=_minutes(notice.credit.daily_cap_seconds or 0),
        periods=[_period(text) for text in notice.credit.period_caps],
    )


def cite(reason: str, notice: Notice, locale: str = "zh_CN") -> str:
    """Return the citation of what a reason rests on."""
    term = TERM[reason]
    if (otherwise := _OTHERWISE.get(term)) in notice.parameters:
        term = otherwise
    return notice.cite(term, locale)


def _period(text: str) -> Remark:
    time, _, seconds = text.partition("/")
    return Remark("rules.why_period", {"time": time, "minutes": _minutes(int(seconds))})


def _minutes(seconds: int) -> str:
    return f"{seconds / 60:g}"
