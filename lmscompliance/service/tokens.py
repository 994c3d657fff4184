"""Secrets that open a door: random, handed out once, kept as a hash."""

from __future__ import annotations

import hashlib


def token_hash(token: str) -> str:
    """Return what is kept of a token of 256 random bits (so it needs neither salt nor a slow hash).

    Looking a token up by its hash also takes from timing whatever it could tell: an attacker does not
    know the hash of what they try until they know the token.
    """
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
