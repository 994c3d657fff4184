"""The HTTP face: what the tracker sends and is told, and the lesson's page."""

from __future__ import annotations

import json

import pytest
from flask import Flask
from flask.testing import FlaskClient

from lmscompliance.storage.transaction import transaction
from lmscompliance.training import queries
from tests.learning.lanes import HTTP_LANES, app_with
from tests.learning.school import School
from tests.support.app import administrator, client_for, trainee

API = "/compliance/api"

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture(params=HTTP_LANES)
def app(request: pytest.FixtureRequest, school: School) -> Flask:
    """Return a host app around the school's services, with and without the lane in front of Flask."""
    return app_with(request.param, school.services)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """Return a client of the first trainee."""
    return client_for(app, trainee("trainee-1"))


def _start(client: FlaskClient, lesson: str, **more: object):
    return client.post(f"{API}/sessions", json={"lesson_id": lesson, **more})


def test_a_whole_session_over_http(school: School, client: FlaskClient) -> None:
    """Start, beat and end as the tracker does; the last two need neither cookie nor CSRF token."""
    started = _start(client, school.lessons[0])
    assert started.status_code == 201
    assert started.json.keys() == {
        "session",
        "token",
        "nonce",
        "beat_seconds",
        "planned_seconds",
        "resume_position_ms",
        "credited_seconds",
        "presence",
        "late_seconds",
    }
    assert (started.json["beat_seconds"], started.json["planned_seconds"]) == (60, 1800)
    anybody = client.application.test_client()
    token = started.json["token"]
    school.services.clock.advance(60)
    beat = {"token": token, "seq": 1, "position_ms": 60_000, "state": "playing"}
    answer = anybody.post(f"{API}/beats", json=beat | {"nonce": started.json["nonce"]}).json
    nonce = answer.pop("nonce")
    assert answer == {"seq": 1, "state": "active", "next_seconds": 60}
    school.services.clock.advance(30)
    last = {"token": token, "seq": 2, "position_ms": 90_000, "state": "ended", "nonce": nonce}
    assert anybody.post(f"{API}/sessions/end", json=last).json == {"state": "closed", "credited_seconds": 90}
    assert anybody.post(f"{API}/beats", json={**last, "seq": 3}).json["state"] == "closed"
    progress = client.get(f"{API}/progress/{school.class_id}/{school.lessons[0]}")
    assert progress.json == {"credited_seconds": 90, "planned_seconds": 1800}


def test_a_beacon_is_a_beat(school: School, client: FlaskClient) -> None:
    """What sendBeacon sends (text/plain, no header of ours) is kept like any beat."""
    token = _start(client, school.lessons[0]).json["token"]
    body = json.dumps({"token": token, "seq": 1, "position_ms": 10, "state": "hidden"})
    sent = client.application.test_client().post(
        f"{API}/beats", data=body, content_type="text/plain;charset=UTF-8"
    )
    assert sent.json["state"] == "active"
    (fact,) = school.facts()
    assert fact.segments[-1].beats[-1].state == "hidden"


def test_the_token_may_come_in_the_header(school: School, client: FlaskClient) -> None:
    """``Authorization: Session`` carries the token as well as the body does."""
    token = _start(client, school.lessons[0]).json["token"]
    body = {"seq": 1, "position_ms": 10, "state": "playing"}
    sent = client.post(f"{API}/beats", json=body, headers={"Authorization": f"Session {token}"})
    assert sent.json["seq"] == 1


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"token": "forged.token"}, 401),
        ({"token": ""}, 401),
        ({"token": "x" * 600}, 422),
        ({"seq": 0}, 422),
        ({"seq": "1"}, 422),
        ({"seq": 2**31}, 422),
        ({"position_ms": -1}, 422),
        ({"position_ms": 1.5}, 422),
        ({"state": "asleep"}, 422),
        ({"state": "playing;9,9,9,playing"}, 422),
        ({"at": 1}, 422),
        ({"nonce": "z"}, 422),
        ({"nonce": "0" * 17}, 422),
    ],
)
def test_a_malformed_beat_is_refused_and_changes_nothing(
    school: School, client: FlaskClient, change: dict[str, object], status: int
) -> None:
    """A forged token or a member out of bounds is a problem document; the row stays as it was."""
    token = _start(client, school.lessons[0]).json["token"]
    body = {"token": token, "seq": 1, "position_ms": 10, "state": "playing"} | change
    sent = client.post(f"{API}/beats", json=body)
    assert sent.status_code == status
    assert sent.content_type == "application/problem+json"
    (fact,) = school.facts()
    assert [beat.seq for beat in fact.segments[0].beats] == [0]


def test_a_second_device_is_told_where_the_person_learns(school: School, client: FlaskClient) -> None:
    """409 names the other lesson, so that the page can offer to take over; taking over works."""
    _start(client, school.lessons[0])
    refused = _start(client, school.lessons[1])
    assert refused.status_code == 409
    assert refused.json["code"] == "learning.other_device"
    assert "第 1 课" in refused.json["detail"]
    assert _start(client, school.lessons[1], takeover=True).status_code == 201


def test_a_start_needs_a_trainee_a_csrf_token_and_an_own_lesson(school: School, app: Flask) -> None:
    """Nobody, staff, a forged form and a stranger open nothing."""
    lesson = school.lessons[0]
    assert _start(client_for(app, None), lesson).status_code == 401
    assert _start(client_for(app, administrator()), lesson).status_code == 403
    assert _start(client_for(app, trainee("trainee-1"), csrf=False), lesson).status_code == 403
    assert _start(client_for(app, trainee("stranger")), lesson).status_code == 404


def test_the_address_is_the_peers_whatever_the_client_claims(school: School, client: FlaskClient) -> None:
    """With no trusted proxy a forged X-Forwarded-For neither is recorded nor closes a segment."""
    token = _start(client, school.lessons[0]).json["token"]
    for seq in (1, 2):
        client.post(
            f"{API}/beats",
            json={"token": token, "seq": seq, "position_ms": 0, "state": "playing"},
            headers={"X-Forwarded-For": f"203.0.113.{seq}"},
        )
    (fact,) = school.facts()
    assert len(fact.segments) == 1


def test_the_lesson_page_holds_player_and_tracker(school: School, client: FlaskClient) -> None:
    """The page of an own lesson shows the video and the tracker's tag; of a foreign one nothing."""
    page = client.get(f"/compliance/lessons/{school.class_id}/{school.lessons[0]}")
    assert page.status_code == 200
    assert "<video data-compliance" in page.text
    assert 'src="/media/clip.mp4"' in page.text
    assert f'data-lesson="{school.lessons[0]}"' in page.text
    assert "/compliance/static/tracker.js" in page.text
    assert client.get(f"/compliance/lessons/{school.class_id}/nothing").status_code == 404
    assert client.get(f"/compliance/lessons/nothing/{school.lessons[0]}").status_code == 404
    stranger = client_for(client.application, trainee("stranger"))
    assert stranger.get(f"/compliance/lessons/{school.class_id}/{school.lessons[0]}").status_code == 404


@pytest.mark.parametrize(
    ("kind", "url", "expected"),
    [
        ("text", "/texts/ethics.html", "<iframe data-compliance"),
        ("video", "/courses/7", 'href="/courses/7"'),
        ("video", "", "<article data-compliance"),
        ("video", "https://media.example/a.webm?x=1", "<video data-compliance"),
    ],
)
def test_the_lesson_page_fits_the_kind_of_content(
    school: School, client: FlaskClient, kind: str, url: str, expected: str
) -> None:
    """A text is framed, a page of the host is linked to, and a lesson without content is its own text."""
    with transaction(school.services.database) as session:
        lesson = queries.lesson(session, school.lessons[0])
        lesson.content_kind, lesson.content_url = kind, url
    page = client.get(f"/compliance/lessons/{school.class_id}/{school.lessons[0]}")
    assert expected in page.text
    assert ("compliance-tracker" in page.text) == (url != "/courses/7")
