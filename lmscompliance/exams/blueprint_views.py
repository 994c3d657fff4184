"""The page on which staff lay out an exam: parts, what the gate says of them, and publishing."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

from flask import request
from flask.typing import ResponseReturnValue

from lmscompliance.exams import publishing
from lmscompliance.kernel.actor import RUNNING
from lmscompliance.kernel.errors import InvalidInput
from lmscompliance.kernel.messages import text
from lmscompliance.rules.blueprint import LEVELS, Blueprint, Part
from lmscompliance.rules.marking import KINDS, plain
from lmscompliance.training.access import class_scope
from lmscompliance.web import Access, Routes, current_services, locale, redirect_to, render

routes = Routes()

_STAFF = Access(*RUNNING, scope=class_scope)
_PAGE = "exam_blueprint"
_SPARE = 3
"""Empty rows below the parts; checking gives further ones."""
_MOST_ROWS = 200
_DIGITS = 4


@routes.get("/classes/<class_id>/exam/blueprint", endpoint=_PAGE, access=_STAFF)
def exam_blueprint(class_id: str) -> ResponseReturnValue:
    """Show the published blueprint to be changed, or one spread evenly over the plan."""
    services = current_services()
    held = publishing.published_blueprint(services, class_id)
    blueprint = held[1] if held else publishing.default_blueprint(services, class_id)
    return _page(class_id, blueprint)


@routes.post("/classes/<class_id>/exam/blueprint", endpoint="exam_blueprint_do", access=_STAFF)
def exam_blueprint_do(class_id: str) -> ResponseReturnValue:
    """Show what the gate says of the parts in the form, or publish them if they may be."""
    blueprint = _given()
    if request.form.get("action") == "publish":
        try:
            publishing.publish_blueprint(current_services(), class_id, blueprint)
        except InvalidInput as error:
            return _page(class_id, blueprint), error.status
        return redirect_to(_PAGE, class_id=class_id)
    return _page(class_id, blueprint)


def _page(class_id: str, blueprint: Blueprint) -> str:
    services = current_services()
    held = publishing.published_blueprint(services, class_id)
    found = publishing.review(services, class_id, blueprint)
    return render(
        "exams/blueprint.html",
        class_id=class_id,
        version=held[0] if held else 0,
        blueprint=blueprint,
        total=plain(blueprint.total) if all(part.points.is_finite() for part in blueprint.parts) else "?",
        found=found,
        errors=[_worded(error) for error in found.errors],
        shallow=[publishing.shallow_text(one, locale()) for one in found.shallow],
        kinds=KINDS,
        levels=LEVELS,
        spare=_SPARE,
        plain=plain,
    )


def _given() -> Blueprint:
    """Return the parts in the form. What is no number becomes one that the gate refuses by name."""
    columns = [request.form.getlist(name)[:_MOST_ROWS] for name in ("topic", "kind", "level")]
    counts, points = (request.form.getlist(name)[:_MOST_ROWS] for name in ("count", "points"))
    rows = zip(*columns, counts, points, strict=False)
    return Blueprint(
        tuple(
            Part(topic, kind, _count(count), _points(each), level)
            for topic, kind, level, count, each in rows
            if topic and (count.strip() or each.strip())
        )
    )


def _count(given: str) -> int:
    given = given.strip()
    return int(given) if given.isascii() and given.isdigit() and len(given) <= _DIGITS else 0


def _points(given: str) -> Decimal:
    try:
        points = Decimal(given.strip())
    except InvalidOperation:
        return Decimal(0)
    # More digits than a paper has points would only make sums that nothing can hold.
    return points if points.is_finite() and len(points.as_tuple().digits) <= _DIGITS * 2 else Decimal(0)


def _worded(error: InvalidInput) -> str:
    named = publishing.worded(error.params, locale())
    return text(error.code, locale(), **named)
