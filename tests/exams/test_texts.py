"""The room's texts for people."""

from __future__ import annotations

import re

from lmscompliance.kernel import messages


def test_every_text_has_both_languages():
    """Each message of the room stands in Chinese and English with the same placeholders."""
    for code in messages.codes("exams"):
        chinese, english = (
            re.findall(r"{(\w+)}", messages._catalog("exams")[code.split(".", 1)[1]][locale])
            for locale in ("zh_CN", "en")
        )
        assert set(english) == set(chinese), code
