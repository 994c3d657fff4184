"""Base64 and decimals, read strictly: one value has one spelling, so two readers never differ."""

from __future__ import annotations

import base64
import re

HASH_BYTES = 32
"""The size of SHA-256, the only tree hash of these formats."""

_DECIMAL = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)
_MAX = 2**63 - 1


def to_base64(data: bytes) -> str:
    """Return RFC 4648 section 4 base64, the only one these formats use."""
    return base64.b64encode(data).decode("ascii")


def from_base64(text: str) -> bytes:
    """Read base64: canonical padding and bits, no white space; raises ``ValueError`` for anything else."""
    data = base64.b64decode(text, validate=True)
    if to_base64(data) != text:
        msg = "base64 is not in canonical form"
        raise ValueError(msg)
    return data


def hash_from_base64(text: str) -> bytes:
    """Read a base64 SHA-256; raises ``ValueError`` for anything else."""
    data = from_base64(text)
    if len(data) != HASH_BYTES:
        msg = f"a hash has {HASH_BYTES} bytes, not {len(data)}"
        raise ValueError(msg)
    return data


def decimal(text: str) -> int:
    """Read an ASCII decimal without leading zeroes, at most 2^63-1; ``ValueError`` for anything else."""
    if not _DECIMAL.fullmatch(text) or int(text) > _MAX:
        msg = f"{text!r} is not a decimal number without leading zeroes"
        raise ValueError(msg)
    return int(text)
