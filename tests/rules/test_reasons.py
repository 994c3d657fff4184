"""Every reason, verdict and problem has words in both languages and something to rest on."""

from __future__ import annotations

import pytest

from lmscompliance.kernel.messages import codes, text
from lmscompliance.policy import REASONS, Catalogue
from lmscompliance.rules import reasons
from tests.rules.build import NOTICE


@pytest.mark.parametrize("reason", REASONS)
@pytest.mark.parametrize("locale", ["zh_CN", "en"])
def test_a_reason_has_a_label_an_explanation_and_a_citation(reason, locale):
    """A trainee reads why seconds were not credited, in their language, with what it rests on."""
    assert reasons.label(reason, locale)
    assert "{" not in reasons.explanation(reason, NOTICE, locale)
    assert reasons.cite(reason, NOTICE, locale)


def test_a_reason_from_the_notice_cites_its_clause_and_a_house_one_says_so():
    """Nothing of ours is passed off as the bureau's."""
    assert reasons.cite("outside_window", NOTICE) == "太人社培[2021]1号 二"
    assert reasons.cite("idle_gap", NOTICE) == "平台规则(通知未作规定)"
    demo = Catalogue.builtin().get("demo-short")
    assert reasons.cite("outside_window", demo) == "本班备案内容"


@pytest.mark.parametrize("code", [*codes("rules"), *codes("policy")])
def test_each_text_exists_in_both_languages_with_the_same_placeholders(code):
    """A missing translation or placeholder would surface only in front of a person."""
    import string

    fields = [
        sorted({name for _, name, _, _ in string.Formatter().parse(text(code, locale)) if name})
        for locale in ("zh_CN", "en")
    ]
    assert fields[0] == fields[1]
    assert text(code, "zh_CN") != text(code, "en")
