"""Passwords: argon2id, and what a password may not be. Slow on purpose, so never inside a transaction."""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from lmscompliance.kernel.errors import InvalidInput, Misconfigured
from lmscompliance.kernel.settings import Settings

_HASHER = PasswordHasher(memory_cost=19456, time_cost=2, parallelism=1)
"""argon2id with 19 MiB, two passes and one lane: the least that OWASP's cheat sheet recommends."""
_LONGEST = 128
_NOBODYS = _HASHER.hash("")
"""Compared with where there is no account, so that this takes as long as a wrong password."""


def hashed(settings: Settings, password: str, *, login: str) -> str:
    """Return the hash of a new password; raises ``InvalidInput`` when it may not be one."""
    plain = _normal(password)
    if not settings.password_min_length <= len(plain) <= _LONGEST:
        raise InvalidInput(
            "service.password_length", least=settings.password_min_length, most=_LONGEST, length=len(plain)
        )
    if plain.casefold() == _normal(login).casefold() or len(set(plain)) <= 2:  # noqa: PLR2004  # aaaa, abab
        raise InvalidInput("service.password_simple")
    if settings.breached_passwords is not None and plain in _breached(settings.breached_passwords):
        raise InvalidInput("service.password_breached")
    return _HASHER.hash(plain)


def matches(kept: str, password: str) -> bool:
    """Tell whether ``password`` is the one of ``kept``; with nothing kept it takes as long to say no."""
    try:
        return _HASHER.verify(kept or _NOBODYS, _normal(password)[:_LONGEST]) and bool(kept)
    except (VerificationError, InvalidHashError):
        return False


def renewed(kept: str, password: str) -> str | None:
    """Return a new hash of a right password where ``kept`` was made with other parameters."""
    return _HASHER.hash(_normal(password)) if _HASHER.check_needs_rehash(kept) else None


def _normal(password: str) -> str:
    # The same keys on another keyboard may send another form of one character (NIST SP 800-63B, 3.1.1.2).
    return unicodedata.normalize("NFKC", password)


@lru_cache(maxsize=4)
def _breached(path: Path) -> frozenset[str]:
    try:
        return frozenset(path.read_text(encoding="utf-8").splitlines())
    except (OSError, UnicodeDecodeError) as error:
        raise Misconfigured("service.breached_unreadable", path=str(path)) from error
