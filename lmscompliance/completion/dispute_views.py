"""Pages: why time was not credited, objections to it, and staff's answers and corrections."""

from __future__ import annotations

from datetime import date, datetime

from flask import request
from flask.typing import ResponseReturnValue

from lmscompliance.completion import disputes, service
from lmscompliance.completion.access import dispute_scope
from lmscompliance.completion.judging import TraineeStatus
from lmscompliance.completion.objections import Objection
from lmscompliance.completion.uncredited import uncredited
from lmscompliance.completion.worklist import worklist
from lmscompliance.kernel.actor import READING, RUNNING, Role
from lmscompliance.kernel.clock import SHANGHAI, from_micros, shanghai_day
from lmscompliance.kernel.errors import InvalidInput
from lmscompliance.training.access import class_scope, enrolment_scope
from lmscompliance.web import Access, Routes, current_actor, current_services, locale, redirect_to, render

routes = Routes()

_LONGEST_TEXT = 4_000
_LONGEST_ID = 26
_LONGEST_NUMBER = 17


@routes.get(
    "/classes/<class_id>/uncredited", endpoint="uncredited", access=Access(Role.TRAINEE, scope=class_scope)
)
def own_uncredited(class_id: str) -> ResponseReturnValue:
    """Show a trainee why their time did not count, a day at a time."""
    status = service.own_status(current_services(), current_actor(), class_id)
    return _page(status, own=True)


@routes.get(
    "/classes/<class_id>/trainees/<enrolment_id>/uncredited",
    endpoint="trainee_uncredited",
    access=Access(*READING, scope=enrolment_scope),
)
def trainee_uncredited(class_id: str, enrolment_id: str) -> ResponseReturnValue:
    """Show staff the same."""
    return _page(service.status(current_services(), class_id, enrolment_id), own=False)


@routes.post(
    "/classes/<class_id>/disputes",
    endpoint="dispute_raise",
    access=Access(Role.TRAINEE, scope=class_scope),
)
def dispute_raise(class_id: str) -> ResponseReturnValue:
    """Keep a trainee's objection to a stretch."""
    start_us, end_us = _number("start_us"), _number("end_us")
    objection = Objection(_field("session")[:_LONGEST_ID], start_us, end_us)
    disputes.raise_objection(current_services(), current_actor(), class_id, objection, _field("text"))
    return redirect_to("uncredited", class_id=class_id, day=shanghai_day(from_micros(start_us)).isoformat())


@routes.get("/disputes", endpoint="disputes", access=Access(*READING))
def dispute_list() -> ResponseReturnValue:
    """List the objections of the classes in the actor's remit."""
    actor = current_actor()
    shown = worklist(current_services(), actor, locale())
    return render("completion/disputes.html", shown=shown, deciding=actor.role in RUNNING)


@routes.post(
    "/classes/<class_id>/disputes/<dispute_id>",
    endpoint="dispute_decide",
    access=Access(*RUNNING, scope=dispute_scope),
)
def dispute_decide(class_id: str, dispute_id: str) -> ResponseReturnValue:
    """Uphold or reject an objection, with the reason."""
    disputes.decide(
        current_services(),
        current_actor(),
        class_id,
        dispute_id,
        decision=_field("decision"),
        reason=_field("reason"),
    )
    return redirect_to("disputes")


@routes.post(
    "/classes/<class_id>/trainees/<enrolment_id>/corrections",
    endpoint="correction_create",
    access=Access(*RUNNING, scope=enrolment_scope),
)
def correction_create(class_id: str, enrolment_id: str) -> ResponseReturnValue:
    """Exclude a stretch of a session, with the reason."""
    start_at = _moment("start")
    disputes.exclude(
        current_services(),
        current_actor(),
        class_id=class_id,
        enrolment_id=enrolment_id,
        session_id=_field("session")[:_LONGEST_ID],
        start_at=start_at,
        end_at=_moment("end"),
        reason=_field("reason"),
    )
    day = shanghai_day(start_at).isoformat()
    return redirect_to("trainee_uncredited", class_id=class_id, enrolment_id=enrolment_id, day=day)


def _page(status: TraineeStatus, *, own: bool) -> ResponseReturnValue:
    try:
        day = date.fromisoformat(request.args.get("day", ""))
    except ValueError:
        day = None
    page = uncredited(current_services(), status, day, locale())
    return render("completion/uncredited.html", page=page, status=status, own=own)


def _field(name: str) -> str:
    return request.form.get(name, "")[:_LONGEST_TEXT]


def _number(name: str) -> int:
    text = _field(name)
    if not (text.isascii() and text.isdigit() and len(text) <= _LONGEST_NUMBER):
        raise InvalidInput("completion.dispute_form")
    return int(text)


def _moment(name: str) -> datetime:
    try:
        return datetime.fromisoformat(_field(name)).replace(tzinfo=SHANGHAI)
    except ValueError:
        raise InvalidInput("completion.correction_form") from None
