"""The ledger's words: every code has one, and times, devices and answers read as people expect."""

from __future__ import annotations

import tomllib
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest

import lmscompliance.rules
from lmscompliance.kernel.clock import SHANGHAI, to_micros
from lmscompliance.policy import PROOFS, REASONS
from lmscompliance.policy.notice import STATUSES
from lmscompliance.policy.schema import PARAMETERS
from lmscompliance.rules import ledger_paper as paper
from lmscompliance.rules import ledger_terms as terms
from lmscompliance.rules import ledger_words as words
from lmscompliance.rules.marking import KINDS


def _us(*parts: int) -> int:
    return to_micros(datetime(*parts, tzinfo=SHANGHAI))


def test_every_code_has_a_word() -> None:
    """A new reason, kind, status or parameter of a policy needs its Chinese name before it is exported."""
    assert words.REASONS.keys() == set(REASONS)
    assert words.KINDS.keys() == set(KINDS)
    assert words.PROOFS.keys() == set(PROOFS)
    assert words.POLICY_STATUSES.keys() == set(STATUSES)
    assert terms.PARAMETERS.keys() == PARAMETERS.keys()
    choices = {choice for one in PARAMETERS.values() for choice in one.choices}
    assert {choice for choice in choices if terms.value(choice) == choice} == set()
    assert terms.value("commitment/附件4/某市承诺书") == "承诺书/附件4/某市承诺书"


def test_every_unmet_rule_that_a_ledger_can_show_has_a_sentence() -> None:
    """What keeps a trainee from completing or from the subsidy is said in the ledger's own words."""
    texts = Path(lmscompliance.rules.__file__).with_name("messages.toml").read_text(encoding="utf-8")
    codes = tomllib.loads(texts)
    shown = {
        code
        for code in codes
        if code.startswith(("hours_", "average_", "topics_", "subsidy_needs")) or code.endswith("no_subsidy")
    }
    assert shown <= words.UNMET.keys()


def test_times() -> None:
    """Seconds are cut, never rounded; an end on another day says so."""
    late = _us(2021, 2, 3, 23, 59, 59) + 999_999
    assert words.moment(late) == "2021-02-03 23:59:59"
    assert words.day(late) == "2021-02-03"
    assert words.clock(late, relative_to="2021-02-03") == "23:59:59"
    assert words.clock(late + 1, relative_to="2021-02-03") == "2021-02-04 00:00:00"
    assert words.moment(None) == ""


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/120.0.0.0 Safari/537.36", "Chrome 120 / Windows"),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/120.0 Safari/537.36 Edg/119.0", "Edge 119 / Windows"),
        ("Mozilla/5.0 (iPhone; OS 16_1) Version/16.1 Mobile/15E1 Safari/604.1", "Safari 16 / iPhone"),
        ("Mozilla/5.0 (Linux; Android 10) Chrome/88.0 MicroMessenger/8.0.1", "微信 8 / Android"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:120.0) Gecko/20100101 Firefox/120.0", "Firefox 120 / Linux"),
        ("curl/7.88.1", "curl/7.88.1"),
        ("x" * 60, "x" * 40 + "…"),
        ("", ""),
    ],
)  # fmt: skip
def test_devices(agent: str, name: str) -> None:
    """A device is called by browser and system; what is not recognised is shown as it came."""
    assert words.terminal(agent) == name


@pytest.mark.parametrize(
    ("item", "options", "answer"),
    [
        ({"kind": "single", "options": ["甲", "乙"], "key": [1]}, "A. 甲\nB. 乙", "B. 乙"),
        (
            {"kind": "multiple", "options": ["甲", "乙", "丙"], "key": [2, 0]},
            "A. 甲\nB. 乙\nC. 丙",
            "A. 甲\nC. 丙",
        ),
        ({"kind": "true_false", "options": [], "key": [True]}, "", "正确"),
        ({"kind": "true_false", "options": [], "key": [False]}, "", "错误"),
        ({"kind": "fill_in", "options": [], "key": ["氩气", "Ar"]}, "", "氩气 或 Ar"),
        ({"kind": "numeric", "options": [], "key": [["37.3", "0.2"]]}, "", "37.3±0.2"),
        ({"kind": "numeric", "options": [], "key": [["4", "0"]]}, "", "4"),
        (
            {"kind": "matching", "options": {"left": ["一", "二"], "right": ["乙", "甲"]}, "key": [1, 0]},
            "1. 一\n2. 二\nA. 乙\nB. 甲",
            "1-B；2-A",
        ),
        ({"kind": "single", "options": "damaged", "key": None}, "", ""),
        ({"kind": "single", "options": ["甲"], "key": [7]}, "A. 甲", ""),
    ],
)  # fmt: skip
def test_questions(item: dict, options: str, answer: str) -> None:
    """Options are lettered and the right answer is given in words, whatever the kind; damage never raises."""
    assert paper.options(item) == options
    assert paper.answer(item) == answer
    paper.answer_texts(item)


def test_policy_values() -> None:
    """A rule's value reads in words."""
    assert terms.value(Decimal("1.50")) == "1.5"
    assert terms.value(Decimal(100)) == "100"
    assert terms.value(("idle_gap", "paused")) == "无心跳、暂停"
    assert (terms.value(True), terms.value(None), terms.value(())) == ("是", "未规定", "无")  # noqa: FBT003  # a policy's value
    assert words.decimal_minutes(3600) == "60"
    assert words.decimal_minutes(90) == "1.5"
