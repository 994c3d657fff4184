"""Puts every room's routes on one blueprint, with the blueprint's own error pages and headers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, Flask, Response, request
from werkzeug.exceptions import HTTPException, InternalServerError

from lmscompliance.attendance import views as attendance_views
from lmscompliance.certificates import views as certificate_views
from lmscompliance.claims import views as claim_views
from lmscompliance.completion import dispute_views, life_views
from lmscompliance.completion import views as completion_views
from lmscompliance.content import views as content_views
from lmscompliance.evidence import views as evidence_views
from lmscompliance.exams import attempt_views, blueprint_views, marking_views, photo_views
from lmscompliance.exams import remark_views as exam_remark_views
from lmscompliance.exams import staff_views as exam_staff_views
from lmscompliance.exams import views as exam_views
from lmscompliance.extension.wiring import template_context
from lmscompliance.filing import dispatch_views, notice_views, project_views
from lmscompliance.filing import views as filing_views
from lmscompliance.kernel import resources
from lmscompliance.kernel.errors import ComplianceError
from lmscompliance.learning import fastlane
from lmscompliance.learning import views as learning_views
from lmscompliance.learning.fastlane import BeatRoute, FastLane
from lmscompliance.learning.origin import Origin
from lmscompliance.ledgers import comparing_views
from lmscompliance.ledgers import views as ledger_views
from lmscompliance.persons import own_views as person_own_views
from lmscompliance.persons import views as person_views
from lmscompliance.proofs import views as proof_views
from lmscompliance.quizzes import views as quiz_views
from lmscompliance.retention import views as retention_views
from lmscompliance.storage.migrate import require_current
from lmscompliance.supervision import live_views as supervision_live_views
from lmscompliance.supervision import statistics_views
from lmscompliance.supervision import views as supervision_views
from lmscompliance.training import case_views, own_views, verification_views
from lmscompliance.training import views as training_views
from lmscompliance.web import statics
from lmscompliance.web.addresses import address_from, agent_from
from lmscompliance.web.problems import handle_error, handle_http
from lmscompliance.web.routes import Route, Routes
from lmscompliance.web.state import EXTENSION, AppState, app_state

ROOMS: tuple[Routes, ...] = (
    training_views.routes,
    verification_views.routes,
    case_views.routes,
    person_views.routes,
    person_own_views.routes,
    own_views.routes,
    attendance_views.routes,
    content_views.routes,
    quiz_views.routes,
    learning_views.routes,
    exam_remark_views.routes,
    exam_staff_views.routes,
    exam_views.routes,
    attempt_views.routes,
    photo_views.routes,
    blueprint_views.routes,
    marking_views.routes,
    completion_views.routes,
    dispute_views.routes,
    life_views.routes,
    claim_views.routes,
    certificate_views.routes,
    filing_views.routes,
    notice_views.routes,
    dispatch_views.routes,
    project_views.routes,
    proof_views.routes,
    ledger_views.routes,
    statistics_views.routes,
    comparing_views.routes,
    evidence_views.routes,
    retention_views.routes,
    supervision_views.routes,
    supervision_live_views.routes,
)
"""Every room that has pages or interfaces."""

_POLICY = (
    "default-src 'self'; img-src 'self' data: https:; media-src 'self' https: blob:; "
    "style-src 'self' 'unsafe-inline'; object-src 'none'; base-uri 'self'; frame-ancestors 'self'"
)
_OF_DATA = {"X-Content-Type-Options": "nosniff"}  # so that no browser takes it for a document after all
_OF_DOCUMENTS = {**_OF_DATA, "Referrer-Policy": "same-origin", "Content-Security-Policy": _POLICY}
_NOT_STORED = {"Cache-Control": "no-store"}  # answers carry personal data


def all_routes() -> list[Route]:
    """Return every route of the product (the static files, which are public, aside)."""
    return [route for routes in ROOMS for route in routes]


def mount(app: Flask, state: AppState, further: Sequence[Routes] = ()) -> None:
    """Register the blueprint ``compliance``, with ``further`` routes, on ``app`` and keep ``state`` there."""
    blueprint = Blueprint(
        EXTENSION,
        __name__,
        url_prefix=state.services.settings.url_prefix.rstrip("/"),
        template_folder=str(resources.directory("templates")),
        static_folder=str(statics.FOLDER),
        static_url_path=f"/{statics.STATIC}",
    )
    for routes in (*ROOMS, *further):
        routes.mount(blueprint)
    blueprint.register_error_handler(ComplianceError, handle_error)
    blueprint.register_error_handler(HTTPException, handle_http)
    blueprint.register_error_handler(InternalServerError, handle_http)
    blueprint.before_request(_require_schema)
    blueprint.after_request(_headers)
    # A context processor and not ``jinja_env.globals``: touching the environment here would freeze the
    # options a host sets afterwards.
    blueprint.app_context_processor(template_context)
    app.extensions[EXTENSION] = state
    app.register_blueprint(blueprint)
    route = beat_route(app)
    if route is not None:
        app.wsgi_app = FastLane(app.wsgi_app, route)  # type: ignore[method-assign]  # Flask's own way to wrap


def beat_route(app: Flask) -> BeatRoute | None:
    """Return what a lane for plain beats must know of ``app``, or ``None`` where there can be none."""
    state: AppState = app.extensions[EXTENSION]
    services = state.services
    # Where the host routes by host name, the path alone does not say whether a request is ours.
    if (
        not services.settings.fast_lane
        or app.url_map.host_matching
        or not fastlane.possible(services.database)
    ):
        return None

    def sender_of(environ: dict[str, Any]) -> Origin:
        return Origin(address_from(environ, services.settings.trusted_proxies), agent_from(environ))

    return BeatRoute(
        services,
        path=f"{services.settings.url_prefix.rstrip('/')}/api/beats",
        sender_of=sender_of,
        ready=lambda: state.schema_known,
        headers=list((_OF_DATA | _NOT_STORED).items()),
    )


def _require_schema() -> None:
    state = app_state()
    if not state.schema_known and request.endpoint != f"{EXTENSION}.static":
        require_current(state.services.database)
        state.schema_known = True


def _headers(response: Response) -> Response:
    # Defaults only: what a view or the host has said stands.
    defaults = _OF_DATA if response.is_json else _OF_DOCUMENTS
    if request.endpoint != f"{EXTENSION}.static":
        defaults = defaults | _NOT_STORED
    elif request.args.get("v", "") == statics.version_of((request.view_args or {})["filename"]):
        # Only with these bytes: while an upgrade goes round, an older process may be asked for newer ones.
        response.headers["Cache-Control"] = statics.KEPT
    for name, value in defaults.items():
        response.headers.setdefault(name, value)
    return response
