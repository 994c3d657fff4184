"""Guards, CSRF, problems and pages, on an app that has nothing else."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from lmscompliance.kernel.clock import ManualClock
from lmscompliance.services import Services
from lmscompliance.web.csrf import LIFETIME_SECONDS, make_token
from tests.support.app import clerk, client_for, inspector, trainee

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def test_nobody_gets_in_unless_signed_in(app: Flask) -> None:
    """A page answers 401 with words for a person, an API with a problem."""
    nobody = client_for(app, None)
    page = nobody.get("/compliance/things/x")
    assert page.status_code == 401
    assert "先登录" in page.text
    api = nobody.put("/compliance/api/things/x", json={"number": 1})
    assert api.status_code == 401
    assert api.content_type == "application/problem+json"
    assert api.json["code"] == "web.sign_in_required"


def test_a_login_address_is_offered_where_the_host_gave_one(app: Flask) -> None:
    """A person who is not signed in is sent to the host's login and back; a program is not."""
    app.extensions["compliance"].login_url = "/login?from=app"
    nobody = client_for(app, None)
    sent = nobody.get("/compliance/things/x?page=2")
    assert sent.status_code == 302
    assert sent.location == "/login?from=app&next=/compliance/things/x%3Fpage%3D2"
    assert nobody.put("/compliance/api/things/x").status_code == 401


def test_a_wrong_role_is_refused_before_any_object_is_looked_at(app: Flask) -> None:
    """403 is the same for an existing and a missing object."""
    visitor = client_for(app, clerk("9132"))
    assert visitor.get("/compliance/things/clerk-1").status_code == 403
    assert visitor.get("/compliance/things/nothing").status_code == 403


def test_a_foreign_object_is_not_found(app: Flask) -> None:
    """The right role sees its own and 404 for the rest."""
    me = client_for(app, trainee("me"))
    assert me.get("/compliance/things/me").text == "me"
    assert me.get("/compliance/things/you").status_code == 404


def test_unsafe_requests_need_the_actors_own_token(app: Flask, services: Services) -> None:
    """Without a token, with a foreign one or a forged one, a form is refused; with the own one it works."""
    bare = client_for(app, trainee("me"), csrf=False)
    assert bare.post("/compliance/things/me").status_code == 403
    foreign = make_token(services, "you")
    forged = make_token(replace(services, settings=replace(services.settings, secret_key="guess")), "me")
    for token in (foreign, forged, "", "x.y"):
        assert bare.post("/compliance/things/me", data={"csrf_token": token}).status_code == 403
    own = make_token(services, "me")
    assert bare.post("/compliance/things/me", data={"csrf_token": own}).status_code == 303
    assert bare.post("/compliance/things/me", headers={"X-Compliance-CSRF": own}).status_code == 303


def test_a_token_grows_old(app: Flask, services: Services, clock: ManualClock) -> None:
    """A page left open too long must be reloaded."""
    me = client_for(app, trainee("me"))
    clock.advance(LIFETIME_SECONDS)
    assert me.post("/compliance/things/me").status_code == 303
    clock.advance(1)
    assert me.post("/compliance/things/me").status_code == 403


def test_token_routes_ask_for_no_csrf(app: Flask) -> None:
    """A route that checks its own token works without cookies."""
    answer = client_for(app, None).post("/compliance/api/beats", headers={"User-Agent": "x" * 900})
    assert answer.json == {"ip": "127.0.0.1", "agent": "x" * 512}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b'{"number": "1"}', "number"),
        (b'{"number": 1, "more": 2}', "more"),
        (b'{"number": true}', "number"),
        (b"[1]", "body"),
        (b"{", "body"),
        (b"", "body"),
    ],
)
def test_a_bad_body_is_refused_naming_the_field_and_not_the_value(
    app: Flask, body: bytes, field: str
) -> None:
    """The problem names where and what kind of fault, never what was sent."""
    answer = client_for(app, trainee("me")).put("/compliance/api/things/me", data=body)
    assert answer.status_code == 422
    assert [fault["field"] for fault in answer.json["faults"]] == [field]


def test_a_refused_value_is_not_echoed(app: Flask) -> None:
    """An ID number sent in the wrong place does not come back."""
    answer = client_for(app, trainee("me")).put(
        "/compliance/api/things/me", json={"number": "11010519491231002X"}
    )
    assert "11010519491231002X" not in answer.text


def test_a_good_body_arrives_typed(app: Flask) -> None:
    """A body that fits reaches the view."""
    answer = client_for(app, trainee("me")).put("/compliance/api/things/me", json={"number": 3})
    assert answer.json == {"name": "me", "number": 3, "word": ""}


def test_a_huge_body_is_refused_before_it_is_read(app: Flask) -> None:
    """A body over the limit is refused with the limit."""
    answer = client_for(app, trainee("me")).put("/compliance/api/things/me", data=b" " * 300_000)
    assert answer.json["code"] == "web.body_too_large"


def test_one_error_is_a_problem_for_programs_and_a_page_for_people(app: Flask) -> None:
    """The same error carries its parameters as members, or is shown escaped."""
    nobody = client_for(app, None)
    problem = nobody.get("/compliance/api/conflict")
    assert problem.status_code == 409
    assert problem.json["code"] == "jobs.lease_lost"
    assert problem.json["name"] == "<b>x</b>"
    assert problem.json["title"] == "Conflict"
    page = nobody.get("/compliance/conflict")
    assert page.status_code == 409
    assert "&lt;b&gt;x" in page.text


def test_a_defect_is_a_page_that_tells_nothing_inside(app: Flask) -> None:
    """An unexpected error is answered without its text."""
    app.config["PROPAGATE_EXCEPTIONS"] = False
    app.testing = False
    answer = client_for(app, None).get("/compliance/broken")
    assert answer.status_code == 500
    assert "ZeroDivision" not in answer.text
    assert "web.broken" in answer.text


def test_the_actors_language_decides_the_page(app: Flask) -> None:
    """A page speaks the language of its reader."""
    english = replace(inspector("a"), locale="en")
    assert "Something is not right" in client_for(app, english).get("/compliance/").text
    assert "出了点问题" in client_for(app, inspector("a")).get("/compliance/").text


def test_a_refused_form_leads_back_to_its_page(app: Flask) -> None:
    """Only to a page of ours, and only where going back is not the same again."""
    bare = client_for(app, trainee("me"), csrf=False)
    own, foreign = "http://localhost/compliance/things/me?page=2", "http://elsewhere/compliance/things/me"
    refused = bare.post("/compliance/things/me", headers={"Referer": own}).text
    assert 'href="/compliance/things/me?page=2"' in refused
    assert "返回上一页" not in bare.post("/compliance/things/me", headers={"Referer": foreign}).text
    assert "返回上一页" not in bare.get("/compliance/things/you", headers={"Referer": own}).text


def test_pages_are_not_cached_and_carry_a_policy_static_files_are(app: Flask) -> None:
    """Personal pages stay out of caches; scripts come from ourselves only."""
    page = client_for(app, trainee()).get("/compliance/")
    assert page.headers["Cache-Control"] == "no-store"
    assert "default-src 'self'" in page.headers["Content-Security-Policy"]
    with client_for(app, None).get("/compliance/static/compliance.css") as static:
        assert static.status_code == 200
        assert static.headers.get("Cache-Control") == "no-cache"
    version = re.search(r"/compliance/static/compliance\.css\?v=(\w+)", page.text)[1]
    for asked, kept in ((version, True), ("0" * 12, False)):
        with client_for(app, None).get(f"/compliance/static/compliance.css?v={asked}") as static:
            assert ("immutable" in static.headers["Cache-Control"]) == kept


def test_one_request_asks_the_host_once(app: Flask) -> None:
    """The actor is loaded once a request, and anew for the next, even inside an outer app context."""
    state = app.extensions["compliance"]
    asked = []
    inner = state.actor_loader
    state.actor_loader = lambda: asked.append(1) or inner()
    with app.app_context():
        client_for(app, trainee("me")).get("/compliance/things/me")
        assert client_for(app, trainee("you")).get("/compliance/things/me").status_code == 404
    assert len(asked) == 2


@pytest.mark.parametrize("trusted", [None, 0, 1])
def test_a_forged_forwarding_header_never_becomes_the_recorded_address(
    app: Flask, services: Services, trusted: int | None
) -> None:
    """What a client writes into X-Forwarded-For is not recorded, whatever a host's ProxyFix believes."""
    app.extensions["compliance"].services = replace(
        services, settings=replace(services.settings, trusted_proxies=trusted)
    )
    forged = {"X-Forwarded-For": "6.6.6.6, 198.51.100.7", "X-Real-IP": "6.6.6.6", "Forwarded": "for=6.6.6.6"}
    expected = "198.51.100.7" if trusted else "127.0.0.1"
    plain = client_for(app, None).post("/compliance/api/beats", headers=forged)
    assert plain.json["ip"] == expected
    app.wsgi_app = ProxyFix(app.wsgi_app, x_for=2)
    behind_fix = client_for(app, None).post("/compliance/api/beats", headers=forged)
    assert behind_fix.json["ip"] == expected
