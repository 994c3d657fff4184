"""The nonce a beat must show: what the server answered to the beat before it.

It is derived from the session and the number of the answered beat under a key of ours, so nothing is stored,
every process knows it, and asking again after a lost answer gives the same. Whoever posts beats without
reading the answers does not have it.
"""

from __future__ import annotations

import hmac
from functools import lru_cache
from hashlib import blake2b

from lmscompliance.services import Services

LENGTH = 16
"""Characters of a nonce, hexadecimal."""

PER_RUN = 8
"""Nonces of consecutive beats that are derived together, because one digest is long enough for so many."""

_PURPOSE = b"lms.beat.nonce"
_BYTES = LENGTH // 2


def after(services: Services, session_id: str, seq: int) -> str:
    """Return what is answered to the beat ``seq`` of a session, and so expected of the next one."""
    place = seq % PER_RUN * LENGTH
    return run(services, session_id, seq // PER_RUN)[place : place + LENGTH]


def run(services: Services, session_id: str, number: int) -> str:
    """Return the nonces after the beats from ``number * PER_RUN`` on, one behind the other."""
    derived = _keyed(services.settings.secret_key).copy()
    derived.update(b"%b:%d" % (session_id.encode(), number))
    return derived.hexdigest()


def is_after(services: Services, session_id: str, seq: int, nonce: str) -> bool:
    """Tell whether ``nonce`` (ASCII) is the one that was answered to the beat ``seq``."""
    return hmac.compare_digest(nonce, after(services, session_id, seq))


@lru_cache(maxsize=8)
def _keyed(secret: str) -> blake2b:
    # Taking in the key is half of the work, and the same each time.
    key = blake2b(secret.encode(), digest_size=32, person=_PURPOSE).digest()
    return blake2b(digest_size=_BYTES * PER_RUN, key=key, person=_PURPOSE)
