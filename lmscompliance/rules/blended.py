"""How much of a blended training is online (线上课时占比), planned and actual.

Recorded and live lessons are online. Shares are compared exactly: 40.0 % passes a limit of 40 %, 40.1 % does
not. A plan without offline lessons is purely online, which is another matter (an expert review) and is not
judged by this share.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from lmscompliance.policy.notice import Notice
from lmscompliance.rules.facts import OFFLINE, LessonFact
from lmscompliance.rules.marking import exact_sum, plain
from lmscompliance.rules.verdict import Verdict, met, not_met

RULE = "delivery.max_online_share"
_TENTHS_OF_A_PERCENT = 1000


@dataclass(frozen=True, slots=True)
class Share:
    """课时 taught online and offline."""

    online: Decimal
    offline: Decimal

    @property
    def total(self) -> Decimal:
        """All of them."""
        return exact_sum((self.online, self.offline))

    @property
    def online_share(self) -> Fraction:
        """Online over all, exactly; 0 while there is nothing."""
        return Fraction(self.online) / Fraction(self.total) if self.total else Fraction(0)

    @property
    def percent(self) -> str:
        """The share for people, with one decimal, rounded up: what is over 40 % may not read as 40.0 %."""
        tenths = -(-self.online_share * _TENTHS_OF_A_PERCENT // 1)
        return f"{tenths // 10}.{tenths % 10}%"


def planned(lessons: Iterable[LessonFact]) -> Share:
    """Return what a plan holds."""
    listed = list(lessons)
    return Share(
        exact_sum(one.class_hours for one in listed if one.mode != OFFLINE),
        exact_sum(one.class_hours for one in listed if one.mode == OFFLINE),
    )


def verdict(lessons: Iterable[LessonFact], notice: Notice) -> Verdict | None:
    """Judge a plan's share; ``None`` where the policy sets no limit or the plan is not blended."""
    share, limit = planned(lessons), notice.delivery.max_online_share
    if limit >= 1 or not share.offline or not share.online:
        return None
    figures = {
        "online": plain(share.online),
        "total": plain(share.total),
        "have": share.percent,
        "need": f"{plain(limit * 100)}%",
    }
    if Fraction(share.online) <= Fraction(limit) * Fraction(share.total):
        return met(notice, RULE, **figures)
    return not_met(notice, RULE, "online_share_high", **figures)


def mismatched(lessons: Iterable[LessonFact], notice: Notice) -> list[LessonFact]:
    """Return the online lessons that by their words are practised by hand, and are not simulated (W8)."""
    terms = notice.delivery

    def says(one: LessonFact, words: tuple[str, ...]) -> bool:
        return any(word in text for word in words for text in (one.topic, one.title, one.delivery))

    return [
        one
        for one in lessons
        if one.mode != OFFLINE and says(one, terms.hands_on_words) and not says(one, terms.simulated_words)
    ]
