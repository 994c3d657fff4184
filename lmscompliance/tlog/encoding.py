"""Base64 and decimals, read strictly: one value has one spelling, so two readers never differ."""

from __future__ import annotations

import binascii
import re

HASH_BYTES = 32
"""The size of SHA-256, the only tree hash of these formats."""

_HASH_CHARACTERS = 44
_LAST = "AEIMQUYcgkosw048"
"""What can stand before a hash's padding: the two bits that 32 bytes leave over are zero."""
_DECIMAL = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)
_MAX = 2**63 - 1


def to_base64(data: bytes) -> str:
    """Return RFC 4648 section 4 base64, the only one these formats use."""
    return binascii.b2a_base64(data, newline=False).decode("ascii")


def from_base64(text: str) -> bytes:
    """Read base64: canonical padding and bits, no white space; raises ``ValueError`` for anything else."""
    data = binascii.a2b_base64(text, strict_mode=True)
    if to_base64(data) != text:
        msg = "base64 is not in canonical form"
        raise ValueError(msg)
    return data


def hash_from_base64(text: str) -> bytes:
    """Read a base64 SHA-256; raises ``ValueError`` for anything else."""
    if len(text) != _HASH_CHARACTERS:
        msg = f"a hash has {_HASH_CHARACTERS} characters, not {len(text)}"
        raise ValueError(msg)
    data = binascii.a2b_base64(text, strict_mode=True)
    if len(data) != HASH_BYTES or text[-2] not in _LAST:
        msg = f"a hash has {HASH_BYTES} bytes in canonical form"
        raise ValueError(msg)
    return data


def decimal(text: str) -> int:
    """Read an ASCII decimal without leading zeroes, at most 2^63-1; ``ValueError`` for anything else."""
    if not _DECIMAL.fullmatch(text) or int(text) > _MAX:
        msg = f"{text!r} is not a decimal number without leading zeroes"
        raise ValueError(msg)
    return int(text)
