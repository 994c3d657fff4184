"""Which logs have ended, as a trust policy says it in lines that other readers take for comments."""

from __future__ import annotations

import re

from lmscompliance.tlog.checkpoint import Checkpoint
from lmscompliance.tlog.encoding import decimal, hash_from_base64, to_base64

_LINE = re.compile(r"^# ended (\S+) (\S+) (\S+)[ \t]*$", re.MULTILINE)


def ended_line(last: Checkpoint) -> str:
    """Return the line that says that ``last`` is its log's last checkpoint."""
    return f"# ended {last.origin} {last.size} {to_base64(last.root)}\n"


def ended(trust: str | bytes) -> dict[str, Checkpoint]:
    """Return the last checkpoint of each ended log, by origin; raises ``ValueError`` for a malformed one."""
    text = trust if isinstance(trust, str) else trust.decode("utf-8", "surrogateescape")
    return {
        match[1]: Checkpoint(match[1], decimal(match[2]), hash_from_base64(match[3]))
        for match in _LINE.finditer(text)
    }
