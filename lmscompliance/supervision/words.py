"""What each kind of anomaly means, in people's words and with its figures."""

from __future__ import annotations

from collections.abc import Mapping

from lmscompliance.kernel.messages import text

KINDS = (
    "regular_beats",
    "clock_drift",
    "background",
    "long_day",
    "unbroken",
    "round_the_clock",
    "quick_answers",
    "unanswered",
    "mostly_late",
    "many_addresses",
    "address_cluster",
    "shared_device",
    "lockstep",
    "two_at_once",
    "ledger_outdated",
    "identity_suspected",
    "identity_failed",
    "exam_photos",
)
"""Every kind that the rules find, that follows from records which were united, or that people suspect."""

_MINUTE = 60


def explained(kind: str, facts: Mapping[str, int], locale: str) -> str:
    """Return what was seen, what may be behind it, and what honest reason there may be."""
    return text(f"supervision.what_{kind}", locale, **_figures(facts))


def _figures(facts: Mapping[str, int]) -> dict[str, str]:
    """Return the figures as people read them: seconds as hours and minutes, rates as factors."""
    shown = {}
    for name, value in facts.items():
        if name.endswith("seconds"):
            hours, minutes = divmod(value // _MINUTE, 60)
            shown[name] = f"{hours}:{minutes:02d}"
        elif name in {"rate_permille", "permitted", "spread_us"}:
            shown[name] = f"{value / 1000:g}"
        else:
            shown[name] = str(value)
    return shown
