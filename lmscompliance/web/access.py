"""Who may use a route: declared beside it, enforced before the view runs, walked by one test."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum

from flask import request

from lmscompliance.kernel.actor import Actor, Role
from lmscompliance.kernel.errors import Forbidden
from lmscompliance.services import Services
from lmscompliance.web import csrf
from lmscompliance.web.state import current_actor, current_services

Scope = Callable[[Services, Actor, dict[str, str]], None]
"""Given the path's arguments, raises ``NotFound`` when the object is not the actor's to see."""

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class Open(Enum):
    """A route without a signed-in actor."""

    PUBLIC = "public"
    """Anybody may call it."""
    TOKEN = "token"  # noqa: S105  # the name of a kind of access, not a secret
    """The view itself checks a token that the request carries; no cookie is looked at, so no CSRF."""
    VISITOR = "visitor"
    """Anybody's browser; an unsafe request needs the CSRF token that our page handed to it."""


PUBLIC = Open.PUBLIC
VISITOR = Open.VISITOR
TOKEN = Open.TOKEN


class Access:
    """A signed-in actor in one of ``roles``, and ``scope`` satisfied for the objects in the path.

    A wrong role is refused with 403 before any object is looked at, so the answer tells nothing about
    it; a foreign object is 404, exactly as one that does not exist.
    """

    __slots__ = ("roles", "scope")

    def __init__(self, *roles: Role, scope: Scope | None = None) -> None:
        """Admit ``roles``; there is no implied role, an administrator is named like any other."""
        if not roles:
            msg = "name at least one role, or declare the route PUBLIC or TOKEN"
            raise ValueError(msg)
        self.roles = frozenset(roles)
        self.scope = scope


def admit(access: Access | Open, arguments: dict[str, str]) -> None:
    """Let the present request through or raise; called before every view.

    Raises ``Unauthenticated``, ``Forbidden`` (role or CSRF) or the scope's ``NotFound``.
    """
    if isinstance(access, Open):
        if access is VISITOR and request.method not in SAFE_METHODS:
            csrf.check(current_services(), csrf.bound_to())
        return
    actor = current_actor()
    if request.method not in SAFE_METHODS:
        csrf.check(current_services(), actor.account)
    if actor.role not in access.roles:
        raise Forbidden("web.wrong_role")
    if access.scope is not None:
        access.scope(current_services(), actor, arguments)
