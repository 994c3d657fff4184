"""The page on which staff mark essays, without seeing whose they are or what a colleague gave."""

from __future__ import annotations

from flask import request
from flask.typing import ResponseReturnValue

from lmscompliance.exams import marking
from lmscompliance.kernel.actor import RUNNING
from lmscompliance.rules.marking import plain
from lmscompliance.training.access import class_scope
from lmscompliance.web import Access, Routes, current_actor, current_services, redirect_to, render

routes = Routes()

_MARKING = Access(*RUNNING, scope=class_scope)
_PAGE = "exam_marking"


@routes.get("/classes/<class_id>/exam/marking", endpoint=_PAGE, access=_MARKING)
def exam_marking(class_id: str) -> ResponseReturnValue:
    """Show the essays that wait for a mark of the actor's."""
    found = marking.queue(current_services(), current_actor(), class_id)
    return render("exams/marking.html", class_id=class_id, found=found, plain=plain)


@routes.post("/classes/<class_id>/exam/marking/<marking_id>", endpoint="exam_mark", access=_MARKING)
def exam_mark(class_id: str, marking_id: str) -> ResponseReturnValue:
    """Record the points the actor gives for an essay."""
    points = request.form.get("points", "")
    marking.give(current_services(), current_actor(), class_id, marking_id, points)
    return redirect_to(_PAGE, class_id=class_id)
