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

_PURPOSE = b"lms.beat.nonce"


def after(services: Services, session_id: str, seq: int) -> str:
    """Return what is answered to the beat ``seq`` of a session, and so expected of the next one."""
    derived = _keyed(services.settings.secret_key).copy()
    derived.update(b"%b:%d" % (session_id.encode(), seq))
    return derived.hexdigest()


def is_after(services: Services, session_id: str, seq: int, nonce: str) -> bool:
    """Tell whether ``nonce`` (ASCII) is the one that was answered to the beat ``seq``."""
    return hmac.compare_digest(nonce, after(services, session_id, seq))


@lru_cache(maxsize=8)
def _keyed(secret: str) -> blake2b:
    # Taking in the key is half of the work, and the same each time.
    key = blake2b(secret.encode(), digest_size=32, person=_PURPOSE).digest()
    return blake2b(digest_size=LENGTH // 2, key=key, person=_PURPOSE)
