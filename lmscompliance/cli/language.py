"""The language of the person at the terminal."""

from __future__ import annotations

import os

from lmscompliance.kernel.messages import terminal_locale


def language() -> str:
    """Return ``en`` or ``zh_CN`` as the environment asks (``kernel.messages.terminal_locale``)."""
    return terminal_locale(os.environ)
