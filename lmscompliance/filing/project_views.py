"""The page of what a project's filing rests on: catalogue, award, evaluation, licence, standard."""

from __future__ import annotations

from collections.abc import Callable

from flask import make_response, request
from flask.typing import ResponseReturnValue

from lmscompliance.filing import projects, service, standards
from lmscompliance.kernel.actor import READING, RUNNING, SUPERVISING
from lmscompliance.kernel.clock import shanghai_day
from lmscompliance.kernel.errors import ComplianceError
from lmscompliance.rules import blended
from lmscompliance.storage.transaction import reading
from lmscompliance.training import queries
from lmscompliance.training.access import class_scope
from lmscompliance.web import (
    Access,
    Routes,
    current_actor,
    current_services,
    locale,
    posted_day,
    posted_list,
    redirect_to,
    render,
)

routes = Routes()

_READS = Access(*READING, scope=class_scope)
_RUNS = Access(*RUNNING, scope=class_scope)
_STATES = Access(*dict.fromkeys((*RUNNING, *SUPERVISING)), scope=class_scope)
_LIST_BYTES = 5 * 1024 * 1024


@routes.get("/classes/<class_id>/filing/project", endpoint="filing_project", access=_READS)
def page(class_id: str) -> ResponseReturnValue:
    """Show what is on record, and with ``q`` what the catalogue has."""
    return _page(class_id)


@routes.post("/classes/<class_id>/filing/project", endpoint="filing_choose", access=_RUNS)
def choose(class_id: str) -> ResponseReturnValue:
    """Say which project of the catalogue the class teaches."""

    def keep() -> None:
        code = request.form.get("code", "")
        projects.choose(current_services(), class_id, code, by=current_actor().account)

    return _done(class_id, keep)


@routes.post("/classes/<class_id>/filing/project/decision", endpoint="filing_decision", access=_STATES)
def decision(class_id: str) -> ResponseReturnValue:
    """Keep an award or an evaluation."""

    def keep() -> None:
        form = request.form
        projects.decide(
            current_services(),
            class_id,
            form.get("kind", ""),
            number=form.get("number", ""),
            day=posted_day("day", "filing.no_day"),
            passed=form.get("passed", "yes") == "yes",
            opinion=form.get("opinion", ""),
            by=current_actor().account,
        )

    return _done(class_id, keep)


@routes.post("/classes/<class_id>/filing/project/licence", endpoint="filing_licence", access=_RUNS)
def licence(class_id: str) -> ResponseReturnValue:
    """Keep the institution's licence."""

    def keep() -> None:
        projects.state_licence(
            current_services(),
            class_id,
            number=request.form.get("number", ""),
            valid_until=posted_day("valid_until", "filing.no_day"),
            by=current_actor().account,
        )

    return _done(class_id, keep)


@routes.post("/classes/<class_id>/filing/project/standard", endpoint="filing_standard", access=_RUNS)
def standard(class_id: str) -> ResponseReturnValue:
    """Take in which items of a standard each lesson teaches."""
    request.max_content_length = _LIST_BYTES

    def take() -> None:
        with posted_list("filing.no_list") as path:
            chosen = request.form.get("standard", "")
            standards.map_plan(current_services(), class_id, chosen, path, by=current_actor().account)

    return _done(class_id, take)


def _done(class_id: str, act: Callable[[], None]) -> ResponseReturnValue:
    try:
        act()
    except ComplianceError as error:
        return _page(class_id, error)
    return redirect_to("filing_project", class_id=class_id)


def _page(class_id: str, error: ComplianceError | None = None) -> ResponseReturnValue:
    services, role = current_services(), current_actor().role
    shown = service.dossier(services, class_id)
    words = request.args.get("q")
    with reading(services.database) as session:
        today = shanghai_day(services.clock.now())
        catalogue = projects.in_force(session, shown.class_.policy_id, today)
        found = [] if catalogue is None or words is None else projects.search(session, catalogue, words)
        plan = [queries.lesson_fact(one) for one in queries.lessons(session, class_id)]
        body = render(
            "filing/project.html",
            shown=shown,
            catalogue=catalogue,
            found=found,
            words=words,
            plan=blended.planned(plan),
            mismatched=blended.mismatched(plan, shown.notice),
            mapped=standards.mapped(session, class_id),
            standards=standards.listed(session),
            today=today,
            runs=role in _RUNS.roles,
            states=role in _STATES.roles,
            error=None if error is None else error.message(locale()),
        )
    return make_response(body, 200 if error is None else error.status)
