"""``Compliance``: what a host platform sees of us.

    compliance = Compliance()
    compliance.init_app(app, actor_loader=who_is_it)

Nothing is kept on the extension object, so one object serves any number of apps; nothing of the host is
replaced or set for its own routes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from flask import Flask

from lmscompliance.evidence.signer import Signer
from lmscompliance.extension import wiring
from lmscompliance.extension.building import build_services
from lmscompliance.extension.mounting import beat_route, mount
from lmscompliance.extension.periodic import run_leased
from lmscompliance.extension.signing import signer_of
from lmscompliance.kernel.clock import Clock
from lmscompliance.kernel.errors import Misconfigured
from lmscompliance.kernel.ids import Randomness
from lmscompliance.kernel.notification import Notifier
from lmscompliance.kernel.presence import PresenceMethod
from lmscompliance.kernel.reading import DayReader
from lmscompliance.kernel.settings import Settings
from lmscompliance.kernel.verification import Verifier
from lmscompliance.learning.asynclane import THREADS, AsyncLane
from lmscompliance.services import Services
from lmscompliance.web.routes import Routes
from lmscompliance.web.state import EXTENSION, ActorLoader, AppState, Holdings

if TYPE_CHECKING:
    from apscheduler.schedulers.background import BackgroundScheduler


class Compliance:
    """The Flask extension."""

    def __init__(
        self,
        clock: Clock | None = None,
        randomness: Randomness | None = None,
        *,
        presence: Iterable[PresenceMethod] = (),
        day_reader: DayReader | None = None,
        verifier: Verifier | None = None,
        notifier: Notifier | None = None,
    ) -> None:
        """Take the machine's clock and randomness unless others are handed in (tests, headless demo).

        ``presence`` are further ways to check presence, such as ``SmsCode`` and ``FaceCheck``; a policy's
        ``presence.methods`` names those that are used. ``day_reader`` may read the day off an uploaded
        itinerary (OCR); without one people type it. ``verifier`` verifies real names; it needs the setting
        ``COMPLIANCE_VERIFICATION = "plugin"``. ``notifier`` hands reminders of deadlines on.
        """
        self._presence = tuple(presence)
        self._day_reader = day_reader
        self._verifier = verifier
        self._notifier = notifier
        self._clock = clock
        self._randomness = randomness

    def init_app(
        self,
        app: Flask,
        actor_loader: ActorLoader,
        *,
        login_url: str | None = None,
        further: Sequence[Routes] = (),
        visitor: Callable[[], str] | None = None,
        holdings: Holdings | None = None,
    ) -> None:
        """Read ``app.config``'s ``COMPLIANCE_*`` keys and mount everything under the URL prefix.

        ``actor_loader`` is called at most once a request and returns the signed-in user as an ``Actor``,
        or ``None``. ``login_url`` is where a person who is not signed in is sent (with ``next=``).
        ``holdings`` adds what the host itself holds about a trainee to the copy of their own data.
        ``further`` routes and ``visitor``, which names a browser, are service mode's: its own signing in.
        The database is neither migrated nor asked: the first request finds out whether its schema is up
        to date and otherwise names the remedy. Nothing runs in the background until ``start_scheduler``.
        Raises ``Misconfigured`` for a bad setting, a second call on one app, or two ways to check presence
        under one name.
        """
        if EXTENSION in app.extensions:
            raise Misconfigured("extension.twice")
        services = build_services(
            Settings.from_mapping(app.config),
            self._clock,
            self._randomness,
            presence=self._presence,
            day_reader=self._day_reader,
            verifier=self._verifier,
            notifier=self._notifier,
        )
        wiring.connect_events(services)
        mount(
            app,
            AppState(
                services=services,
                actor_loader=actor_loader,
                login_url=login_url,
                visitor=visitor,
                holdings=holdings,
            ),
            further,
        )

    def rsgi(self, app: Flask, *, threads: int = THREADS) -> AsyncLane:
        """Return ``app`` for granian's RSGI interface: heartbeats by its event loop, all else in ``threads``.

        For PostgreSQL, where waiting for a commit would otherwise take a thread a beat. Call it after
        ``init_app`` and after the host has put its own middleware around ``app.wsgi_app``.
        """
        self.services(app)
        return AsyncLane(app, beat_route(app), threads=threads)

    def services(self, app: Flask) -> Services:
        """Return ``app``'s services; raises ``Misconfigured`` when ``init_app`` has not seen it."""
        state: AppState | None = app.extensions.get(EXTENSION)
        if state is None:
            raise Misconfigured("extension.not_initialised")
        return state.services

    def signer(self, app: Flask) -> Signer:
        """Return the signer of ``app``'s evidence log; one in this process makes its key on first use."""
        return signer_of(self.services(app))

    def run_jobs(self, app: Flask) -> None:
        """Run every periodic job once, now, in order; errors are raised (headless demo, tests, cron)."""
        services = self.services(app)
        for job in wiring.periodic_jobs():
            run_leased(services, job)

    def start_scheduler(self, app: Flask) -> BackgroundScheduler | None:
        """Start this process's scheduler and return it, so that the caller can shut it down.

        Any number of processes may do so: each run is under a lease. ``None`` when ``COMPLIANCE_SCHEDULER``
        is false. Call it after the server has forked its workers.
        """
        services = self.services(app)
        if not services.settings.scheduler:
            return None
        from lmscompliance.extension.scheduler import start  # noqa: PLC0415  # APScheduler only when used

        return start(services, wiring.periodic_jobs(own_process=self._clock is None))
