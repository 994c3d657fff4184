"""A service of its own with one administrator, and browsers that visit it."""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass, field
from pathlib import Path

import pyotp
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from lmscompliance import Compliance
from lmscompliance.kernel.actor import Role
from lmscompliance.kernel.clock import ManualClock
from lmscompliance.service import directory
from lmscompliance.service.app import build_app
from lmscompliance.services import Services
from lmscompliance.storage.models import load_all
from tests.support.patience import PATIENCE_SECONDS

PASSWORD = "correct horse battery"
ORIGIN = "https://learn.example"


@dataclass
class Phones:
    """A gateway that keeps what it was given."""

    sent: list[tuple[str, str]] = field(default_factory=list)
    arrived: threading.Event = field(default_factory=threading.Event)

    def send(self, phone: str, code: str) -> None:
        """Keep what is sent."""
        self.sent.append((phone, code))
        self.arrived.set()

    def last(self) -> str:
        """Return the code that arrived last; it is sent aside, so it may take a moment."""
        assert self.arrived.wait(PATIENCE_SECONDS)
        self.arrived.clear()
        return self.sent[-1][1]


@dataclass
class House:
    """The app, its services and clock, and the gateway."""

    app: Flask
    services: Services
    clock: ManualClock
    phones: Phones

    def browser(self, agent: str = "Test/1", ip: str = "198.51.100.7") -> Browser:
        """Return a browser that holds nothing yet."""
        client = self.app.test_client()
        client.environ_base.update({"HTTP_USER_AGENT": agent, "REMOTE_ADDR": ip})
        return Browser(client, self)

    def staff(self, login: str, role: Role, scope: str = "") -> Browser:
        """Invite somebody and return their browser, signed in, with the second factor set up."""
        token = directory.invite(self.services, login=login, name=login, role=role, scope=scope, by="test")
        browser = self.browser()
        browser.post(f"/invitation/{token}", password=PASSWORD)
        browser.set_up()
        return browser


@dataclass
class Browser:
    """Sends forms as a person does: with the token of the page that they stand on."""

    client: FlaskClient
    house: House
    secret: str = ""
    recovery: list[str] = field(default_factory=list)

    def get(self, path: str) -> TestResponse:
        """Fetch a page."""
        return self.client.get("/compliance" + path, base_url=ORIGIN)

    def post(self, path: str, page: str | None = None, **form: str) -> TestResponse:
        """Fetch ``page`` for its token and send the form to ``path``."""
        token = re.search(r'name="compliance-csrf" content="([^"]*)"', self.get(page or path).text)
        data = form | {"csrf_token": "" if token is None else token[1]}
        return self.client.post("/compliance" + path, data=data, base_url=ORIGIN)

    def sign_in(self, login: str, password: str = PASSWORD, wanted: str = "") -> TestResponse:
        """Send login and password."""
        return self.post("/login", login=login, password=password, next=wanted)

    def set_up(self) -> TestResponse:
        """Set the second factor up, as an app does from the letters on the page."""
        page = self.get("/login/second").text
        found = re.search(r"<code>([A-Z2-7 ]+)</code>", page)
        assert found, page
        self.secret = found[1].replace(" ", "")
        done = self.post("/login/second", code=self.code())
        self.recovery = [code.replace(" ", "") for code in re.findall(r"<li><code>([^<]+)</code>", done.text)]
        return done

    def code(self) -> str:
        """Return what the app shows now."""
        return pyotp.TOTP(self.secret).at(self.house.clock.now())

    def token(self) -> str:
        """Return the cookie as it stands."""
        cookie = self.client.get_cookie("compliance_service", "learn.example")
        return "" if cookie is None else cookie.value


def open_house(folder: Path, clock: ManualClock, **settings: object) -> House:
    """Return a service on an SQLite file of its own."""
    phones = Phones()
    config = {
        "COMPLIANCE_DATA_DIR": folder,
        "COMPLIANCE_SECRET_KEY": "test-secret",
        "COMPLIANCE_TRUSTED_PROXIES": 0,
    } | {f"COMPLIANCE_{name.upper()}": value for name, value in settings.items()}
    compliance = Compliance(clock=clock)
    app = build_app(config, compliance, sms=phones)
    services = compliance.services(app)
    load_all().metadata.create_all(services.database.engine)
    app.extensions["compliance"].schema_known = True
    return House(app, services, clock, phones)
