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
_MOST_DAYS = 92
"""Columns that can still be told apart on a phone."""
_SHOWN = 20
"""Groups that a chart shows; the tables and files have all."""
_FORMS = {"csv": (UTF8, "text/csv"), "json": (JSON, "application/json")}


@routes.get("/statistics", endpoint="statistics", access=Access(*READING))
def page() -> ResponseReturnValue:
    """Show the figures of the actor's classes, or of ``?class_id=``, in ``?since=&until=``.

    ``?by=&format=`` hands out one table of them.
    """
    class_id = request.args.get("class_id", "")[:64]
    days = {name: request.args.get(name, "")[:10] for name in ("since", "until")}
    period = statistics.Period.parse(days["since"], days["until"])
    found = statistics.gather(current_services(), current_actor(), class_id, period)
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
        days=days,
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
    """Return a group for each day from the first to the last, those on which nobody learnt as well.

    Where they would be too many to be told apart, a group for each month.
    """
    known = {date.fromisoformat(one.name): statistics.hours(one.seconds) for one in lines}
    first, last = min(known), max(known)
    if (last - first).days >= _MOST_DAYS:
        return _monthly(lines, first, last)
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    return [charts.Group(day.isoformat(), (known.get(day, 0),)) for day in days]


def _monthly(lines: Sequence[statistics.Learning], first: date, last: date) -> list[charts.Group]:
    seconds: dict[str, int] = {}
    for number in range(first.year * 12 + first.month - 1, last.year * 12 + last.month):
        seconds[f"{number // 12}-{number % 12 + 1:02}"] = 0
    for one in lines:
        seconds[one.name[:7]] += one.seconds
    return [charts.Group(month, (statistics.hours(value),)) for month, value in seconds.items()]


def _timed(lines: Sequence[statistics.Learning]) -> list[charts.Group]:
    return [charts.Group(one.name, (statistics.hours(one.seconds),)) for one in lines]
