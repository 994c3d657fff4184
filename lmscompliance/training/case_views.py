"""Pages of identity cases: both sides, and the decision."""

from __future__ import annotations

from flask import request
from flask.typing import ResponseReturnValue

from lmscompliance.kernel.actor import SUPERVISING, Role
from lmscompliance.training import casework
from lmscompliance.training.access import case_scope
from lmscompliance.training.casework import CaseShown
from lmscompliance.web import Access, Routes, current_actor, current_services, redirect_to, render

routes = Routes()

_SEES = Access(*SUPERVISING)
_DECIDES = Access(Role.ADMINISTRATOR, scope=case_scope)


@routes.get("/cases", endpoint="cases", access=_SEES)
def listed() -> ResponseReturnValue:
    """List the cases of the actor's classes, open ones first."""
    return _page(casework.listed(current_services(), current_actor()))


@routes.post("/cases", endpoint="case_open", access=Access(Role.ADMINISTRATOR))
def open_case() -> ResponseReturnValue:
    """Open a case about two enrolments that may be one person's."""
    first, second = (
        (request.form.get(f"class_{which}", ""), request.form.get(f"ordinal_{which}", -1, type=int))
        for which in ("first", "second")
    )
    casework.open_by_hand(current_services(), first, second)
    return redirect_to("cases")


@routes.post("/cases/<case_id>/reveal", endpoint="case_reveal", access=Access(*SUPERVISING, scope=case_scope))
def reveal(case_id: str) -> ResponseReturnValue:
    """Show both sides of a case whole, this once; that is logged."""
    purpose = request.form.get("purpose", "")
    return _page(casework.reveal(current_services(), current_actor(), case_id, purpose), case_id)


@routes.post("/cases/<case_id>", endpoint="case_decide", access=_DECIDES)
def decide(case_id: str) -> ResponseReturnValue:
    """Decide a case, with a reason."""
    casework.decide(
        current_services(),
        current_actor(),
        case_id,
        request.form.get("decision", ""),
        request.form.get("reason", ""),
    )
    return redirect_to("cases")


def _page(found: list[CaseShown], whole: str = "") -> str:
    decides = current_actor().role in _DECIDES.roles
    return render("training/cases.html", found=found, decides=decides, whole=whole)
