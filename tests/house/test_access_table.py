"""What the routes declare is what docs/access.md promises, for a person to review."""

from __future__ import annotations

import re

from lmscompliance.extension.mounting import all_routes
from lmscompliance.kernel.actor import Role
from lmscompliance.service.app import ROOMS
from lmscompliance.web import PUBLIC, TOKEN, VISITOR, Access, Open, Route
from tests.house.sources import ROOT

DOCUMENT = ROOT / "docs" / "access.md"
EMBEDDED = all_routes()
SERVICE = [route for room in ROOMS for route in room]
"""What service mode adds."""
ROUTES = EMBEDDED + SERVICE
ASKED_BY_SERVICE = {"attempt_save", "attempt_submit"}
"""Saving answers is too frequent to look the attempt up twice: the service asks whose it is, in its lock."""


def _declared(route: Route) -> str:
    if isinstance(route.access, Open):
        who, scope = (
            {PUBLIC: "anybody", TOKEN: "a session token", VISITOR: "anybody's browser"}[route.access],
            "",
        )
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
    assert reviewed == promised()


def promised() -> list[str]:
    """Return the rows of both tables: what every app has, and what service mode adds."""
    return [_declared(route) for routes in (EMBEDDED, SERVICE) for route in sorted(routes, key=_order)]


def _order(route: Route) -> tuple[str, str]:
    return route.rule, route.method


def test_every_route_is_authenticated_or_on_the_short_list() -> None:
    """Only these are open without a signed-in actor; extending this list is a decision."""
    opened = {(route.endpoint, route.access) for route in ROUTES if isinstance(route.access, Open)}
    assert opened == {
        ("beat", TOKEN),
        ("ledger_link", TOKEN),
        ("session_end", TOKEN),
        ("session_steps", TOKEN),
        ("content_file", TOKEN),
        ("presence", TOKEN),
        ("presence_answer", TOKEN),
        ("presence_ask", TOKEN),
        ("certificate_check", PUBLIC),
        ("log_checkpoint", PUBLIC),
        ("log_tile", PUBLIC),
        ("login", VISITOR),
        ("login_submit", VISITOR),
        ("login_code", VISITOR),
        ("login_code_submit", VISITOR),
        ("login_second", VISITOR),
        ("login_second_submit", VISITOR),
        ("invitation", VISITOR),
        ("invitation_submit", VISITOR),
        ("phone", VISITOR),
        ("phone_ask", VISITOR),
        ("phone_redeem", VISITOR),
        ("audit", VISITOR),
        ("audit_open", VISITOR),
    }


def test_every_route_with_an_object_in_its_path_declares_its_scope() -> None:
    """A role alone never opens somebody's object."""
    bare = {
        route.endpoint
        for route in ROUTES
        if "<" in route.rule and isinstance(route.access, Access) and route.access.scope is None
    }
    assert bare == ASKED_BY_SERVICE
