"""The platform's page for a wrong key: try it, see who changes, then mark again."""

from __future__ import annotations

from flask import request
from flask.typing import ResponseReturnValue

from lmscompliance.exams import service
from lmscompliance.kernel.actor import Role
from lmscompliance.kernel.errors import ComplianceError
from lmscompliance.rules.marking import plain
from lmscompliance.web import Access, Routes, current_actor, current_services, locale, render

routes = Routes()

_PLATFORM = Access(Role.ADMINISTRATOR)
"""A question belongs to no class: whoever corrects it changes the marks of all."""
_LONGEST = 1000
_DIGITS = 9


@routes.get("/remarking", endpoint="remarking", access=_PLATFORM)
def remarking() -> ResponseReturnValue:
    """Show the form and, once a question and a key are given, who would change; nothing is stored."""
    wanted = _wanted(request.args.to_dict())
    found, refused, status = None, "", 200
    if wanted["question"] and wanted["key"]:
        try:
            found = service.try_remark(
                current_services(),
                question_id=wanted["question"],
                key=wanted["key"],
                version=_version(wanted["version"]),
            )
        except ComplianceError as error:
            refused, status = error.message(locale()), error.status
    page = render("exams/remarking.html", wanted=wanted, found=found, refused=refused, plain=plain)
    return page, status


@routes.post("/remarking", endpoint="remarking_do", access=_PLATFORM)
def remarking_do() -> ResponseReturnValue:
    """Correct the key, mark all papers again and show what changed."""
    wanted = _wanted(request.form.to_dict())
    found, refused, status = None, "", 200
    try:
        found = service.remark(
            current_services(),
            question_id=wanted["question"],
            key=wanted["key"],
            version=_version(wanted["version"]),
            by=current_actor().account,
            why=wanted["why"],
        )
    except ComplianceError as error:
        refused, status = error.message(locale()), error.status
    page = render("exams/remarking.html", wanted=wanted, found=found, refused=refused, plain=plain)
    return page, status


def _wanted(given: dict[str, str]) -> dict[str, str]:
    return {name: given.get(name, "").strip()[:_LONGEST] for name in ("question", "key", "version", "why")}


def _version(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _DIGITS else None
