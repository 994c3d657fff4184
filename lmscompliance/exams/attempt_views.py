"""Pages of staff: a trainee's attempts with every save, and voiding one."""

from __future__ import annotations

from flask import request
from flask.typing import ResponseReturnValue

from lmscompliance.exams import staff, voiding
from lmscompliance.exams.access import staff_attempt_scope
from lmscompliance.kernel.actor import READING, RUNNING, SUPERVISING
from lmscompliance.rules.marking import plain
from lmscompliance.training.access import enrolment_scope
from lmscompliance.web import Access, Routes, current_actor, current_services, redirect_to, render

routes = Routes()

_DECIDING = Access(*RUNNING, scope=staff_attempt_scope)
_PAGE = "trainee_exam"


@routes.get(
    "/classes/<class_id>/trainees/<enrolment_id>/exam",
    endpoint=_PAGE,
    access=Access(*READING, scope=enrolment_scope),
)
def trainee_exam(class_id: str, enrolment_id: str) -> ResponseReturnValue:
    """Show a trainee's attempts: when, from where, every save, and what the page noticed."""
    actor = current_actor()
    shown = staff.attempts(current_services(), actor.account, class_id, enrolment_id)
    return render(
        "exams/staff.html",
        attempts=shown,
        class_id=class_id,
        enrolment_id=enrolment_id,
        deciding=actor.role in RUNNING,
        looks=actor.role in SUPERVISING,
        plain=plain,
    )


@routes.post(
    "/classes/<class_id>/trainees/<enrolment_id>/attempts/<attempt_id>/void",
    endpoint="attempt_void",
    access=_DECIDING,
)
def attempt_void(class_id: str, enrolment_id: str, attempt_id: str) -> ResponseReturnValue:
    """Ask that an attempt be voided, with the reason."""
    reason = request.form.get("reason", "")
    voiding.request(current_services(), current_actor(), class_id, attempt_id, reason)
    return redirect_to(_PAGE, class_id=class_id, enrolment_id=enrolment_id)


@routes.post(
    "/classes/<class_id>/trainees/<enrolment_id>/attempts/<attempt_id>/void/decision",
    endpoint="attempt_void_decide",
    access=_DECIDING,
)
def attempt_void_decide(class_id: str, enrolment_id: str, attempt_id: str) -> ResponseReturnValue:
    """Confirm or decline what a colleague asked for."""
    confirmed = request.form.get("confirmed") == "yes"
    voiding.decide(current_services(), current_actor(), class_id, attempt_id, confirmed=confirmed)
    return redirect_to(_PAGE, class_id=class_id, enrolment_id=enrolment_id)
