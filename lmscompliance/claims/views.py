"""Pages of claims: lists and project in, what it would come to, the claim, the decision, the money."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from decimal import Decimal
from io import BytesIO

from flask import make_response, request, send_file
from flask.typing import ResponseReturnValue

from lmscompliance.claims import board, jobs, lists, pack, projects, service
from lmscompliance.claims import money as payments
from lmscompliance.claims.access import claim_scope
from lmscompliance.claims.figures import yuan_of
from lmscompliance.claims.models import FACTS
from lmscompliance.claims.supposing import WHAT_IF
from lmscompliance.documents import faults
from lmscompliance.kernel.actor import READING, RUNNING, SUPERVISING, Role
from lmscompliance.kernel.errors import ComplianceError, FaultyRows
from lmscompliance.rules.ledger_terms import PARAMETERS
from lmscompliance.rules.marking import plain
from lmscompliance.rules.subsidy import Project, Rates
from lmscompliance.training.access import class_scope
from lmscompliance.web import (
    Access,
    Routes,
    current_actor,
    current_services,
    locale,
    posted_list,
    redirect_to,
    render,
)

routes = Routes()

_READS = Access(*READING, scope=class_scope)
_RUNS = Access(*RUNNING, scope=class_scope)
_PREPARES = Access(*RUNNING, Role.INSPECTOR, scope=class_scope)
_DECIDES = Access(*SUPERVISING, scope=claim_scope)
_LIST_BYTES = 20 * 1024 * 1024


@routes.get("/classes/<class_id>/claims", endpoint="claims", access=_READS)
def page(class_id: str) -> ResponseReturnValue:
    """Show everything about the class's subsidy, and how far what was asked for is."""
    return _page(class_id)


@routes.post("/classes/<class_id>/claims/project", endpoint="claim_project", access=_PREPARES)
def project(class_id: str) -> ResponseReturnValue:
    """Keep what was agreed about the project."""

    def keep() -> None:
        level = request.form.get("level", "").strip()
        given = Project(
            name=request.form.get("name", "")[:255],
            occupation=request.form.get("occupation", "")[:64],
            level=int(level) if level in set("12345") else None,
            approved=Rates(_figure("approved_online"), _figure("approved_offline")),
            overlap=Rates(_figure("overlap_online"), _figure("overlap_offline")),
            overlap_per_person=_figure("overlap_per_person"),
        )
        projects.set_project(current_services(), class_id, given, by=current_actor().account)

    return _done(class_id, keep)


@routes.post("/classes/<class_id>/claims/lists", endpoint="claim_list", access=_PREPARES)
def import_list(class_id: str) -> ResponseReturnValue:
    """Take in a list about the class's trainees."""
    request.max_content_length = _LIST_BYTES
    try:
        with posted_list("claims.no_file") as path:
            done = lists.import_list(
                current_services(),
                class_id,
                request.form.get("kind", ""),
                path,
                by=current_actor().account,
                name=request.form.get("name", ""),
            )
    except ComplianceError as error:
        return _page(class_id, error)
    if done.doubtful:
        # Not after a redirect: it is told to whoever imported, and kept nowhere.
        return _page(class_id, doubtful=done)
    return redirect_to("claims", class_id=class_id)


@routes.post("/classes/<class_id>/claims/preview", endpoint="claim_preview", access=_PREPARES)
def preview(class_id: str) -> ResponseReturnValue:
    """Ask what a claim would come to, perhaps under another value of a parameter."""

    def ask() -> None:
        key, value = request.form.get("key", ""), request.form.get("value", "")
        jobs.ask_preview(current_services(), class_id, key, value)

    return _done(class_id, ask)


@routes.post("/classes/<class_id>/claims", endpoint="claim_submit", access=_RUNS)
def submit(class_id: str) -> ResponseReturnValue:
    """Ask for a claim to be handed in, which takes as long as judging everybody."""

    def hand_in() -> None:
        names = ("bank", "holder", "account", "handler", "responsible")
        payee = service.Payee(**{name: request.form.get(name, "") for name in names})
        jobs.ask_submit(current_services(), class_id, payee, by=current_actor().account)

    return _done(class_id, hand_in)


@routes.post("/classes/<class_id>/claims/<claim_id>/decision", endpoint="claim_decide", access=_DECIDES)
def decide(class_id: str, claim_id: str) -> ResponseReturnValue:
    """Ask for a claim to be granted as it will be judged, or return it with a reason."""

    def settle() -> None:
        services, by = current_services(), current_actor().account
        if request.form.get("decision") == "return":
            reason = request.form.get("reason", "")
            service.give_back(services, class_id, claim_id, by=by, reason=reason)
        else:
            reference = request.form.get("reference", "")
            jobs.ask_decide(services, class_id, claim_id, by=by, reference=reference)

    return _done(class_id, settle)


@routes.post("/classes/<class_id>/claims/<claim_id>/money", endpoint="claim_money", access=_DECIDES)
def money(class_id: str, claim_id: str) -> ResponseReturnValue:
    """Record a payment, or that a trainee's yuan are asked back."""

    def move() -> None:
        services, by = current_services(), current_actor().account
        yuan = _figure("yuan") or Decimal(0)
        enrolment = request.form.get("enrolment", "")
        if enrolment:
            reason = request.form.get("reason", "")
            payments.claw_back(services, class_id, claim_id, enrolment, yuan, by=by, reason=reason)
        else:
            reference = request.form.get("reference", "")
            payments.pay(services, class_id, claim_id, yuan, by=by, reference=reference)

    return _done(class_id, move)


@routes.post(
    "/classes/<class_id>/claims/<claim_id>/files/<file>",
    endpoint="claim_file",
    access=Access(*READING, scope=claim_scope),
)
def download(class_id: str, claim_id: str, file: str) -> ResponseReturnValue:
    """Hand out a file of the pack; who took it what for is recorded."""
    name, data = pack.make(
        current_services(),
        current_actor(),
        class_id,
        claim_id,
        file=file,
        purpose=request.form.get("purpose", ""),
    )
    return send_file(BytesIO(data), as_attachment=True, download_name=name)


def _done(class_id: str, act: Callable[[], None]) -> ResponseReturnValue:
    try:
        act()
    except ComplianceError as error:
        return _page(class_id, error)
    return redirect_to("claims", class_id=class_id)


def _page(
    class_id: str, error: ComplianceError | None = None, doubtful: lists.ListReport | None = None
) -> ResponseReturnValue:
    services = current_services()
    shown = board.board(services, class_id)
    role = current_actor().role
    page = render(
        "claims/claims.html",
        shown=shown,
        waiting=jobs.waiting(services, class_id),
        what_if=WHAT_IF,
        # Policies are written in Chinese; their parameters have no other names in English.
        labels=PARAMETERS if locale() == "zh_CN" else {},
        kinds=FACTS,
        runs=role in _RUNS.roles,
        prepares=role in _PREPARES.roles,
        decides=role in _DECIDES.roles,
        plain=plain,
        error=None if error is None else error.message(locale()),
        report=b64encode(faults.report(error, locale())).decode() if isinstance(error, FaultyRows) else "",
        doubtful=doubtful,
    )
    return make_response(page, 200 if error is None else error.status)


def _figure(name: str) -> Decimal | None:
    text = request.form.get(name, "").strip()
    return yuan_of(text) if text else None
