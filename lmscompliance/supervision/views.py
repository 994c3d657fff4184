"""Pages of the worklist: what is unusual, what it rests on, and the decision about it."""

from __future__ import annotations

from flask import request
from flask.typing import ResponseReturnValue

from lmscompliance.kernel.actor import READING, SUPERVISING
from lmscompliance.supervision import deciding, listing, networks
from lmscompliance.supervision.access import anomaly_scope, network_scope
from lmscompliance.supervision.models import DECISIONS, STATUSES
from lmscompliance.supervision.words import KINDS, explained
from lmscompliance.training.access import class_scope
from lmscompliance.web import (
    Access,
    Routes,
    current_actor,
    current_services,
    locale,
    page_number,
    redirect_to,
    render,
)

routes = Routes()

_DIGITS = 9
_LONGEST = 4_000
"""Of a text in a form; the services say what is too long for them."""


@routes.get("/anomalies", endpoint="anomalies", access=Access(*READING))
def anomalies() -> ResponseReturnValue:
    """List what is unusual in the actor's classes, narrowed by class, kind, status and severity."""
    filters = listing.Filters(
        **{name: request.args.get(name, "")[:64] for name in ("class_id", "kind", "status", "severity")}
    )
    found = listing.worklist(current_services(), current_actor(), filters, page_number())
    return render(
        "supervision/anomalies.html",
        found=found,
        filters=filters,
        kinds=KINDS,
        statuses=STATUSES,
        explained=lambda kind, facts: explained(kind, facts, locale()),
    )


@routes.get(
    "/classes/<class_id>/anomalies/<anomaly_id>",
    endpoint="anomaly",
    access=Access(*READING, scope=anomaly_scope),
)
def anomaly(class_id: str, anomaly_id: str) -> ResponseReturnValue:
    """Show what an anomaly rests on, and what was decided about it."""
    page = listing.anomaly_page(current_services(), current_actor(), class_id, anomaly_id)
    return render(
        "supervision/anomaly.html",
        page=page,
        decisions=DECISIONS,
        explanation=explained(page.anomaly.kind, page.facts, locale()),
    )


@routes.post(
    "/classes/<class_id>/anomalies/<anomaly_id>",
    endpoint="anomaly_decide",
    access=Access(*SUPERVISING, scope=anomaly_scope),
)
def decide(class_id: str, anomaly_id: str) -> ResponseReturnValue:
    """Decide about an anomaly, with a reason."""
    seen = request.form.get("seen", "")
    deciding.decide(
        current_services(),
        current_actor(),
        class_id=class_id,
        anomaly_id=anomaly_id,
        decision=request.form.get("decision", ""),
        reason=request.form.get("reason", "")[:_LONGEST],
        seen=int(seen) if seen.isascii() and seen.isdigit() and len(seen) < _DIGITS else -1,
    )
    return redirect_to("anomaly", class_id=class_id, anomaly_id=anomaly_id)


@routes.get("/classes/<class_id>/networks", endpoint="networks", access=Access(*READING, scope=class_scope))
def network_list(class_id: str) -> ResponseReturnValue:
    """Show the networks that the class's enterprise is known to share."""
    return render(
        "supervision/networks.html",
        class_id=class_id,
        known=networks.listed(current_services(), class_id),
        may_decide=listing.may_decide(current_actor()),
        cleared=request.args.get("cleared", type=int),
    )


@routes.post(
    "/classes/<class_id>/networks", endpoint="network_declare", access=Access(*SUPERVISING, scope=class_scope)
)
def network_declare(class_id: str) -> ResponseReturnValue:
    """Let a network be known, with a reason; open crowds in it are cleared."""
    cleared = networks.declare(
        current_services(),
        current_actor(),
        class_id,
        request.form.get("cidr", "")[:_LONGEST],
        request.form.get("reason", "")[:_LONGEST],
    )
    return redirect_to("networks", class_id=class_id, cleared=cleared)


@routes.post(
    "/classes/<class_id>/networks/<network_id>/withdrawal",
    endpoint="network_withdraw",
    access=Access(*SUPERVISING, scope=network_scope),
)
def network_withdraw(class_id: str, network_id: str) -> ResponseReturnValue:
    """Let a network be known no longer."""
    networks.withdraw(current_services(), current_actor(), class_id, network_id)
    return redirect_to("networks", class_id=class_id)
