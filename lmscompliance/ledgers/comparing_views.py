"""The page of tables for comparison with a bureau's own."""

from __future__ import annotations

import io

from flask import request, send_file
from flask.typing import ResponseReturnValue

from lmscompliance.documents.layouts import FIXED, FORMS
from lmscompliance.kernel.actor import READING
from lmscompliance.ledgers import comparing
from lmscompliance.ledgers.subject import subject
from lmscompliance.training.access import class_scope
from lmscompliance.web import Access, Routes, current_actor, current_services, render

routes = Routes()

_OF_CLASS = Access(*READING, scope=class_scope)


@routes.get("/classes/<class_id>/comparison", endpoint="comparison", access=_OF_CLASS)
def page(class_id: str) -> ResponseReturnValue:
    """Offer the tables that can be made of the class."""
    services = current_services()
    return render(
        "ledgers/comparison.html",
        subject=subject(services, class_id),
        layouts=comparing.known(services).values(),
        forms=FORMS,
        fixed=FIXED,
    )


@routes.post("/classes/<class_id>/comparison", endpoint="comparison_table", access=_OF_CLASS)
def table(class_id: str) -> ResponseReturnValue:
    """Hand out a table; what for is recorded first."""
    name, data = comparing.table(
        current_services(),
        current_actor(),
        class_id,
        request.form.get("layout", ""),
        form=request.form.get("form", ""),
        purpose=request.form.get("purpose", ""),
    )
    answer = send_file(
        io.BytesIO(data), mimetype="application/octet-stream", as_attachment=True, download_name=name
    )
    answer.headers["Cache-Control"] = "no-store"
    return answer
