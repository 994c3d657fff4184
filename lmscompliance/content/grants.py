"""What lets a player fetch a lesson's content: an address with a signature instead of a cookie.

A simulation runs in a frame without an origin of its own, so that its scripts can do nothing in the
trainee's name; such a frame sends no cookie either.
"""

from __future__ import annotations

import hashlib
from typing import NamedTuple

from itsdangerous import BadData, URLSafeSerializer

from lmscompliance.kernel.clock import to_micros
from lmscompliance.kernel.errors import Unauthenticated
from lmscompliance.services import Services

_SALT = "lmscompliance.content.grant"
_LIFE_US = 12 * 3600 * 1_000_000
_MEMBERS = 4


class Grant(NamedTuple):
    """Which content its bearer may fetch."""

    sha256: str
    kind: str
    name: str


def issue(services: Services, grant: Grant) -> str:
    """Return the part of an address that opens one content for half a day."""
    until = to_micros(services.clock.now()) + _LIFE_US
    return _serializer(services).dumps([*grant, until])


def read(services: Services, text: str) -> Grant:
    """Return what ``text`` opens; raises ``Unauthenticated`` when we did not sign it or it is over."""
    try:
        members = _serializer(services).loads(text)
    except (BadData, ValueError):
        raise Unauthenticated("content.grant") from None
    if not isinstance(members, list) or len(members) != _MEMBERS:
        raise Unauthenticated("content.grant")
    *grant, until = members
    if to_micros(services.clock.now()) > until:
        raise Unauthenticated("content.grant")
    return Grant(*grant)


def _serializer(services: Services) -> URLSafeSerializer:
    secret = services.settings.secret_key
    return URLSafeSerializer(secret, salt=_SALT, signer_kwargs={"digest_method": hashlib.sha256})
