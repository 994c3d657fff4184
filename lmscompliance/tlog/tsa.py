"""Whose timestamps a trust policy believes: lines that other readers of tlog-policy take for comments."""

from __future__ import annotations

import re

from lmscompliance.tlog.encoding import from_base64, to_base64

_LINE = re.compile(r"^# tsa (\S+)[ \t]*$", re.MULTILINE)


def tsa_line(certificate: bytes) -> str:
    """Return the line that names a timestamping authority's root ``certificate`` (X.509, DER)."""
    return f"# tsa {to_base64(certificate)}\n"


def tsa_roots(trust: str | bytes) -> tuple[bytes, ...]:
    """Return the root certificates (DER) a trust policy names; raises ``ValueError`` for a malformed line."""
    text = trust if isinstance(trust, str) else trust.decode("utf-8", "surrogateescape")
    return tuple(from_base64(match[1]) for match in _LINE.finditer(text))
