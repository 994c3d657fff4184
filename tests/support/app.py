"""A bare host app around given services, and clients that act as anybody."""

from __future__ import annotations

import json
from typing import Any

from flask import Flask, request
from flask.testing import FlaskClient

from lmscompliance.extension.mounting import mount
from lmscompliance.kernel.actor import Actor, Role
from lmscompliance.services import Services
from lmscompliance.web.csrf import HEADER, make_token
from lmscompliance.web.state import EXTENSION, AppState

ACTOR_HEADER = "X-Test-Actor"


def make_app(services: Services) -> Flask:
    """Return an app with every room's routes, whose actor is whoever the test header names."""
    app = Flask("tests.host")
    app.config.update(TESTING=True, SECRET_KEY="test-secret")
    mount(app, AppState(services=services, actor_loader=_actor_of_header, schema_known=True))
    return app


def client_for(app: Flask, actor: Actor | None, *, csrf: bool = True) -> FlaskClient:
    """Return a client that acts as ``actor`` (``None``: nobody), with the CSRF token unless told not to."""
    client = app.test_client()
    if actor is None:
        return client
    client.environ_base["HTTP_" + ACTOR_HEADER.upper().replace("-", "_")] = json.dumps(
        {
            "account": actor.account,
            "role": actor.role.value,
            "enterprise": actor.enterprise,
            "districts": sorted(actor.districts),
            "classes": sorted(actor.classes),
            "locale": actor.locale,
        }
    )
    if csrf:
        services = app.extensions[EXTENSION].services
        key = "HTTP_" + HEADER.upper().replace("-", "_")
        client.environ_base[key] = make_token(services, actor.account)
    return client


def trainee(account: str = "trainee-1") -> Actor:
    """Return a trainee."""
    return Actor(account=account, role=Role.TRAINEE)


def clerk(enterprise: str, account: str = "clerk-1") -> Actor:
    """Return a clerk of the enterprise with the code ``enterprise``."""
    return Actor(account=account, role=Role.ENTERPRISE, enterprise=enterprise)


def inspector(*districts: str, account: str = "inspector-1") -> Actor:
    """Return an inspector of ``districts``."""
    return Actor(account=account, role=Role.INSPECTOR, districts=frozenset(districts))


def institution(*classes: str, account: str = "institution-1") -> Actor:
    """Return a member of the institution that runs ``classes``."""
    return Actor(account=account, role=Role.INSTITUTION, classes=frozenset(classes))


def auditor(*classes: str, account: str = "auditor-1") -> Actor:
    """Return an auditor of ``classes``."""
    return Actor(account=account, role=Role.AUDITOR, classes=frozenset(classes))


def administrator(account: str = "admin-1") -> Actor:
    """Return the platform's administrator."""
    return Actor(account=account, role=Role.ADMINISTRATOR)


def _actor_of_header() -> Actor | None:
    sent = request.headers.get(ACTOR_HEADER)
    if not sent:
        return None
    raw: dict[str, Any] = json.loads(sent)
    return Actor(
        account=raw["account"],
        role=Role(raw["role"]),
        enterprise=raw["enterprise"],
        districts=frozenset(raw["districts"]),
        classes=frozenset(raw.get("classes", ())),
        locale=raw["locale"],
    )
