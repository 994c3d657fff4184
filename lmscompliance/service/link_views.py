"""Pages: links that let an auditor read one class, and where such a link leads."""

from __future__ import annotations

from flask.typing import ResponseReturnValue

from lmscompliance.kernel.actor import SUPERVISING
from lmscompliance.kernel.errors import InvalidInput
from lmscompliance.service import links, sessions
from lmscompliance.service.links import link_scope
from lmscompliance.service.signing_in import Opened
from lmscompliance.service.staff_views import address
from lmscompliance.service.views import enter, field, sender
from lmscompliance.training.access import class_scope
from lmscompliance.web import (
    VISITOR,
    Access,
    Routes,
    current_actor,
    current_services,
    redirect_to,
    render,
    url,
)

routes = Routes()

_OF_CLASS = Access(*SUPERVISING, scope=class_scope)


@routes.get("/classes/<class_id>/auditors", endpoint="auditors", access=_OF_CLASS)
def page(class_id: str) -> ResponseReturnValue:
    """List the class's links, with a form to make one."""
    shown = links.listed(current_services(), class_id)
    return render("service/auditors.html", class_id=class_id, links=shown, most=links.MOST_DAYS)


@routes.post("/classes/<class_id>/auditors", endpoint="auditors_add", access=_OF_CLASS)
def add(class_id: str) -> ResponseReturnValue:
    """Make a link and show its address, once."""
    days = field("days")
    if not (days.isascii() and days.isdigit() and len(days) <= len(str(links.MOST_DAYS))):
        raise InvalidInput("service.link_form", most=links.MOST_DAYS)
    token = links.make(current_services(), current_actor(), class_id, holder=field("holder"), days=int(days))
    back = url("auditors", class_id=class_id)
    return render("service/link.html", address=address("audit", token=token), days=int(days), back=back)


@routes.post(
    "/classes/<class_id>/auditors/<link_id>/revocation",
    endpoint="auditors_revoke",
    access=Access(*SUPERVISING, scope=link_scope),
)
def revoke(class_id: str, link_id: str) -> ResponseReturnValue:
    """Take a link back, at once."""
    links.revoke(current_services(), current_actor(), class_id, link_id)
    return redirect_to("auditors", class_id=class_id)


@routes.get("/audit/<token>", endpoint="audit", access=VISITOR)
def audit(token: str) -> ResponseReturnValue:
    """Show what a link opens; a button opens it, so that no preview of a link counts as a use."""
    return render("service/audit.html", token=token, title=links.title_of(current_services(), token))


@routes.post("/audit/<token>", endpoint="audit_open", access=VISITOR)
def audit_open(token: str) -> ResponseReturnValue:
    """Open a session by the link."""
    opened, class_id = links.use(current_services(), token, sender())
    return enter(Opened(opened, sessions.FULL), url("overview", class_id=class_id))
