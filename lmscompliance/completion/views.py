"""Pages: a trainee's classes and record, and a class at a glance for staff."""

from __future__ import annotations

from flask.typing import ResponseReturnValue

from lmscompliance.completion import pages, service
from lmscompliance.completion.overview import overview
from lmscompliance.completion.prospects import prospects
from lmscompliance.exams import marking
from lmscompliance.kernel.actor import READING, RUNNING, Role
from lmscompliance.learning.presence import grants
from lmscompliance.rules import reasons
from lmscompliance.rules.marking import plain
from lmscompliance.training.access import class_scope, enrolment_scope
from lmscompliance.web import (
    Access,
    Routes,
    current_actor,
    current_services,
    locale,
    page_number,
    redirect_to,
    render,
)

routes = Routes()

_ANYBODY = Access(*Role)


@routes.get("/", endpoint="home", access=_ANYBODY)
def home() -> ResponseReturnValue:
    """Show a trainee their classes; staff start at the list of theirs."""
    actor = current_actor()
    if actor.role is not Role.TRAINEE:
        return redirect_to("classes")
    return render("completion/home.html", classes=pages.own_classes(current_services(), actor), plain=plain)


@routes.get("/classes/<class_id>", endpoint="trainee_class", access=Access(Role.TRAINEE, scope=class_scope))
def trainee_class(class_id: str) -> ResponseReturnValue:
    """Show the trainee's own record of a class."""
    services = current_services()
    return _record(pages.own_record(services, current_actor(), class_id, locale()), own=True)


@routes.get("/classes/<class_id>/overview", endpoint="overview", access=Access(*READING, scope=class_scope))
def class_overview(class_id: str) -> ResponseReturnValue:
    """Show staff where everybody in a class stands."""
    services = current_services()
    shown = overview(services, class_id, page_number())
    running = current_actor().role in RUNNING
    unmarked = marking.waiting(services, class_id) if running else 0
    return render("completion/overview.html", shown=shown, running=running, unmarked=unmarked, plain=plain)


@routes.get("/classes/<class_id>/prospects", endpoint="prospects", access=Access(*READING, scope=class_scope))
def class_prospects(class_id: str) -> ResponseReturnValue:
    """Show staff whether the class would pass today, and what each trainee still needs."""
    shown = prospects(current_services(), class_id, page_number())
    return render("completion/prospects.html", shown=shown, plain=plain)


@routes.get(
    "/classes/<class_id>/trainees/<enrolment_id>",
    endpoint="trainee_record",
    access=Access(*READING, scope=enrolment_scope),
)
def trainee_record(class_id: str, enrolment_id: str) -> ResponseReturnValue:
    """Show staff one trainee's record."""
    services = current_services()
    status = service.status(services, class_id, enrolment_id)
    return _record(pages.record_of(services, status, locale()), own=False)


def _record(page: pages.RecordPage, *, own: bool) -> ResponseReturnValue:
    shown = grants.card(
        current_services(),
        page.status.course.fact.id,
        page.status.enrolment_id,
        page.status.course.notice.presence,
    )
    may_correct = current_actor().role in RUNNING
    return render(
        "completion/trainee.html",
        page=page,
        own=own,
        presence=shown,
        may_correct=may_correct,
        plain=plain,
        label=reasons.label,
    )
