"""Pages of staff: how a class's exam did, question by question."""

from __future__ import annotations

from flask import Response, jsonify, request
from flask.typing import ResponseReturnValue

from lmscompliance.exams import service
from lmscompliance.kernel.actor import READING, Role
from lmscompliance.training.access import class_scope
from lmscompliance.web import Access, Routes, current_actor, current_services, render

routes = Routes()

_STAFF = Access(*READING, scope=class_scope)
_BOM = "\N{ZERO WIDTH NO-BREAK SPACE}"
"""Spreadsheets take a CSV for UTF-8 only behind it."""


@routes.get("/classes/<class_id>/exam/statistics", endpoint="exam_statistics", access=_STAFF)
def statistics(class_id: str) -> ResponseReturnValue:
    """Show difficulty and discrimination of each question and topic; as a file with ``?format=csv|json``."""
    found = service.class_statistics(current_services(), class_id)
    form = request.args.get("format")
    if form == "json":
        return jsonify(found.to_json())
    if form == "csv":
        response = Response(_BOM + found.to_csv(), mimetype="text/csv")
        response.headers["Content-Disposition"] = 'attachment; filename="questions.csv"'
        return response
    may_remark = current_actor().role is Role.ADMINISTRATOR
    return render("exams/statistics.html", class_id=class_id, found=found, may_remark=may_remark)
