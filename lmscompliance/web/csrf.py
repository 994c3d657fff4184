"""Our own CSRF token: bound to the account, signed, needed by every unsafe request that rides on a cookie.

Stateless, so any worker accepts what any other handed out and a restart loses nothing. It is sent as the
header ``X-Compliance-CSRF`` (scripts) or the form field ``csrf_token`` (forms).
"""

from __future__ import annotations

from functools import lru_cache

from flask import request
from itsdangerous import BadData, URLSafeSerializer

from lmscompliance.kernel.clock import to_micros
from lmscompliance.kernel.errors import Forbidden
from lmscompliance.services import Services
from lmscompliance.web.state import actor_or_none, app_state, current_services

HEADER = "X-Compliance-CSRF"
FIELD = "csrf_token"
LIFETIME_SECONDS = 24 * 3600
"""A page left open longer must be reloaded before its forms work again."""


def make_token(services: Services, account: str) -> str:
    """Return a token for ``account``, good for ``LIFETIME_SECONDS`` on the injected clock."""
    return _serializer(services.settings.secret_key).dumps([account, _seconds(services)])


def csrf_token() -> str:
    """Return the token of the present actor or visitor; empty where there is neither (nothing to protect)."""
    bound = bound_to()
    return make_token(current_services(), bound) if bound else ""


def bound_to() -> str:
    """Return whom this request's forms belong to: the actor's account, else the visitor's browser."""
    actor = actor_or_none()
    if actor is not None:
        return actor.account
    visitor = app_state().visitor
    return "" if visitor is None else f"visitor/{visitor()}"


def check(services: Services, bound: str) -> None:
    """Raise ``Forbidden`` unless the request carries a token made for ``bound`` that is still fresh."""
    sent = request.headers.get(HEADER) or request.form.get(FIELD, "")
    try:
        account, made = _opened(services.settings.secret_key, sent)
        fresh = _seconds(services) - made <= LIFETIME_SECONDS
    except (BadData, TypeError, ValueError):
        raise Forbidden("web.csrf") from None
    if not bound or account != bound or not fresh:
        raise Forbidden("web.csrf")


def _seconds(services: Services) -> int:
    return to_micros(services.clock.now()) // 1_000_000


@lru_cache(maxsize=4096)
def _opened(secret_key: str, sent: str) -> tuple[str, int]:
    # A page sends the token it was given with each of a hundred saves; what was signed once stays signed.
    account, made = _serializer(secret_key).loads(sent)
    return account, made


@lru_cache(maxsize=16)
def _serializer(secret_key: str) -> URLSafeSerializer:
    # Deriving its key costs as much as checking a token does.
    return URLSafeSerializer(secret_key, salt="lmscompliance.csrf")
