"""``Compliance``: what a host platform sees of us.

    compliance = Compliance()
    compliance.init_app(app, actor_loader=who_is_it)

Nothing is kept on the extension object, so one object serves any number of apps; nothing of the host is
replaced or set for its own routes.
"""

from __future__ import annotations

from flask import Flask

from lmscompliance.extension.building import build_services
from lmscompliance.extension.mounting import mount
from lmscompliance.kernel.clock import Clock
from lmscompliance.kernel.errors import Misconfigured
from lmscompliance.kernel.ids import Randomness
from lmscompliance.kernel.settings import Settings
from lmscompliance.services import Services
from lmscompliance.web.state import EXTENSION, ActorLoader, AppState


class Compliance:
    """The Flask extension."""

    def __init__(self, clock: Clock | None = None, randomness: Randomness | None = None) -> None:
        """Take the machine's clock and randomness unless others are handed in (tests, headless demo)."""
        self._clock = clock
        self._randomness = randomness

    def init_app(self, app: Flask, actor_loader: ActorLoader, *, login_url: str | None = None) -> None:
        """Read ``app.config``'s ``COMPLIANCE_*`` keys and mount everything under the URL prefix.

        ``actor_loader`` is called at most once a request and returns the signed-in user as an ``Actor``,
        or ``None``. ``login_url`` is where a person who is not signed in is sent (with ``next=``).
        The database is not touched: ``lmscompliance db upgrade`` brings it up to date.
        Raises ``Misconfigured`` for a bad setting or a second call on one app.
        """
        if EXTENSION in app.extensions:
            raise Misconfigured("extension.twice")
        services = build_services(Settings.from_mapping(app.config), self._clock, self._randomness)
        mount(app, AppState(services=services, actor_loader=actor_loader, login_url=login_url))

    def services(self, app: Flask) -> Services:
        """Return ``app``'s services; raises ``Misconfigured`` when ``init_app`` has not seen it."""
        return self._state(app).services

    @staticmethod
    def _state(app: Flask) -> AppState:
        state: AppState | None = app.extensions.get(EXTENSION)
        if state is None:
            raise Misconfigured("extension.not_initialised")
        return state
