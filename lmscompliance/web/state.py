"""What one app keeps for us, and what one request knows: services, actor, language.

The state lives in ``app.extensions["compliance"]``, never on a module or on the extension object, so any
number of apps may stand in one process.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from flask import current_app, has_request_context, request

from lmscompliance.kernel.actor import Actor
from lmscompliance.kernel.errors import Unauthenticated
from lmscompliance.kernel.jcs import Json
from lmscompliance.services import Services

EXTENSION = "compliance"
_ACTOR = "lmscompliance.actor"

ActorLoader = Callable[[], Actor | None]
Holdings = Callable[[Services, Actor], Mapping[str, Json]]


@dataclass(slots=True)
class AppState:
    """Everything that belongs to one app.

    ``actor_loader`` maps the host's signed-in user to our ``Actor`` (``None``: nobody). ``login_url``, when
    the host gives one, is where a person who is not signed in is sent. ``schema_known`` turns true once the
    database has been seen at the newest migration; a restart asks again.
    """

    services: Services
    actor_loader: ActorLoader
    login_url: str | None = None
    schema_known: bool = False
    visitor: Callable[[], str] | None = None
    """Names the browser of somebody who is not signed in, so that our forms for them are bound to it."""
    holdings: Holdings | None = None
    """What whoever signs people in holds about them, for the copy of their own data they may take."""


def app_state() -> AppState:
    """Return the state of the app that serves this request."""
    state: AppState = current_app.extensions[EXTENSION]
    return state


def current_services() -> Services:
    """Return the services of the app that serves this request."""
    return app_state().services


def actor_or_none() -> Actor | None:
    """Return who is acting, asking the host once a request; ``None`` when nobody is signed in."""
    if _ACTOR not in request.environ:
        # Kept in the WSGI environ and not in ``flask.g``: an outer app context (tests, a host's own
        # tricks) outlives requests, and an actor must not.
        request.environ[_ACTOR] = app_state().actor_loader()
    actor: Actor | None = request.environ[_ACTOR]
    return actor


def current_actor() -> Actor:
    """Return who is acting; raises ``Unauthenticated`` when nobody is signed in."""
    actor = actor_or_none()
    if actor is None:
        raise Unauthenticated("web.sign_in_required")
    return actor


def locale() -> str:
    """Return the reader's language: the actor's own, else the platform's setting."""
    if has_request_context():
        actor = actor_or_none()
        if actor is not None:
            return actor.locale
    return current_services().settings.locale
