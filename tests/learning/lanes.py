"""The ways in which a beat arrives: the service itself, Flask's view, and the lane in front of Flask."""

from __future__ import annotations

import json
from dataclasses import astuple, replace

from flask import Flask

from lmscompliance.kernel.errors import Unauthenticated
from lmscompliance.learning import beats
from lmscompliance.learning.beats import BeatAck
from lmscompliance.learning.segments import SentBeat
from lmscompliance.services import Services
from tests.learning.school import Accept
from tests.support.app import make_app

BEATS = "/compliance/api/beats"
HTTP_LANES = ("view", "lane")
LANES = ("service", *HTTP_LANES)


def app_with(lane: str, services: Services) -> Flask:
    """Return an app over ``services`` whose fast lane is on or off."""
    settings = replace(services.settings, fast_lane=lane == "lane")
    return make_app(replace(services, settings=settings))


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
