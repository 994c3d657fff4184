"""Whom an auditor looks at more closely (notice T38): drawn from a seed, so that anybody can draw again."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping


def drawn(enrolments: Mapping[str, int], count: int, seed: str) -> list[int]:
    """Return the class numbers, ascending, of ``count`` trainees out of ``enrolments`` (id → class number).

    They are those for whom the SHA-256 of ``seed/id`` (UTF-8) is smallest, so that every trainee is as likely
    as any other and ``sha256sum`` repeats it. More than there are gives everybody.
    """
    places = sorted(enrolments, key=lambda one: hashlib.sha256(f"{seed}/{one}".encode()).digest())
    return sorted(enrolments[one] for one in places[:count])
