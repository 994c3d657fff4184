"""The session token: what a page shows with each beat instead of a cookie.

Signed, so no table is asked; it says which row the beat belongs to. It does not expire by itself: it is
worth exactly as much as its session, and a closed session takes no beat.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from typing import NamedTuple

from itsdangerous import BadData, URLSafeSerializer

from lmscompliance.kernel.errors import Unauthenticated
from lmscompliance.services import Services

_SALT = "lmscompliance.learning.session"
_MEMBERS = 3
_REMEMBERED = 20_000


class Claims(NamedTuple):
    """What a valid token says."""

    session_id: str
    enrolment_id: str
    class_id: str


def issue(services: Services, claims: Claims) -> str:
    """Return the token of a session."""
    return _serializer(services.settings.secret_key).dumps(list(claims))


def read(services: Services, token: str) -> Claims:
    """Return what ``token`` says; raises ``Unauthenticated`` when we did not sign it."""
    try:
        return _read(services.settings.secret_key, token)
    except (BadData, ValueError):
        raise Unauthenticated("learning.bad_token") from None


@lru_cache(maxsize=_REMEMBERED)
def _read(secret: str, token: str) -> Claims:
    # Remembered because a session shows the same token some hundred times; a refusal is not remembered.
    members = _serializer(secret).loads(token)
    if (
        not isinstance(members, list)
        or len(members) != _MEMBERS
        or not all(isinstance(one, str) for one in members)
    ):
        msg = "signed by us, but not a session token"
        raise ValueError(msg)
    return Claims(*members)


@lru_cache(maxsize=8)
def _serializer(secret: str) -> URLSafeSerializer:
    return URLSafeSerializer(secret, salt=_SALT, signer_kwargs={"digest_method": hashlib.sha256})
