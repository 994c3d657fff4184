"""The one place where an error becomes a response: a problem (RFC 9457) for programs, a page for people."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

from flask import Response, jsonify, make_response, redirect, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

from lmscompliance.kernel.errors import ComplianceError, Unauthenticated
from lmscompliance.kernel.logs import logger
from lmscompliance.kernel.messages import Sayable
from lmscompliance.web.pages import render, t
from lmscompliance.web.state import app_state, locale

_log = logger(__name__)


def problem(error: ComplianceError) -> Response:
    """Return ``error`` as ``application/problem+json``; its parameters become extension members."""
    return _problem_response(error.status, error.message(locale()), error.code, error.params)


def handle_error(error: ComplianceError) -> ResponseReturnValue:
    """Answer an error we raised on purpose."""
    if error.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        _log.error("%s", error)
    if _wants_problem():
        return problem(error)
    login_url = app_state().login_url
    if isinstance(error, Unauthenticated) and login_url and request.method == "GET":
        separator = "&" if "?" in login_url else "?"
        return redirect(f"{login_url}{separator}next={quote(request.full_path.rstrip('?'))}")
    return _page(error.status, error.message(locale()), error.code)


def handle_http(error: HTTPException) -> ResponseReturnValue:
    """Answer what werkzeug refused (a malformed request) or what broke unexpectedly (500)."""
    if error.response is not None:
        return error
    status = error.code or 500
    code = "web.broken" if status >= HTTPStatus.INTERNAL_SERVER_ERROR else "web.refused"
    detail = t(code, status=status)
    return _problem_response(status, detail, code, {}) if _wants_problem() else _page(status, detail, code)


def _wants_problem() -> bool:
    prefix = app_state().services.settings.url_prefix.rstrip("/")
    return request.path.startswith(f"{prefix}/api/")


def _problem_response(status: int, detail: str, code: str, params: dict[str, Any]) -> Response:
    body = {name: _plain(value) for name, value in params.items()} | {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "code": code,
    }
    response = jsonify(body)
    response.status_code = status
    response.content_type = "application/problem+json"
    if status == HTTPStatus.UNAUTHORIZED:
        response.headers["WWW-Authenticate"] = 'Session realm="compliance"'
    return response


def _plain(value: object) -> object:
    if isinstance(value, (str, int, dict)) or value is None:
        return value
    if isinstance(value, Sayable):
        return value.message(locale())
    return [_plain(one) for one in value] if isinstance(value, (list, tuple)) else str(value)


def _page(status: int, detail: str, code: str) -> Response:
    return make_response(render("error.html", status=status, detail=detail, code=code, back=_back()), status)


def _back() -> str | None:
    """Return the path of the page of ours that a refused form was sent from."""
    came_from = urlsplit(request.referrer or "")
    if request.method == "GET" or came_from.netloc != request.host:
        return None
    return urlunsplit(("", "", came_from.path, came_from.query, "")) or None
