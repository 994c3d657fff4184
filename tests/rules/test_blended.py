"""How much of a blended plan may be online."""

from __future__ import annotations

from decimal import Decimal

import pytest

from lmscompliance.policy import Catalogue
from lmscompliance.rules import blended
from lmscompliance.rules.facts import LessonFact

CATALOGUE = Catalogue.builtin()
S1, S2 = CATALOGUE.get("liusu-youji-2021"), CATALOGUE.get("wudi-gongjiang-draft")


def plan(online: str, offline: str, live: str = "0") -> list[LessonFact]:
    """Return a plan with these 课时."""
    modes = (("online", online), ("live", live), ("offline", offline))
    return [
        LessonFact(mode, n, "技能", "课", mode, mode, Decimal(hours), 2700, mode)
        for n, (mode, hours) in enumerate(modes, 1)
        if Decimal(hours)
    ]


@pytest.mark.parametrize(
    ("online", "offline", "passes", "percent"),
    [
        ("40.0", "60.0", True, "40.0%"),
        ("40.1", "59.9", False, "40.1%"),
        ("16", "24", True, "40.0%"),
        ("40.0001", "59.9999", False, "40.1%"),
        ("1", "99", True, "1.0%"),
    ],
)
def test_W9_forty_percent_pass_and_more_does_not(online, offline, passes, percent):
    """Notice S2 四: 线上培训课时原则上不得高于培训总课时的40%; compared exactly, shown rounded up."""
    found = blended.verdict(plan(online, offline), S2)
    assert (found.met, found.params["have"]) == (passes, percent)
    assert found.clause.endswith("四")


def test_live_lessons_are_online():
    """直播 counts with 录播."""
    found = blended.verdict(plan("20", "60", live="21"), S2)
    assert (found.met, found.params["online"]) == (False, "41")


def test_purely_online_plans_and_silent_policies_are_not_judged():
    """W6 allows 纯线上 after an expert review; S1 sets no share."""
    assert blended.verdict(plan("40", "0"), S2) is None
    assert blended.verdict(plan("0", "40"), S2) is None
    assert blended.verdict(plan("90", "10"), S1) is None


def test_W8_practice_that_is_planned_online_is_warned_of_unless_simulated():
    """By the policy's words, in topic, title or delivery; face to face it belongs."""
    base = {"id": "L", "ordinal": 1, "topic": "技能", "course": "c", "class_hours": Decimal(1)}

    def one(title, mode="online"):
        return LessonFact(**base, title=title, delivery="录播", planned_seconds=2700, mode=mode)

    lessons = [one("焊接实操"), one("焊接实操仿真"), one("焊接原理"), one("焊接实操", "offline")]
    assert blended.mismatched(lessons, S2) == lessons[:1]
