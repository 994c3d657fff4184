"""Pages of certificates: staff issue and revoke, the holder takes theirs, anybody checks one."""

from __future__ import annotations

from flask import Response, jsonify, make_response, request
from flask.typing import ResponseReturnValue

from lmscompliance.certificates import issuing, jobs, reading, revoking
from lmscompliance.certificates.access import award_scope
from lmscompliance.kernel.actor import READING, RUNNING, Role
from lmscompliance.kernel.errors import ComplianceError, Conflict, NotFound
from lmscompliance.kernel.messages import text
from lmscompliance.training.access import class_scope
from lmscompliance.web import (
    PUBLIC,
    Access,
    Routes,
    client_ip,
    current_actor,
    current_services,
    locale,
    page_number,
    problem,
    redirect_to,
    render,
    url,
)

routes = Routes()

_MAY_REVOKE = (Role.INSTITUTION, Role.INSPECTOR, Role.ADMINISTRATOR)
_MAY_REISSUE = (Role.INSTITUTION, Role.ADMINISTRATOR)
_PDF = "application/pdf"
_LANGUAGES = {"zh-CN": "zh_CN", "zh": "zh_CN", "en": "en"}
"""What browsers ask for, and our word for it."""
_LONGEST_WORDS = 100


@routes.get("/certificates/<code>", endpoint="certificate_check", access=PUBLIC)
def check(code: str) -> ResponseReturnValue:
    """Show anybody who has a certificate's address what it says and whether it holds.

    No account says which language they read: the page offers both, and begins with the browser's.
    ``?format=json`` is the same for programs.
    """
    if request.args.get("format") == "json":
        return _told(code)
    shown, refused = None, None
    try:
        shown = reading.public(current_services(), code, client_ip())
    except ComplianceError as error:
        refused = error
    spoken = _spoken()
    page = render(
        "certificates/check.html",
        shown=shown,
        error=refused.message(spoken) if refused else "",
        t=lambda text_code, /, **params: text(text_code, spoken, **params),
        locale=spoken,
    )
    return _unkept(make_response(page, refused.status if refused else 200))


@routes.get(
    "/classes/<class_id>/certificates", endpoint="certificates", access=Access(*READING, scope=class_scope)
)
def listed(class_id: str) -> ResponseReturnValue:
    """Show staff a page of the class's certificates, and how far issuing is."""
    return _list(class_id)


@routes.post(
    "/classes/<class_id>/certificates/search",
    endpoint="certificates_search",
    access=Access(*READING, scope=class_scope),
)
def search(class_id: str) -> ResponseReturnValue:
    """Show those whose number or name has the words in it; posted, so that no log of addresses has names."""
    return _list(class_id, words=request.form.get("words", "")[:_LONGEST_WORDS])


@routes.post(
    "/classes/<class_id>/certificates",
    endpoint="certificates_issue",
    access=Access(*RUNNING, scope=class_scope),
)
def issue(class_id: str) -> ResponseReturnValue:
    """Ask for issuing to everybody who passed and never had one."""
    try:
        jobs.ask(current_services(), current_actor(), class_id, request.host_url)
    except ComplianceError as error:
        return _list(class_id, error=error)
    return redirect_to("certificates", class_id=class_id)


@routes.post(
    "/classes/<class_id>/certificates/<certificate_id>/revoke",
    endpoint="certificate_revoke",
    access=Access(*_MAY_REVOKE, scope=award_scope),
)
def revoke(class_id: str, certificate_id: str) -> ResponseReturnValue:
    """Revoke one, for the reason given."""
    reason = request.form.get("reason", "")
    try:
        revoking.revoke(current_services(), current_actor(), class_id, certificate_id, reason)
    except ComplianceError as error:
        return _list(class_id, error=error)
    return redirect_to("certificates", class_id=class_id)


@routes.post(
    "/classes/<class_id>/certificates/<certificate_id>/reissue",
    endpoint="certificate_reissue",
    access=Access(*_MAY_REISSUE, scope=award_scope),
)
def reissue(class_id: str, certificate_id: str) -> ResponseReturnValue:
    """Issue another one in the place of a revoked one."""
    try:
        issuing.reissue(current_services(), current_actor(), class_id, certificate_id, request.host_url)
    except ComplianceError as error:
        return _list(class_id, error=error)
    return redirect_to("certificates", class_id=class_id)


@routes.post(
    "/classes/<class_id>/certificates/<certificate_id>/pdf",
    endpoint="certificate_pdf",
    access=Access(*READING, scope=award_scope),
)
def pdf(class_id: str, certificate_id: str) -> ResponseReturnValue:
    """Hand out one as PDF; what for is recorded, because it holds the full number."""
    purpose = request.form.get("purpose", "")
    number, data = reading.document(current_services(), current_actor(), class_id, certificate_id, purpose)
    return _file(data, f"{number}.pdf", _PDF)


@routes.get(
    "/classes/<class_id>/certificate",
    endpoint="own_certificate",
    access=Access(Role.TRAINEE, scope=class_scope),
)
def own(class_id: str) -> ResponseReturnValue:
    """Show trainees theirs."""
    services, actor = current_services(), current_actor()
    try:
        shown = reading.own(services, actor, class_id)
    except NotFound as error:
        page = render("certificates/own.html", shown=None, class_id=class_id, error=error.message(locale()))
        return make_response(page, error.status)
    return render("certificates/own.html", shown=shown, class_id=class_id, error="")


@routes.get(
    "/classes/<class_id>/certificate/<part>",
    endpoint="own_certificate_file",
    access=Access(Role.TRAINEE, scope=class_scope),
)
def own_file(class_id: str, part: str) -> ResponseReturnValue:
    """Hand out a trainee's own certificate (``pdf``) or its receipt (``receipt``)."""
    services, actor = current_services(), current_actor()
    shown = reading.own(services, actor, class_id)
    if part == "pdf":
        return _file(reading.own_document(services, actor, class_id), f"{shown.number}.pdf", _PDF)
    if part != "receipt":
        raise NotFound("web.not_found")
    receipt = reading.own_receipt(services, actor, class_id)
    if receipt is None:
        raise Conflict("certificates.not_sealed")
    return _file(receipt.encode("utf-8"), f"{shown.number}.tlog-proof", "text/plain; charset=utf-8")


def _told(code: str) -> ResponseReturnValue:
    try:
        shown = reading.public(current_services(), code, client_ip())
    except ComplianceError as error:
        return _unkept(problem(error))
    others = {"replaces": shown.predecessor, "replaced_by": shown.successor}
    links = {
        name: other and {"number": other.number, "url": url("certificate_check", code=other.code)}
        for name, other in others.items()
    }
    return _unkept(jsonify(shown.to_json() | links))


def _spoken() -> str:
    asked = request.args.get("lang", "")
    if asked in _LANGUAGES.values():
        return asked
    read = request.accept_languages.best_match(_LANGUAGES)
    return _LANGUAGES[read] if read else locale()


def _list(class_id: str, *, words: str = "", error: ComplianceError | None = None) -> ResponseReturnValue:
    services, role = current_services(), current_actor().role
    state = request.values.get("state", "")[:_LONGEST_WORDS]
    page = render(
        "certificates/list.html",
        class_=reading.subject(services, class_id),
        found=reading.search(services, class_id, words, state)
        if words
        else reading.listing(services, class_id, state, page_number()),
        words=words,
        state=state,
        states=reading.STATES,
        waiting=jobs.waiting(services, class_id),
        error=None if error is None else error.message(locale()),
        may_issue=role in RUNNING,
        may_revoke=role in _MAY_REVOKE,
        may_reissue=role in _MAY_REISSUE,
    )
    return make_response(page, 200 if error is None else error.status)


def _file(data: bytes, name: str, kind: str) -> Response:
    response = Response(data, mimetype=kind.partition(";")[0])
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return _unkept(response)


def _unkept(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    return response
