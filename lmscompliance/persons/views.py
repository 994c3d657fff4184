"""Pages: uniting the two records of a case, and taking that back."""

from __future__ import annotations

from flask import request
from flask.typing import ResponseReturnValue

from lmscompliance.kernel.actor import Role
from lmscompliance.persons import merging
from lmscompliance.training.access import case_scope
from lmscompliance.web import Access, Routes, current_actor, current_services, redirect_to

routes = Routes()

_DECIDES = Access(Role.ADMINISTRATOR, scope=case_scope)


@routes.post("/cases/<case_id>/merge", endpoint="case_merge", access=_DECIDES)
def merge(case_id: str) -> ResponseReturnValue:
    """Decide that both records are one person's."""
    merging.merge(
        current_services(),
        current_actor(),
        case_id,
        keep=request.form.get("keep", ""),
        reason=request.form.get("reason", ""),
        basis=request.form.get("basis", ""),
    )
    return redirect_to("cases")


@routes.post("/cases/<case_id>/separate", endpoint="case_separate", access=_DECIDES)
def separate(case_id: str) -> ResponseReturnValue:
    """Take that back."""
    merging.separate(current_services(), current_actor(), case_id, reason=request.form.get("reason", ""))
    return redirect_to("cases")
