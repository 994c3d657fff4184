"""统一社会信用代码 (GB 32100-2015): 18 characters, the last a check character MOD 31-3."""

from __future__ import annotations

import unicodedata

from lmscompliance.kernel.errors import InvalidInput

_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
"""GB 32100 leaves out I, O, S, V and Z; a character's value is its place here."""

_LENGTH = 18


def check(raw: str) -> str:
    """Return ``raw`` normalised (upper case, half width); raises ``InvalidInput`` with the reason."""
    code = "".join(unicodedata.normalize("NFKC", raw).split()).upper()
    if len(code) != _LENGTH:
        raise InvalidInput("identity.uscc_length", code=code, length=len(code))
    if any(char not in _ALPHABET for char in code):
        raise InvalidInput("identity.uscc_characters", code=code)
    if check_character(code[:-1]) != code[-1]:
        raise InvalidInput("identity.uscc_check", code=code)
    return code


def check_character(body: str) -> str:
    """Return the check character that belongs to the first 17 characters."""
    total = sum(_ALPHABET.index(char) * pow(3, place, 31) for place, char in enumerate(body))
    return _ALPHABET[-total % 31]
