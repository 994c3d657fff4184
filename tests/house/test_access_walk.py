"""Every route × role × object, over HTTP: what happens is what docs/access.md promises."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from flask import Flask

from lmscompliance.extension.mounting import all_routes
from lmscompliance.kernel.actor import Actor, Role
from lmscompliance.service.app import ROOMS as SERVICE
from lmscompliance.services import Services
from lmscompliance.web import PUBLIC, Open, Route
from tests.house.walk import Walk
from tests.house.world import World, build
from tests.support.app import client_for, make_app

NOWHERE = "0" * 26
ROUTES = all_routes()
OF_THE_LOG = {"tile", "bundle"}
"""What belongs to the one log that all classes share."""
REFUSED = {401, 403, 404}
BODIES = {
    "attempt_save": {"seq": 1, "answers": {}},
    "attempt_submit": {"seq": 2, "answers": {}},
}
"""Bodies good enough to reach the service, where that is what has to refuse."""


def _requests(world: World) -> Iterator[tuple[str, Actor, dict[str, str], bool]]:
    """Yield (what it is, who asks, for which objects, whether they are theirs to see)."""
    mine, theirs = world.mine, world.theirs
    nothing = dict.fromkeys(mine.objects, NOWHERE)
    for actor in mine.everybody:
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
    # A kind of form and a part of a certificate are words; a class's notices are counted from 0.
    words = {"class_id", "kind", "number", "part"}
    shared = {"neighbour": words | {"lesson_id"}, "mixed": words}
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
        for actor in (*world.mine.everybody, world.administrator):
            if actor.role in route.access.roles:
                path = re.sub(r"<(?:\w+:)?(\w+)>", lambda found: world.mine.objects[found[1]], route.rule)
                client = client_for(app, actor, csrf=False)
                answer = client.open("/compliance" + path, method=route.method)
                assert answer.status_code == 403, route.endpoint


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_every_route_of_service_mode_by_every_role_on_every_object(services: Services, world: World) -> None:
    """The same of what service mode adds, by real accounts with real sessions; links have no account."""
    walk = Walk(services, world)
    wrong = []
    for route in (route for room in SERVICE for route in room):
        arguments = _arguments(route)
        if isinstance(route.access, Open):
            wrong += [(route.endpoint, "visitor", got) for got in walk.visit(route)]
            continue
        nobody = walk.call(route, None, walk.objects())
        if nobody != (302 if route.method == "GET" else 401):
            wrong.append((route.endpoint, "nobody", nobody))
        for actor in (*world.mine.everybody, world.administrator):
            for kind in ("own", "foreign", "missing"):
                status = walk.call(route, actor, walk.objects(kind))
                if actor.role not in route.access.roles:
                    good = status == 403
                elif not arguments or kind == "own":
                    good = status not in REFUSED
                else:
                    everyones = kind == "foreign" and actor.role is Role.ADMINISTRATOR
                    good = (status not in REFUSED) if everyones else status == 404
                if not good:
                    wrong.append((route.endpoint, actor.role.value, kind, status))
            if route.method == "POST" and actor.role in route.access.roles:
                assert walk.call(route, actor, walk.objects(), csrf=False) == 403, route.endpoint
    assert wrong == []
