"""The application of service mode: a Flask app of its own with Flask-Login accounts and the product in it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from flask import Flask, redirect, request, session
from flask_login import LoginManager, current_user
from werkzeug.utils import import_string

from lmscompliance.extension import Compliance
from lmscompliance.kernel.actor import Actor
from lmscompliance.kernel.clock import SystemClock
from lmscompliance.kernel.errors import Misconfigured
from lmscompliance.kernel.ids import Ids, SystemRandomness
from lmscompliance.kernel.logs import logger
from lmscompliance.kernel.settings import PREFIX, Settings
from lmscompliance.learning.presence.sms import NullSms, SmsSender
from lmscompliance.service import link_views, own, phone_views, sessions, staff_views, views
from lmscompliance.service.state import STATE, ServiceState
from lmscompliance.service.views import Holder
from lmscompliance.web import current_services
from lmscompliance.web.addresses import agent_from
from lmscompliance.web.pages import home_url

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue

ROOMS = (views.routes, phone_views.routes, staff_views.routes, link_views.routes)
"""The routes that service mode adds."""
COOKIE = "compliance_service"
_VISITOR = "visitor"


def create_app() -> Flask:
    """Return the app as a WSGI server runs it: settings from the environment, periodic jobs started.

    Called in each worker, after it was forked. The secret key is made in the data directory when none is
    given, so that workers and restarts share one.
    """
    given: dict[str, object] = {}
    if not os.environ.get(PREFIX + "SECRET_KEY"):
        directory = os.environ.get(PREFIX + "DATA_DIR")
        if not directory:
            raise Misconfigured("kernel.missing_setting", key=PREFIX + "DATA_DIR")
        given["secret_key"] = _secret(Path(directory).expanduser())
    settings = Settings.from_environment(os.environ, **given)
    compliance = Compliance()
    app = build_app({PREFIX + name.upper(): value for name, value in _fields(settings)}, compliance)
    compliance.start_scheduler(app)
    return app


def build_app(config: Mapping[str, object], compliance: Compliance, sms: SmsSender | None = None) -> Flask:
    """Return the app for ``config``; nothing runs in the background."""
    # A name of its own, so that templates/ beside this file is the app's: links in the header.
    app = Flask(__name__, static_folder=None)
    app.config.update(config)
    app.config.update(
        SECRET_KEY=config[PREFIX + "SECRET_KEY"],
        SESSION_COOKIE_NAME=COOKIE,
        SESSION_COOKIE_SECURE=True,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
    )
    logger(app.name)  # what breaks a request is logged by Flask, whole
    manager = LoginManager(app)
    manager.session_protection = None  # addresses of phones change; the device is checked with the session
    prefix = str(config.get(PREFIX + "URL_PREFIX", "/compliance")).rstrip("/")
    compliance.init_app(
        app,
        actor_loader=_actor,
        login_url=f"{prefix}/login",
        further=ROOMS,
        visitor=_visitor_name,
        holdings=own.held,
    )
    services = compliance.services(app)
    app.permanent_session_lifetime = timedelta(hours=services.settings.session_hours)
    app.extensions[STATE] = ServiceState(sms or _gateway(services.settings))

    @manager.user_loader  # type: ignore[untyped-decorator]  # as above
    def load(token: str) -> Holder | None:
        found = sessions.present(services, token, agent_from(request.environ))
        return None if found is None else Holder(token, found)

    @app.get("/")
    def root() -> ResponseReturnValue:
        return redirect(home_url())

    return app


def _actor() -> Actor | None:
    return current_user.present.actor if current_user.is_authenticated else None


def _visitor_name() -> str:
    if _VISITOR not in session:
        session[_VISITOR] = current_services().ids.opaque()
    name: str = session[_VISITOR]
    return name


def _gateway(settings: Settings) -> SmsSender:
    if not settings.sms_sender:
        return NullSms()
    try:
        made: SmsSender = import_string(settings.sms_sender)()
    except (ImportError, AttributeError, TypeError) as error:
        raise Misconfigured("kernel.bad_setting", key=PREFIX + "SMS_SENDER") from error
    return made


def _fields(settings: Settings) -> list[tuple[str, object]]:
    return [(name, getattr(settings, name)) for name in settings.__dataclass_fields__]


def _secret(data_dir: Path) -> str:
    # Made aside and linked, so that of two workers that start at once the second reads the first's.
    data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = data_dir / "service.secret"
    if not path.exists():
        token = Ids(SystemClock(), SystemRandomness()).token()
        aside = path.with_name(f".{path.name}.{os.getpid()}")
        descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(token)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(aside, path)
        except FileExistsError:
            pass
        finally:
            aside.unlink()
    return path.read_text(encoding="ascii")
