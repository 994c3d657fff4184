"""A room's routes as plain values, so they can be mounted, listed and tested without an app."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import wraps
from typing import TypeVar

from flask import Blueprint
from flask.typing import ResponseReturnValue

from lmscompliance.web.access import Access, Open, admit

View = Callable[..., ResponseReturnValue]
V = TypeVar("V", bound=View)


@dataclass(frozen=True, slots=True)
class Route:
    """One method of one URL (below the prefix), who may use it, and the view that serves it."""

    rule: str
    method: str
    endpoint: str
    access: Access | Open
    view: View


class Routes:
    """Collects a room's routes; ``extension`` mounts them on the blueprint ``compliance``.

    Endpoint names are unique across rooms and become ``compliance.<endpoint>``; a GET and a POST of one
    URL are two routes with two endpoint names.
    """

    def __init__(self) -> None:
        """Start empty."""
        self._routes: list[Route] = []

    def __iter__(self) -> Iterator[Route]:
        return iter(self._routes)

    def get(self, rule: str, *, endpoint: str, access: Access | Open) -> Callable[[V], V]:
        """Serve GET (and HEAD) of ``rule`` with the decorated view."""
        return self._add(rule, "GET", endpoint, access)

    def post(self, rule: str, *, endpoint: str, access: Access | Open) -> Callable[[V], V]:
        """Serve POST of ``rule`` with the decorated view."""
        return self._add(rule, "POST", endpoint, access)

    def put(self, rule: str, *, endpoint: str, access: Access | Open) -> Callable[[V], V]:
        """Serve PUT of ``rule`` with the decorated view."""
        return self._add(rule, "PUT", endpoint, access)

    def delete(self, rule: str, *, endpoint: str, access: Access | Open) -> Callable[[V], V]:
        """Serve DELETE of ``rule`` with the decorated view."""
        return self._add(rule, "DELETE", endpoint, access)

    def mount(self, blueprint: Blueprint) -> None:
        """Add every route to ``blueprint``, each behind its guard."""
        for route in self._routes:
            blueprint.add_url_rule(
                route.rule, endpoint=route.endpoint, view_func=_guarded(route), methods=[route.method]
            )

    def _add(self, rule: str, method: str, endpoint: str, access: Access | Open) -> Callable[[V], V]:
        if any(route.endpoint == endpoint for route in self._routes):
            msg = f"the endpoint {endpoint!r} is already taken: give each method of a URL its own name"
            raise ValueError(msg)

        def register(view: V) -> V:
            self._routes.append(Route(rule, method, endpoint, access, view))
            return view

        return register


def _guarded(route: Route) -> View:
    @wraps(route.view)
    def view(**arguments: str) -> ResponseReturnValue:
        admit(route.access, arguments)
        return route.view(**arguments)

    return view
