"""Pages: what is held about the trainee who asks, and taking a separate consent back."""

from __future__ import annotations

from flask import request
from flask.typing import ResponseReturnValue

from lmscompliance.kernel.actor import Role
from lmscompliance.rules.masking import mask_name, mask_number, mask_phone
from lmscompliance.training import own
from lmscompliance.training.access import class_scope
from lmscompliance.web import Access, Routes, current_actor, current_services, redirect_to, render

routes = Routes()

_TRAINEE = Access(Role.TRAINEE, scope=class_scope)


@routes.get("/classes/<class_id>/mine", endpoint="own_data", access=_TRAINEE)
def mine(class_id: str) -> ResponseReturnValue:
    """Show what is held, masked."""
    return _page(class_id, reveal=False)


@routes.post("/classes/<class_id>/mine", endpoint="own_data_reveal", access=_TRAINEE)
def reveal(class_id: str) -> ResponseReturnValue:
    """Show it whole, this once; that is logged."""
    return _page(class_id, reveal=True)


@routes.post("/classes/<class_id>/mine/consents", endpoint="consent_take_back", access=_TRAINEE)
def take_back(class_id: str) -> ResponseReturnValue:
    """Take a separate consent back."""
    own.take_back(current_services(), current_actor(), class_id, request.form.get("purpose", ""))
    return redirect_to("own_data", class_id=class_id)


def _page(class_id: str, *, reveal: bool) -> ResponseReturnValue:
    found = own.held(current_services(), current_actor(), class_id, reveal=reveal)
    person = found.entry.person
    return render(
        "training/own.html",
        class_id=class_id,
        found=found,
        revealed=reveal,
        name=person.name if reveal else mask_name(person.name),
        number=person.id_number if reveal else mask_number(person.id_number),
        phone=person.phone if reveal else mask_phone(person.phone),
    )
