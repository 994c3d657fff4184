"""The notices that ship with the product say what the bureaus' texts say."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from lmscompliance.kernel.errors import InvalidInput
from lmscompliance.policy import REASONS, Catalogue, Notice
from lmscompliance.policy.house import editions
from lmscompliance.policy.quotes import missing_quotes

TEXTS = Path(__file__).parent.parent / "data" / "notices"
CATALOGUE = Catalogue.builtin()
S1, S2, DEMO = (CATALOGUE.get(name) for name in ("liusu-youji-2021", "wudi-gongjiang-draft", "demo-short"))

PUBLISHED = {
    ("demo-short", 1): "eb4105be1dbf7e5df539073d0a6e46b9c64fdd186c55438ba389736bff7eb4bb",
    ("liusu-youji-2021", 1): "eb7a08be603d465ac27b14c64f12e426868ce7dfffc7c4a9d313b169940e68a5",
    ("wudi-gongjiang-draft", 1): "f485b9d7e039b5132bdd11eefe3c34b9f2e215a18841eb61ac858be38aba40db",
}


def test_a_published_version_never_changes():
    """Classes recorded these digests when they were filed: a changed value needs a new version or edition."""
    assert {(one.id, one.version): one.digest for one in CATALOGUE.all()} == PUBLISHED


@pytest.mark.parametrize("notice", [S1, S2], ids=lambda one: one.id)
def test_T1_W1_each_quote_stands_in_the_notice_word_for_word(notice):
    """A value that claims a clause can be found in the bureau's own text."""
    text = (TEXTS / f"{notice.id}.txt").read_text(encoding="utf-8")
    assert missing_quotes(notice, text) == []


def test_a_quote_that_is_not_in_the_text_is_found_out():
    """The check compares words, not only that something is quoted."""
    text = (TEXTS / "wudi-gongjiang-draft.txt").read_text(encoding="utf-8")
    assert "hours.min_total" in missing_quotes(S1, text)


def test_s1_has_the_notices_values():
    """Clauses 二 to 六 of 太人社培[2021]1号."""
    assert (S1.status, S1.document) == ("in-force", "太人社培[2021]1号")
    assert (S1.window.starts_on, S1.window.ends_on) == (date(2021, 2, 1), date(2021, 2, 28))
    assert S1.topics.required == ("岗位技能", "安全生产", "职业道德", "防疫知识")
    assert (S1.hours.min_total, S1.hours.min_average_minutes) == (24, 30)
    assert (S1.exam.full_marks, S1.exam.pass_mark, S1.exam.attempts) == (100, 60, 2)
    assert (S1.subsidy.per_person, S1.retention.years) == (300, 3)


def test_s2_is_a_draft_whose_silence_is_filled_by_the_house():
    """35 课时 by clause; pass mark and attempts are ours until 苏人保职〔2021〕26号 is at hand."""
    assert S2.status == "draft"
    assert S2.hours.min_total == 35
    assert S2.source("hours.min_total").kind == "clause"
    assert S2.hours.minutes_per_class_hour == 45
    assert S2.source("exam.pass_mark").kind == S2.source("exam.attempts").kind == "house"
    assert S2.window.starts_on is None


def test_the_demo_policy_is_short_and_claims_no_clause():
    """Four lessons of 90 seconds, beats every 5 seconds, ten minutes of exam, nothing in a bureau's name."""
    assert (DEMO.credit.beat_seconds, DEMO.credit.max_gap_seconds) == (5, 12)
    assert (DEMO.hours.min_total, DEMO.hours.min_average_minutes) == (4, Decimal("1.5"))
    assert DEMO.exam.duration_seconds == 600
    assert {given.source.kind for given in DEMO.parameters.values()} == {"house"}
    assert DEMO.topics == S1.topics


def test_the_house_values():
    """Where a notice is silent: beat 60 s, gap 90 s, segment 300 s, real time, three seconds of tolerance."""
    credit = S1.credit
    assert (credit.beat_seconds, credit.max_gap_seconds, credit.segment_seconds) == (60, 90, 300)
    assert (credit.max_rate_permille, credit.position_tolerance_ms) == (1000, 3000)
    assert credit.precedence == REASONS
    assert S1.exam.duration_seconds == 3600
    assert all(S1.source(key).rationale for key in ("credit.beat_seconds", "hours.completion_ratio"))
    assert sorted(editions()) == [1]


def test_a_citation_names_the_document_and_clause_or_the_house():
    """What is ours is never passed off as the bureau's."""
    assert S1.cite("hours.min_total") == "太人社培[2021]1号 五.3"
    assert S1.cite("credit.beat_seconds") == "平台规则(通知未作规定)"
    assert S1.cite("credit.beat_seconds", "en") == "platform rule (the notice is silent)"
    assert DEMO.cite("window.starts_on") == "本班备案内容"
    assert DEMO.cite("hours.min_total") == "平台规则"
    with pytest.raises(KeyError):
        S1.cite("hours.minimum")


@pytest.mark.parametrize("notice", [S1, S2, DEMO], ids=lambda one: one.id)
def test_the_effective_text_gives_the_notice_back(notice):
    """An auditor rebuilds the very same terms from the bytes whose digest a class recorded."""
    again = Notice.from_effective(notice.effective_json())
    assert again == notice
    assert again.digest == notice.digest
    assert (again.hours, again.credit, again.consent) == (notice.hours, notice.credit, notice.consent)
    assert hash(again) == hash(notice)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b'"value":"24"', b'"value":24'),
        (b'"value":"24"', b'"value":"24.0"'),
        (b'"value":"24"', b'"value":"-1"'),
        (b'"format":1', b'"format":2'),
        (b'"status":"in-force"', b'"status":"final"'),
        (b'"hours.min_total"', b'"hours.minimum"'),
        (b'"effective_to":null,', b""),
        (b'"version":1', b'"version":"1"'),
        (b'"version":1', b'"version": 1'),
        (b'"source":"house"', b'"source":"bureau"'),
        (b'"clause":"\xe4\xba\x94.3"', b'"paragraph":"\xe4\xba\x94.3"'),
        (b"{", b"["),
    ],
)
def test_a_tampered_effective_text_is_refused(before, after):
    """Anything but the exact canonical text of a notice is refused, never half understood."""
    data = S1.effective_json()
    assert before in data
    with pytest.raises(InvalidInput):
        Notice.from_effective(data.replace(before, after))


def test_an_effective_text_from_before_a_parameter_existed_is_still_read():
    """A parameter with an ``absent`` value may be missing: the notice means what it meant then."""
    without = {key: given for key, given in S1.parameters.items() if key != "subsidy.per_person"}
    older = Notice(
        id=S1.id,
        version=S1.version,
        status=S1.status,
        title=S1.title,
        document=S1.document,
        effective_from=S1.effective_from,
        effective_to=S1.effective_to,
        defaults_edition=S1.defaults_edition,
        parameters=without,
    )
    assert older.subsidy.per_person is None
    assert Notice.from_effective(older.effective_json()) == older
    assert older != S1


def test_a_notice_is_in_force_from_its_day_on():
    """Effective dates are Shanghai days, both included."""
    assert not S1.in_force_on(date(2021, 1, 28))
    assert S1.in_force_on(date(2021, 1, 29))
