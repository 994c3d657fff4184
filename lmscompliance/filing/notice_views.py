"""Pages of notices: the trainee reads and says so, staff publish and see who has not."""

from __future__ import annotations

from flask import Response, make_response, request
from flask.typing import ResponseReturnValue

from lmscompliance.filing import notices
from lmscompliance.kernel.actor import READING, RUNNING, Role
from lmscompliance.kernel.errors import ComplianceError, NotFound
from lmscompliance.storage.transaction import reading
from lmscompliance.training import queries
from lmscompliance.training.access import class_scope
from lmscompliance.web import (
    Access,
    Routes,
    client_ip,
    current_actor,
    current_services,
    locale,
    page_number,
    redirect_to,
    render,
)

routes = Routes()

_TRAINEE = Access(Role.TRAINEE, scope=class_scope)
_READS = Access(*READING, scope=class_scope)
_RUNS = Access(*RUNNING, scope=class_scope)


@routes.get("/classes/<class_id>/notices", endpoint="notices", access=_TRAINEE)
def mine(class_id: str) -> ResponseReturnValue:
    """Show the trainee the class's notices and when they read each."""
    with reading(current_services().database) as session:
        class_ = queries.class_by_id(session, class_id)
        enrolment = queries.enrolment_of(session, class_id, current_actor().account)
        assert enrolment is not None  # noqa: S101  # the route's scope lets nobody else through
        shown = notices.of_trainee(session, class_id, enrolment.id)
        return render("filing/notices.html", class_id=class_id, title=class_.title, shown=shown)


@routes.post("/classes/<class_id>/notices/<int:number>/receipt", endpoint="notice_read", access=_TRAINEE)
def receipt(class_id: str, number: int) -> ResponseReturnValue:
    """Keep that the trainee read a notice."""
    notices.acknowledge(current_services(), current_actor(), class_id, number, ip=client_ip())
    return redirect_to("notices", class_id=class_id)


@routes.get("/classes/<class_id>/notices/readers", endpoint="notice_readers", access=_READS)
def staff(class_id: str) -> ResponseReturnValue:
    """Show staff the notices, who read the newest and who has not."""
    return _staff_page(class_id)


@routes.post("/classes/<class_id>/notices/publish", endpoint="notice_publish", access=_RUNS)
def publish(class_id: str) -> ResponseReturnValue:
    """Publish a notice."""
    try:
        notices.publish(
            current_services(),
            class_id,
            title=request.form.get("title", ""),
            text=request.form.get("text", ""),
            by=current_actor().account,
        )
    except ComplianceError as error:
        return _staff_page(class_id, error)
    return redirect_to("notice_readers", class_id=class_id)


@routes.get(
    "/classes/<class_id>/notices/<int:number>/readers.csv", endpoint="notice_readers_csv", access=_READS
)
def listing(class_id: str, number: int) -> ResponseReturnValue:
    """Hand out who read a notice and who has not."""
    # The byte order mark tells spreadsheets that the Chinese is UTF-8.
    data = notices.listing(current_services(), class_id, number).encode("utf-8-sig")
    headers = {"Content-Disposition": f'attachment; filename="notice-{number}-readers.csv"'}
    return Response(data, mimetype="text/csv", headers=headers)


def _staff_page(class_id: str, error: ComplianceError | None = None) -> ResponseReturnValue:
    services = current_services()
    asked = request.args.get("notice", "")
    with reading(services.database) as session:
        class_ = queries.class_by_id(session, class_id)
        shown = notices.of_class(session, class_id)
        number = int(asked) if asked.isascii() and asked.isdigit() else shown[0].notice.n if shown else 0
        chosen = next((one for one in shown if one.notice.n == number), None)
        if shown and chosen is None:
            raise NotFound("web.not_found")
        page = page_number()
        rows = notices.readers(session, services, class_id, number, page) if chosen else []
        body = render(
            "filing/notice_readers.html",
            class_=class_,
            notice=queries.notice_of(session, class_),
            shown=shown,
            chosen=chosen,
            rows=rows,
            page=page,
            pages=-(-chosen.enrolled // notices.PAGE_ROWS) if chosen else 0,
            runs=current_actor().role in RUNNING,
            error=None if error is None else error.message(locale()),
        )
    return make_response(body, 200 if error is None else error.status)
