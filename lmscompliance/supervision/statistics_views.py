"""The page of figures, with charts, and its tables as files."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from flask import Response, request
from flask.typing import ResponseReturnValue

from lmscompliance.documents.layouts import JSON, UTF8
from lmscompliance.kernel.actor import READING
from lmscompliance.supervision import statistics
from lmscompliance.web import Access, Routes, charts, current_actor, current_services, render

routes = Routes()
_SHOWN = 20
"""Groups that a chart shows; the tables and files have all."""
_FORMS = {"csv": (UTF8, "text/csv"), "json": (JSON, "application/json")}


@routes.get("/statistics", endpoint="statistics", access=Access(*READING))
def page() -> ResponseReturnValue:
    """Show the figures of the actor's classes, or of ``?class_id=``; one table with ``?by=&format=``."""
    class_id = request.args.get("class_id", "")[:64]
    found = statistics.gather(current_services(), current_actor(), class_id)
    form = _FORMS.get(request.args.get("format", ""))
    if form is not None:
        kind = request.args.get("by", "")
        answer = Response(statistics.table(found, kind, form[0]), mimetype=form[1])
        name = f"statistics-{kind}.{request.args['format']}"
        answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
        return answer
    return render(
        "supervision/statistics.html",
        found=found,
        class_id=class_id,
        charts=charts,
        groups=_groups,
        timed=_timed,
        daily=_daily,
        shown=_SHOWN,
        hours=statistics.hours,
    )


def _groups(lines: Sequence[statistics.People]) -> list[charts.Group]:
    return [charts.Group(one.name, (one.enrolled, one.completed, one.passed)) for one in lines]


def _daily(lines: Sequence[statistics.Learning]) -> list[charts.Group]:
    """Return a group for each day from the first to the last, those on which nobody learnt as well."""
    known = {date.fromisoformat(one.name): statistics.hours(one.seconds) for one in lines}
    first, last = min(known), max(known)
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    return [charts.Group(day.isoformat(), (known.get(day, 0),)) for day in days]


def _timed(lines: Sequence[statistics.Learning]) -> list[charts.Group]:
    return [charts.Group(one.name, (statistics.hours(one.seconds),)) for one in lines]
