"""The language of the person at the terminal."""

from __future__ import annotations

import os


def language() -> str:
    """Return ``en`` when the environment asks for English (LC_ALL, LC_MESSAGES, LANG), else ``zh_CN``.

    ``C`` and ``POSIX`` ask for no language at all, so they get the default.
    """
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        value = os.environ.get(name)
        if value:
            return "en" if value.lower().startswith("en") else "zh_CN"
    return "zh_CN"
