"""Page: the life of a class, and the steps that staff take in it."""

from __future__ import annotations

from flask import make_response, request
from flask.typing import ResponseReturnValue

from lmscompliance.completion import closing
from lmscompliance.kernel.actor import READING, RUNNING, Role
from lmscompliance.kernel.errors import ComplianceError
from lmscompliance.rules import class_life
from lmscompliance.training.access import class_scope
from lmscompliance.web import Access, Routes, current_actor, current_services, locale, redirect_to, render

routes = Routes()

_LONGEST_NUMBER = 128


@routes.get("/classes/<class_id>/life", endpoint="class_life", access=Access(*READING, scope=class_scope))
def page(class_id: str) -> ResponseReturnValue:
    """Show where the class stands, how it got there, and what may come next."""
    return _page(class_id)


@routes.post(
    "/classes/<class_id>/life",
    endpoint="class_step",
    access=Access(*RUNNING, Role.INSPECTOR, scope=class_scope),
)
def step(class_id: str) -> ResponseReturnValue:
    """Take one step."""
    try:
        closing.step(
            current_services(),
            current_actor(),
            class_id,
            request.form.get("target", ""),
            reason=request.form.get("reason", ""),
            number=request.form.get("number", "").strip()[:_LONGEST_NUMBER],
        )
    except ComplianceError as error:
        return _page(class_id, error)
    return redirect_to("class_life", class_id=class_id)


def _page(class_id: str, error: ComplianceError | None = None) -> ResponseReturnValue:
    shown = closing.life_of(current_services(), current_actor(), class_id)
    page = render(
        "completion/life.html",
        shown=shown,
        goes_back=class_life.goes_back,
        order=class_life.ORDER,
        error=None if error is None else error.message(locale()),
    )
    return make_response(page, 200 if error is None else error.status)
