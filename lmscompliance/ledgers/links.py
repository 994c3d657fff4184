"""Download links: an address that opens one file of one export for a short while, signed and not stored.

A download manager or ``curl`` follows it without a cookie; whoever it was made for stands in it, so that each
download is recorded with that account.
"""

from __future__ import annotations

import hashlib
from dataclasses import astuple, dataclass

from itsdangerous import BadData, URLSafeSerializer

from lmscompliance.kernel.clock import to_micros
from lmscompliance.kernel.errors import Unauthenticated
from lmscompliance.services import Services

_SALT = "lmscompliance.ledgers.link"
_MINUTE_US = 60 * 1_000_000
_MEMBERS = 6


@dataclass(frozen=True, slots=True)
class Link:
    """What a link opens, and the account and role it was made for."""

    class_id: str
    export_id: str
    file: str
    account: str
    role: str


def issue(services: Services, link: Link) -> str:
    """Return the part of an address that opens ``link`` for ``COMPLIANCE_LINK_MINUTES``."""
    until = to_micros(services.clock.now()) + services.settings.link_minutes * _MINUTE_US
    return _serializer(services).dumps([*astuple(link), until])


def read(services: Services, text: str) -> Link:
    """Return what ``text`` opens; raises ``Unauthenticated`` when we did not sign it or it is over."""
    try:
        members = _serializer(services).loads(text)
    except (BadData, ValueError):
        raise Unauthenticated("ledgers.link") from None
    if not isinstance(members, list) or len(members) != _MEMBERS:
        raise Unauthenticated("ledgers.link")
    *link, until = members
    if to_micros(services.clock.now()) > until:
        raise Unauthenticated("ledgers.link")
    return Link(*link)


def _serializer(services: Services) -> URLSafeSerializer:
    secret = services.settings.secret_key
    return URLSafeSerializer(secret, salt=_SALT, signer_kwargs={"digest_method": hashlib.sha256})
