"""Keys stay on the server as long as an attempt is left: all that a trainee can open is opened."""

from __future__ import annotations

import re

import pytest

from lmscompliance.exams import service
from tests.support.app import client_for, make_app, trainee

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

TYPED = ("安全第一", "37.3")
"""Keys that are typed in: they stand nowhere on a paper, so wherever they are shown, keys are."""
NOWHERE = "0" * 26


def _showing_keys(hall, client, attempt) -> set[str]:
    """Return the routes under which the trainee is shown a key."""
    known = {
        "class_id": hall.class_id,
        "enrolment_id": hall.enrolment(),
        "attempt_id": attempt,
        "fact": "graded",
    }
    shown = set()
    for rule in client.application.url_map.iter_rules():
        if rule.endpoint.startswith("compliance.") and "GET" in rule.methods:
            path = re.sub(r"<(?:\w+:)?(\w+)>", lambda found: known.get(found[1], NOWHERE), rule.rule)
            with client.get(path) as answer:
                if any(key in answer.text for key in TYPED):
                    shown.add(rule.endpoint)
    return shown


def test_no_route_shows_a_key_before_the_last_attempt_is_over(hall):
    """While one runs, between two, and while the last one runs: nothing; after it: paper and its data."""
    services = hall.services
    service.publish_blueprint(services, hall.class_id, service.default_blueprint(services, hall.class_id, 30))
    client = client_for(make_app(services), trainee("trainee-1"))
    attempts = []
    for left in (1, 0):
        attempts.append(hall.start())
        assert {one["kind"] for one in hall.frozen(attempts[-1])} >= {"fill_in", "numeric"}
        for attempt in attempts:
            assert _showing_keys(hall, client, attempt) == set()
        url = f"/compliance/api/attempts/{attempts[-1]}/submit"
        told = client.post(url, json={"seq": 1, "answers": {}})
        assert told.json["attempts_left"] == left
        assert not any(key in told.text for key in TYPED)
        if left:
            assert _showing_keys(hall, client, attempts[-1]) == set()
    for attempt in attempts:
        assert _showing_keys(hall, client, attempt) == {"compliance.attempt", "compliance.attempt_state"}
