"""Who is learning now: a page that asks again every few seconds, and the interface that it asks."""

from __future__ import annotations

import json

from flask import Response, request
from flask.typing import ResponseReturnValue

from lmscompliance.kernel.actor import READING
from lmscompliance.kernel.clock import to_micros
from lmscompliance.supervision import live
from lmscompliance.training.access import class_scope
from lmscompliance.web import (
    Access,
    Routes,
    current_actor,
    current_services,
    page_number,
    render,
    t,
    url,
)

routes = Routes()

_POLL_SECONDS = 5
_NOW = "X-Compliance-Now"
"""The server's instant in microseconds: in a header, so that an unchanged view keeps its ETag."""
_TEXTS = (
    "playing",
    "paused",
    "hidden",
    "ended",
    "ago",
    "alone",
    "crowd",
    "moved",
    "open_anomalies",
    "minutes",
    "nobody",
    "stale",
)


@routes.get("/live", endpoint="live", access=Access(*READING))
def live_page() -> ResponseReturnValue:
    """Show who is learning now in all classes of the actor's."""
    return _page("")


@routes.get("/classes/<class_id>/live", endpoint="class_live", access=Access(*READING, scope=class_scope))
def class_live_page(class_id: str) -> ResponseReturnValue:
    """Show who is learning now in a class."""
    return _page(class_id)


@routes.get("/api/live", endpoint="live_state", access=Access(*READING))
def live_state() -> ResponseReturnValue:
    """Tell who is learning now in all classes of the actor's."""
    return _state("")


@routes.get(
    "/api/classes/<class_id>/live", endpoint="class_live_state", access=Access(*READING, scope=class_scope)
)
def class_live_state(class_id: str) -> ResponseReturnValue:
    """Tell who is learning now in a class."""
    return _state(class_id)


def _page(class_id: str) -> ResponseReturnValue:
    seen = live.view(current_services(), current_actor(), class_id, page_number())
    where = {"class_id": class_id} if class_id else {}
    state = "class_live_state" if class_id else "live_state"
    return render(
        "supervision/live.html",
        class_id=class_id,
        seen=seen,
        state=live.as_json(seen),
        now_us=to_micros(current_services().clock.now()),
        source=url(state, page=seen.page, **where),
        here="class_live" if class_id else "live",
        poll_seconds=_POLL_SECONDS,
        texts={name: t(f"supervision.live_{name}") for name in _TEXTS},
    )


def _state(class_id: str) -> ResponseReturnValue:
    services = current_services()
    seen = live.view(services, current_actor(), class_id, page_number())
    response = Response(json.dumps(live.as_json(seen), ensure_ascii=False), mimetype="application/json")
    response.headers[_NOW] = str(to_micros(services.clock.now()))
    response.headers["Vary"] = "Cookie"
    response.add_etag()
    return response.make_conditional(request)
