"""The ways in which a beat arrives: the service itself, Flask's view, and the lanes in front of Flask."""

from __future__ import annotations

import json
from dataclasses import astuple, replace

from flask import Flask

from lmscompliance.extension.mounting import beat_route
from lmscompliance.kernel.errors import Unauthenticated
from lmscompliance.learning import beats
from lmscompliance.learning.asynclane import AsyncLane
from lmscompliance.learning.beats import BeatAck
from lmscompliance.learning.fastlane import FastLane
from lmscompliance.learning.sent import SentBeat
from lmscompliance.services import Services
from tests.learning.rsgi import Served
from tests.learning.school import Accept
from tests.support.app import make_app

BEATS = "/compliance/api/beats"
FAST_LANES = ("lane", "asynchronous lane")
HTTP_LANES = ("view", *FAST_LANES)
LANES = ("service", *HTTP_LANES)


def app_with(lane: str, services: Services) -> Flask:
    """Return an app over ``services`` with that lane in front of the view, or none."""
    settings = replace(services.settings, fast_lane=lane in FAST_LANES)
    app = make_app(replace(services, settings=settings))
    if lane == "asynchronous lane":
        assert isinstance(app.wsgi_app, FastLane)
        app.wsgi_app = Served(AsyncLane(app.wsgi_app._inner, beat_route(app)))
    return app


def count_passed_on(app: Flask) -> list[str]:
    """Return a list that grows by the path of each request that the app's lane passes on to Flask."""
    lane = app.wsgi_app.application._inner if isinstance(app.wsgi_app, Served) else app.wsgi_app
    name = "_inner" if isinstance(lane, FastLane) else "_application"
    inner, passed = getattr(lane, name), []

    def counted(environ, start_response):
        passed.append(environ["PATH_INFO"])
        return inner(environ, start_response)

    setattr(lane, name, counted)
    return passed


def way_in(lane: str, services: Services) -> Accept:
    """Return how beats are sent; over HTTP they are written as the tracker writes them."""
    if lane == "service":
        return beats.accept
    app = app_with(lane, services)

    def accept(_: Services, token: str, beat: SentBeat, ip: str, agent: str) -> BeatAck:
        sent = {"token": token} | {
            name: getattr(beat, name) for name in ("seq", "position_ms", "state", "nonce")
        }
        if beat.late or beat.acked != beat.seq - 1:
            sent |= {"acked": beat.acked, "late": [astuple(one) for one in beat.late]}
        answer = app.test_client().post(
            BEATS,
            data=json.dumps(sent, separators=(",", ":")),
            content_type="application/json",
            headers={"User-Agent": agent},
            environ_base={"REMOTE_ADDR": ip},
        )
        if answer.status_code == 401:
            raise Unauthenticated(answer.json["code"])
        assert answer.status_code == 200, answer.text
        return BeatAck(**answer.json)

    return accept
