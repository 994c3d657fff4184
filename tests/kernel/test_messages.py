"""What a reader is told whose language is none of ours."""

from __future__ import annotations

import pytest

from lmscompliance.kernel.messages import Remark, Sentences, said

SAID = Remark("kernel.unknown_setting", {"key": "X"})


@pytest.mark.parametrize("one", [SAID, Sentences([SAID, SAID]), ["a", "b"]])
def test_an_unknown_language_falls_back_to_chinese_within_a_text_too(one: object) -> None:
    """Sayings and lists among a text's parameters are said as the text around them."""
    assert said(one, "fr") == said(one, "zh_CN") != said(one, "en")
