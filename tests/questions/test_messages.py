"""Every reason and error of this room has a text in both languages, and no text is left over."""

from __future__ import annotations

import re
import string
import tomllib
from pathlib import Path

import lmscompliance.questions

ROOM = Path(lmscompliance.questions.__file__).parent
TEXTS = tomllib.loads((ROOM / "messages.toml").read_text(encoding="utf-8"))


def _used() -> set[str]:
    source = "\n".join(path.read_text(encoding="utf-8") for path in ROOM.rglob("*.py"))
    return {word for word in re.findall(r'"(?:questions\.)?([a-z_]+)"', source) if word in TEXTS}


def test_texts_are_complete_and_used():
    """Each text stands in Chinese and English with the same placeholders, and some code gives it."""
    for name, text in TEXTS.items():
        fields = [
            {field for _, field, _, _ in string.Formatter().parse(text[locale]) if field}
            for locale in ("zh_CN", "en")
        ]
        if "{ " not in text["en"]:
            assert fields[0] == fields[1], name
        assert text["zh_CN"] != text["en"]
    assert _used() == set(TEXTS)


def test_no_reason_is_without_a_text():
    """Each code that a reader or a service gives has its text."""
    source = "\n".join(path.read_text(encoding="utf-8") for path in ROOM.rglob("*.py"))
    given = set(re.findall(r'reason\(\s*"([a-z_]+)"', source)) | set(
        re.findall(r'"questions\.([a-z_]+)"', source)
    )
    assert given <= set(TEXTS)
