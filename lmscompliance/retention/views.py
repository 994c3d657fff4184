"""Pages of retention: what is due when, what stands against it, purges by two people, certificates."""

from __future__ import annotations

from flask import Response, request
from flask.json import jsonify
from flask.typing import ResponseReturnValue

from lmscompliance.kernel.actor import READING, SUPERVISING, Role
from lmscompliance.kernel.errors import Conflict
from lmscompliance.retention import certificates, holds, overview, purging
from lmscompliance.retention.access import certificate_scope, hold_scope
from lmscompliance.rules.retention import CATEGORIES
from lmscompliance.training.access import class_scope
from lmscompliance.web import Access, Routes, current_actor, current_services, redirect_to, render

routes = Routes()

_OF_CLASS = Access(*READING, scope=class_scope)
_HOLDING = Access(*SUPERVISING, scope=class_scope)
_DESTROYING = Access(Role.ADMINISTRATOR, scope=class_scope)
_OF_CERTIFICATE = Access(*READING, scope=certificate_scope)
_PAGE = "class_retention"
_LONGEST = 4_000
_DIGITS = 6


@routes.get("/retention", endpoint="retention", access=Access(*READING))
def retention() -> ResponseReturnValue:
    """List the actor's classes with what is due."""
    return render("retention/list.html", lines=overview.lines(current_services(), current_actor()))


@routes.get("/classes/<class_id>/retention", endpoint=_PAGE, access=_OF_CLASS)
def class_retention(class_id: str) -> ResponseReturnValue:
    """Show a class's terms, holds, the order that waits, and certificates."""
    actor = current_actor()
    return render(
        "retention/class.html",
        page=overview.page(current_services(), class_id),
        categories=CATEGORIES,
        may_hold=actor.role in SUPERVISING,
        may_destroy=actor.role is Role.ADMINISTRATOR,
    )


@routes.post("/classes/<class_id>/retention/holds", endpoint="hold_place", access=_HOLDING)
def hold_place(class_id: str) -> ResponseReturnValue:
    """Place a hold on the class, or on one of its trainees, with the reason."""
    ordinal = request.form.get("ordinal", "").strip()
    holds.place(
        current_services(),
        current_actor(),
        class_id,
        request.form.get("reason", "")[:_LONGEST],
        None if not ordinal else int(ordinal) if ordinal.isdecimal() and len(ordinal) < _DIGITS else -1,
    )
    return redirect_to(_PAGE, class_id=class_id)


@routes.post(
    "/classes/<class_id>/retention/holds/<hold_id>/release",
    endpoint="hold_release_ask",
    access=Access(*SUPERVISING, scope=hold_scope),
)
def hold_release_ask(class_id: str, hold_id: str) -> ResponseReturnValue:
    """Ask that a hold be released, with the reason."""
    reason = request.form.get("reason", "")[:_LONGEST]
    holds.ask_release(current_services(), current_actor(), class_id, hold_id, reason)
    return redirect_to(_PAGE, class_id=class_id)


@routes.post(
    "/classes/<class_id>/retention/holds/<hold_id>/release/confirmation",
    endpoint="hold_release",
    access=Access(*SUPERVISING, scope=hold_scope),
)
def hold_release(class_id: str, hold_id: str) -> ResponseReturnValue:
    """Release a hold as a colleague asked."""
    holds.release(current_services(), current_actor(), class_id, hold_id)
    return redirect_to(_PAGE, class_id=class_id)


@routes.get("/classes/<class_id>/retention/purge", endpoint="purge_rehearse", access=_DESTROYING)
def purge_rehearse(class_id: str) -> ResponseReturnValue:
    """Show exactly what a purge would destroy today; nothing is changed."""
    services = current_services()
    return render(
        "retention/rehearsal.html",
        page=overview.page(services, class_id),
        found=purging.rehearse(services, class_id),
    )


@routes.post("/classes/<class_id>/retention/purge", endpoint="purge_order", access=_DESTROYING)
def purge_order(class_id: str) -> ResponseReturnValue:
    """Order the destruction of what is due; a colleague confirms it."""
    purging.order(current_services(), current_actor(), class_id)
    return redirect_to(_PAGE, class_id=class_id)


@routes.post("/classes/<class_id>/retention/purge/withdrawal", endpoint="purge_withdraw", access=_DESTROYING)
def purge_withdraw(class_id: str) -> ResponseReturnValue:
    """Take back an order that nobody has confirmed."""
    purging.withdraw(current_services(), class_id)
    return redirect_to(_PAGE, class_id=class_id)


@routes.post("/classes/<class_id>/retention/purge/confirmation", endpoint="purge_confirm", access=_DESTROYING)
def purge_confirm(class_id: str) -> ResponseReturnValue:
    """Carry out what a colleague ordered, and show the certificate."""
    done = purging.confirm(current_services(), current_actor(), class_id)
    return redirect_to("certificate", class_id=class_id, purge_id=str(done.body["purge"]))


@routes.get(
    "/classes/<class_id>/retention/certificates/<purge_id>", endpoint="certificate", access=_OF_CERTIFICATE
)
def certificate(class_id: str, purge_id: str) -> ResponseReturnValue:
    """Show a destruction certificate, for printing."""
    found = certificates.certificate(current_services(), class_id, purge_id)
    return render("retention/certificate.html", found=found)


@routes.get(
    "/classes/<class_id>/retention/certificates/<purge_id>/json",
    endpoint="certificate_json",
    access=_OF_CERTIFICATE,
)
def certificate_json(class_id: str, purge_id: str) -> ResponseReturnValue:
    """Hand out a certificate for programs, with the receipt that proves it."""
    services = current_services()
    found = certificates.certificate(services, class_id, purge_id)
    return jsonify(found.to_json(certificates.receipt(services, class_id, purge_id)))


@routes.get(
    "/classes/<class_id>/retention/certificates/<purge_id>/receipt",
    endpoint="certificate_receipt",
    access=_OF_CERTIFICATE,
)
def certificate_receipt(class_id: str, purge_id: str) -> ResponseReturnValue:
    """Hand out the receipt of a certificate, which anybody checks offline."""
    text = certificates.receipt(current_services(), class_id, purge_id)
    if text is None:
        raise Conflict("retention.not_sealed")
    name = f"destroyed-{purge_id}.tlog-proof"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(text, mimetype="text/plain", headers=headers)
