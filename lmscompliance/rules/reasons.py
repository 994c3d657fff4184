"""Why a second was not credited, in people's words and by which clause."""

from __future__ import annotations

from collections.abc import Mapping

from lmscompliance.kernel.messages import text
from lmscompliance.policy.notice import Notice

TERM: Mapping[str, str] = {
    "before_approval": "credit.after_approval",
    "outside_window": "window.starts_on",
    "overlap": "credit.simultaneous",
    "repeat": "credit.lesson_cap_permille",
    "over_length": "credit.lesson_cap_permille",
    "too_fast": "credit.max_rate_permille",
    "page_hidden": "credit.countable_states",
    "paused": "credit.countable_states",
    "idle_gap": "credit.max_gap_seconds",
}
"""The policy key that each reason of ``policy.REASONS`` rests on."""


def label(reason: str, locale: str = "zh_CN") -> str:
    """Return a reason in a few words, as it stands in a ledger's cell: ``页面不可见``."""
    return text(f"rules.reason_{reason}", locale)


def explanation(reason: str, notice: Notice, locale: str = "zh_CN") -> str:
    """Return what happened and how to avoid it, in a sentence or two for the trainee."""
    return text(
        f"rules.why_{reason}",
        locale,
        gap=notice.credit.max_gap_seconds,
        rate=f"{notice.credit.max_rate_permille / 1000:g}",
    )


def cite(reason: str, notice: Notice, locale: str = "zh_CN") -> str:
    """Return the citation of what a reason rests on."""
    return notice.cite(TERM[reason], locale)
