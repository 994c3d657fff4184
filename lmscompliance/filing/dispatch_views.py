"""Pages of the dispatch log and of reminders."""

from __future__ import annotations

from collections.abc import Callable

from flask import make_response, request
from flask.typing import ResponseReturnValue

from lmscompliance.filing import dispatches, reminders
from lmscompliance.filing.dispatches import Sending
from lmscompliance.kernel.actor import READING, RUNNING, Role
from lmscompliance.kernel.clock import shanghai_day
from lmscompliance.kernel.errors import ComplianceError
from lmscompliance.storage.transaction import reading
from lmscompliance.training import queries
from lmscompliance.training.access import class_scope
from lmscompliance.web import (
    Access,
    Routes,
    current_actor,
    current_services,
    locale,
    posted_day,
    redirect_to,
    render,
)

routes = Routes()

_READS = Access(*READING, scope=class_scope)
_RUNS = Access(*RUNNING, scope=class_scope)
_RECEIVES = Access(*RUNNING, Role.INSPECTOR, scope=class_scope)


@routes.get("/reminders", endpoint="reminders", access=Access(*READING))
def listed() -> ResponseReturnValue:
    """List the latest reminders of all classes that the actor has to do with."""
    shown = reminders.in_scope(current_services(), current_actor())
    return render("filing/reminders.html", shown=shown)


@routes.get("/classes/<class_id>/filing/dispatches", endpoint="dispatches", access=_READS)
def log(class_id: str) -> ResponseReturnValue:
    """Show which packs were sent to whom, and who acknowledged them."""
    return _page(class_id)


@routes.post("/classes/<class_id>/filing/dispatches", endpoint="dispatch_add", access=_RUNS)
def add(class_id: str) -> ResponseReturnValue:
    """Log that the pack was sent."""

    def send() -> None:
        form = request.form
        given = Sending(
            recipient=form.get("recipient", ""),
            means=form.get("means", ""),
            sent_on=posted_day("sent_on", "filing.no_day"),
            address=form.get("address", ""),
            reference=form.get("reference", ""),
        )
        dispatches.send(current_services(), class_id, given, by=current_actor().account)

    return _done(class_id, send)


@routes.post(
    "/classes/<class_id>/filing/dispatches/<int:number>/receipt",
    endpoint="dispatch_receipt",
    access=_RECEIVES,
)
def receipt(class_id: str, number: int) -> ResponseReturnValue:
    """Keep that a pack was received."""

    def keep() -> None:
        dispatches.acknowledge(
            current_services(),
            class_id,
            number,
            received_on=posted_day("received_on", "filing.no_day"),
            receipt=request.form.get("receipt", ""),
            by=current_actor().account,
        )

    return _done(class_id, keep)


def _done(class_id: str, act: Callable[[], None]) -> ResponseReturnValue:
    try:
        act()
    except ComplianceError as error:
        return _page(class_id, error)
    return redirect_to("dispatches", class_id=class_id)


def _page(class_id: str, error: ComplianceError | None = None) -> ResponseReturnValue:
    services, role = current_services(), current_actor().role
    with reading(services.database) as session:
        class_ = queries.class_by_id(session, class_id)
        notice = queries.notice_of(session, class_)
        recipient = dispatches.recipient_of(session, class_, notice)
    body = render(
        "filing/dispatches.html",
        class_=class_,
        notice=notice,
        recipient=recipient,
        means=dispatches.MEANS,
        shown=dispatches.log(services, class_id),
        today=shanghai_day(services.clock.now()),
        runs=role in _RUNS.roles,
        receives=role in _RECEIVES.roles,
        error=None if error is None else error.message(locale()),
    )
    return make_response(body, 200 if error is None else error.status)
