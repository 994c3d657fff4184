"""Pages: what is held about the trainee over all classes, handing it out, and asking for corrections."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Response, request
from flask.typing import ResponseReturnValue

from lmscompliance.kernel.actor import RUNNING, Role
from lmscompliance.kernel.jcs import Json
from lmscompliance.persons import archive, own_data, paper, requests
from lmscompliance.persons.access import request_scope
from lmscompliance.training.access import class_scope
from lmscompliance.web import Access, Routes, current_actor, current_services, locale, redirect_to, render
from lmscompliance.web.state import app_state

routes = Routes()

_TRAINEE = Access(Role.TRAINEE)
_IN_CLASS = Access(Role.TRAINEE, scope=class_scope)
_SEES = (*RUNNING, Role.INSPECTOR)
_LONGEST = 4_000


@routes.get("/mine", endpoint="all_own_data", access=_TRAINEE)
def mine() -> ResponseReturnValue:
    """Show the trainee's classes, what is kept how long, and their requests."""
    own = own_data.own(current_services(), current_actor())
    return render("persons/mine.html", own=own, fields=requests.FIELDS)


@routes.post("/mine/export", endpoint="own_data_export", access=_TRAINEE)
def export() -> ResponseReturnValue:
    """Hand out everything held about the trainee as one archive; that is logged."""
    services = current_services()
    holdings = app_state().holdings
    further = holdings(services, current_actor()) if holdings is not None else {}
    data = own_data.collect(services, current_actor(), locale(), further)
    page = file_page(data)
    places = [
        (class_.code, class_.id, one.id) for class_, one, _ in own_data.own(services, current_actor()).classes
    ]
    held = archive.build(services, data, page, places, locale=locale())
    answer = Response(held, mimetype="application/zip")
    answer.headers["Content-Disposition"] = 'attachment; filename="my-data.zip"'
    answer.headers["Cache-Control"] = "no-store"
    return answer


@routes.post("/classes/<class_id>/mine/corrections", endpoint="correction_ask", access=_IN_CLASS)
def ask(class_id: str) -> ResponseReturnValue:
    """Keep the trainee's request to have a detail corrected."""
    requests.ask(
        current_services(),
        current_actor(),
        class_id,
        field=_field("field"),
        wanted=_field("wanted"),
        reason=_field("reason"),
    )
    return redirect_to("all_own_data")


@routes.post("/classes/<class_id>/mine/learning", endpoint="learning_consent", access=_IN_CLASS)
def learning(class_id: str) -> ResponseReturnValue:
    """Take back the consent that learning rests on, or give it again."""
    if _field("decision") == "give":
        own_data.give_learning(current_services(), current_actor(), class_id)
    else:
        own_data.withdraw_learning(current_services(), current_actor(), class_id)
    return redirect_to("own_data", class_id=class_id)


@routes.get("/corrections", endpoint="correction_requests", access=Access(*_SEES))
def listed() -> ResponseReturnValue:
    """List the requests of the actor's classes, those that wait first."""
    return _page(requests.worklist(current_services(), current_actor()))


@routes.post(
    "/classes/<class_id>/corrections/<request_id>/reveal",
    endpoint="correction_request_reveal",
    access=Access(*_SEES, scope=request_scope),
)
def reveal(class_id: str, request_id: str) -> ResponseReturnValue:
    """Show what is wanted whole, this once; that is logged."""
    shown = requests.reveal(current_services(), current_actor(), class_id, request_id, _field("purpose"))
    return _page(shown, request_id)


@routes.post(
    "/classes/<class_id>/corrections/<request_id>",
    endpoint="correction_request_decide",
    access=Access(Role.ADMINISTRATOR, scope=request_scope),
)
def decide(class_id: str, request_id: str) -> ResponseReturnValue:
    """Accept or refuse a request, with a reason."""
    requests.decide(
        current_services(),
        current_actor(),
        class_id,
        request_id,
        accepted=_field("decision") == "accept",
        reason=_field("reason"),
    )
    return redirect_to("correction_requests")


def file_page(data: Mapping[str, Json]) -> str:
    """Return what ``own_data`` gathered as a page of its own, which a browser opens from the archive."""
    classes = own_data.by_class(data)
    return render("persons/export.html", data=data, classes=classes, tables=paper.TABLES, codes=paper.CODES)


def _page(lines: list[requests.WorkLine], whole: str = "") -> str:
    decides = current_actor().role is Role.ADMINISTRATOR
    return render("persons/requests.html", lines=lines, whole=whole, decides=decides)


def _field(name: str) -> str:
    return request.form.get(name, "")[:_LONGEST]
