"""An app with a few routes that exercise the toolkit alone."""

from __future__ import annotations

import pytest
from flask import Flask

from lmscompliance.extension import mounting
from lmscompliance.kernel.actor import Actor, Role
from lmscompliance.kernel.errors import Conflict, NotFound
from lmscompliance.services import Services
from lmscompliance.web import (
    PUBLIC,
    TOKEN,
    Access,
    Body,
    Routes,
    client_ip,
    current_actor,
    json_body,
    redirect_to,
    render,
    user_agent,
)
from tests.support.app import make_app


class Order(Body):
    """A body with one of each."""

    number: int
    word: str = ""


def own_only(_services: Services, actor: Actor, arguments: dict[str, str]) -> None:
    """Let an actor see what carries its account's name."""
    if arguments["name"] != actor.account:
        raise NotFound("web.not_found")


def toolkit_routes() -> Routes:
    """Return one route of each kind."""
    routes = Routes()

    @routes.get("/", endpoint="home", access=Access(Role.TRAINEE, Role.INSPECTOR))
    def home() -> str:
        return render("error.html", status=200, detail=current_actor().account, code="x")

    @routes.get("/things/<name>", endpoint="thing", access=Access(Role.TRAINEE, scope=own_only))
    def thing(name: str) -> str:
        return name

    @routes.post("/things/<name>", endpoint="thing_post", access=Access(Role.TRAINEE, scope=own_only))
    def thing_post(name: str) -> object:
        return redirect_to("thing", name=name)

    @routes.put("/api/things/<name>", endpoint="thing_put", access=Access(Role.TRAINEE, scope=own_only))
    def thing_put(name: str) -> dict:
        return json_body(Order).model_dump() | {"name": name}

    @routes.post("/api/beats", endpoint="beat", access=TOKEN)
    def beat() -> dict:
        return {"ip": client_ip(), "agent": user_agent()}

    @routes.get("/api/conflict", endpoint="conflict", access=PUBLIC)
    def conflict() -> str:
        raise Conflict("jobs.lease_lost", name="<b>x</b>")

    @routes.get("/conflict", endpoint="conflict_page", access=PUBLIC)
    def conflict_page() -> str:
        raise Conflict("jobs.lease_lost", name="<b>x</b>")

    @routes.get("/broken", endpoint="broken", access=PUBLIC)
    def broken() -> str:
        raise ZeroDivisionError

    return routes


@pytest.fixture
def app(services: Services, monkeypatch: pytest.MonkeyPatch) -> Flask:
    """Return a host app that has only the toolkit's routes."""
    monkeypatch.setattr(mounting, "ROOMS", (toolkit_routes(),))
    return make_app(services)
