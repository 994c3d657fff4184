"""Every route × role × object: what the routes declare is what docs/access.md promises and what happens."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from flask import Flask

from lmscompliance.extension.mounting import all_routes
from lmscompliance.kernel.actor import Actor, Role
from lmscompliance.services import Services
from lmscompliance.web import PUBLIC, TOKEN, Access, Open, Route
from tests.house.sources import ROOT
from tests.house.world import World, build
from tests.support.app import client_for, make_app

DOCUMENT = ROOT / "docs" / "access.md"
NOWHERE = "0" * 26
ROUTES = all_routes()
OF_THE_LOG = {"tile", "bundle"}
"""What belongs to the one log that all classes share."""
REFUSED = {401, 403, 404}
ASKED_BY_SERVICE = {"attempt_save", "attempt_submit"}
"""Saving answers is too frequent to look the attempt up twice: the service asks whose it is, in its lock."""
BODIES = {
    "attempt_save": {"seq": 1, "answers": {}},
    "attempt_submit": {"seq": 2, "answers": {}},
}
"""Bodies good enough to reach the service, where that is what has to refuse."""


def _declared(route: Route) -> str:
    if isinstance(route.access, Open):
        who, scope = {PUBLIC: "anybody", TOKEN: "a session token"}[route.access], ""
    else:
        who = ", ".join(role.value for role in Role if role in route.access.roles)
        scope = route.access.scope.__name__.removesuffix("_scope") if route.access.scope else ""
        if route.endpoint in ASKED_BY_SERVICE:
            scope = "attempt (by the service)"
    return f"| {route.method} | `{route.rule}` | `{route.endpoint}` | {who} | {scope} |"


def test_the_reviewed_table_is_what_the_routes_declare() -> None:
    """A changed or new route changes docs/access.md, where a person reviews it."""
    reviewed = [
        line for line in DOCUMENT.read_text(encoding="utf-8").splitlines() if re.match(r"\| [A-Z]+ \|", line)
    ]
    assert reviewed == [_declared(route) for route in sorted(ROUTES, key=_order)]


def _order(route: Route) -> tuple[str, str]:
    return route.rule, route.method


def test_every_route_is_authenticated_or_on_the_short_list() -> None:
    """Only these are open without a signed-in actor; extending this list is a decision."""
    opened = {(route.endpoint, route.access) for route in ROUTES if isinstance(route.access, Open)}
    assert opened == {
        ("beat", TOKEN),
        ("session_end", TOKEN),
        ("session_steps", TOKEN),
        ("content_file", TOKEN),
        ("presence", TOKEN),
        ("presence_answer", TOKEN),
        ("presence_ask", TOKEN),
        ("log_checkpoint", PUBLIC),
        ("log_tile", PUBLIC),
    }


def test_every_route_with_an_object_in_its_path_declares_its_scope() -> None:
    """A role alone never opens somebody's object."""
    bare = {
        route.endpoint
        for route in ROUTES
        if "<" in route.rule and isinstance(route.access, Access) and route.access.scope is None
    }
    assert bare == ASKED_BY_SERVICE


def _requests(world: World) -> Iterator[tuple[str, Actor, dict[str, str], bool]]:
    """Yield (what it is, who asks, for which objects, whether they are theirs to see)."""
    mine, theirs = world.mine, world.theirs
    nothing = dict.fromkeys(mine.objects, NOWHERE)
    for actor in (mine.trainee, mine.clerk, mine.inspector):
        yield "own", actor, mine.objects, True
        yield "foreign", actor, theirs.objects, False
        yield "missing", actor, nothing, False
        # The own class in the path must not open another class's object.
        yield "mixed", actor, theirs.objects | {"class_id": mine.objects["class_id"]}, False
    yield "neighbour", mine.trainee, mine.neighbours, False
    yield "own", world.administrator, mine.objects, True
    yield "own", world.administrator, theirs.objects, True
    yield "missing", world.administrator, nothing, False


def _arguments(route: Route) -> set[str]:
    return set(re.findall(r"<(?:\w+:)?(\w+)>", route.rule))


def _same_objects(arguments: set[str], kind: str) -> bool:
    """Tell whether a path that names only these arguments cannot tell ``kind`` from the own objects."""
    shared = {"neighbour": {"class_id", "lesson_id"}, "mixed": {"class_id"}}
    return (kind in shared and arguments <= shared[kind]) or (kind != "missing" and arguments <= OF_THE_LOG)


def _call(app: Flask, route: Route, actor: Actor | None, objects: dict[str, str]) -> int:
    path = re.sub(r"<(?:\w+:)?(\w+)>", lambda found: objects[found[1]], route.rule)
    body = BODIES.get(route.endpoint)
    with client_for(app, actor).open("/compliance" + path, method=route.method, json=body) as answer:
        return answer.status_code


@pytest.fixture
def world(services: Services, tmp_path) -> World:
    """Return two classes that know nothing of each other."""
    return build(services, tmp_path / "world")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_every_route_by_every_role_on_every_object(services: Services, world: World) -> None:
    """Nobody: 401. A wrong role: 403. A foreign or missing object: 404. One's own: served."""
    app = make_app(services)
    wrong = []
    for route in ROUTES:
        arguments = _arguments(route)
        unknown = arguments - world.mine.objects.keys()
        assert not unknown, f"tests/house/world.py has no {unknown} for {route.rule}"
        nobody = _call(app, route, None, world.mine.objects)
        if isinstance(route.access, Open):
            assert nobody != 403, route.endpoint
            assert (route.access is PUBLIC) or nobody in {401, 422}, route.endpoint
            continue
        if nobody != 401:
            wrong.append((route.endpoint, "nobody", nobody))
        for kind, actor, objects, visible in _requests(world):
            status = _call(app, route, actor, objects)
            if actor.role not in route.access.roles:
                good = status == 403
            elif not arguments or visible or _same_objects(arguments, kind):
                good = status not in REFUSED
            else:
                good = status == 404
            if not good:
                wrong.append((route.endpoint, actor.account, kind, status))
    assert wrong == []


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_no_unsafe_route_works_without_the_csrf_token(services: Services, world: World) -> None:
    """A cookie alone changes nothing, on any route that changes something."""
    app = make_app(services)
    for route in ROUTES:
        if route.method == "GET" or isinstance(route.access, Open):
            continue
        everybody = (world.mine.trainee, world.mine.clerk, world.mine.inspector, world.administrator)
        for actor in everybody:
            if actor.role in route.access.roles:
                path = re.sub(r"<(?:\w+:)?(\w+)>", lambda found: world.mine.objects[found[1]], route.rule)
                client = client_for(app, actor, csrf=False)
                answer = client.open("/compliance" + path, method=route.method)
                assert answer.status_code == 403, route.endpoint
