"""The language of the person at the terminal."""

from __future__ import annotations

import os


def language() -> str:
    """Return ``zh_CN`` when the environment asks for Chinese (LC_ALL, LC_MESSAGES, LANG), else ``en``."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        value = os.environ.get(name)
        if value:
            return "zh_CN" if value.lower().startswith("zh") else "en"
    return "en"
