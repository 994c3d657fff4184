"""Ids, salts and draws, all from one injected source of randomness.

Production draws from the operating system. The headless demo passes a seeded source so that the same
seed gives the same figures; nothing that guards a secret may ever be built on that one.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from typing import Protocol

from lmscompliance.kernel.clock import Clock, to_micros

_CROCKFORD = "0123456789abcdefghjkmnpqrstvwxyz"


class Randomness(Protocol):
    """A source of random bytes."""

    def bytes(self, count: int) -> bytes:
        """Return ``count`` random bytes."""
        ...


class SystemRandomness:
    """The operating system's generator."""

    def bytes(self, count: int) -> bytes:
        """Return ``count`` unpredictable bytes."""
        return secrets.token_bytes(count)


class SeededRandomness:
    """A repeatable stream (SHA-256 in counter mode); for tests and the headless demo only."""

    def __init__(self, seed: int | str) -> None:
        """Start the stream that belongs to ``seed``."""
        self._seed = str(seed).encode()
        self._counter = 0

    def bytes(self, count: int) -> bytes:
        """Return the next ``count`` bytes of the stream."""
        out = b""
        while len(out) < count:
            self._counter += 1
            out += hashlib.sha256(self._seed + self._counter.to_bytes(8, "big")).digest()
        return out[:count]


class Ids:
    """Makes every identifier, salt and token the product hands out."""

    def __init__(self, clock: Clock, randomness: Randomness) -> None:
        """Draw time from ``clock`` and chance from ``randomness``."""
        self._clock = clock
        self._randomness = randomness

    def new(self) -> str:
        """Return a ULID: 26 lower-case characters that sort by creation time (kind to B-trees)."""
        millis = to_micros(self._clock.now()) // 1000
        value = (millis << 80) | int.from_bytes(self._randomness.bytes(10), "big")
        return "".join(_CROCKFORD[(value >> shift) & 31] for shift in range(125, -1, -5))

    def opaque(self) -> str:
        """Return a random id that tells nothing, not even when it was made (26 characters)."""
        return base64.b32encode(self._randomness.bytes(16)).decode().lower().rstrip("=")

    def salt(self) -> bytes:
        """Return the 128 bits that keep a disclosed value unguessable (RFC 9901, section 9.3)."""
        return self._randomness.bytes(16)

    def token(self, count: int = 32) -> str:
        """Return ``count`` random bytes as URL-safe text."""
        return base64.urlsafe_b64encode(self._randomness.bytes(count)).decode().rstrip("=")

    def code(self, length: int = 8) -> str:
        """Return a one-time code a person can type: no letters that look like digits."""
        alphabet = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
        return "".join(alphabet[self.below(len(alphabet))] for _ in range(length))

    def below(self, limit: int) -> int:
        """Return a uniform integer in ``[0, limit)`` (rejection sampling, so without bias)."""
        if limit < 1:
            msg = f"the limit must be at least 1, not {limit}"
            raise ValueError(msg)
        size = (limit.bit_length() + 7) // 8 + 1
        ceiling = (1 << (8 * size)) // limit * limit
        while True:
            value = int.from_bytes(self._randomness.bytes(size), "big")
            if value < ceiling:
                return value % limit
