"""What a person states in their own words: a reason, a purpose, a wish."""

from __future__ import annotations

from lmscompliance.kernel.errors import InvalidInput


def stated(text: str, most: int, problem: str) -> str:
    """Return ``text`` on one line without idle space.

    Raises ``InvalidInput(problem, most=most)`` when nothing is said or more than ``most`` characters.
    """
    words = " ".join(text.split())
    if not words or len(words) > most:
        raise InvalidInput(problem, most=most)
    return words
