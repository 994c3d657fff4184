"""Pages: uniting the two records of a case, and who was shown what of whom."""

from __future__ import annotations

from flask import Response, request
from flask.typing import ResponseReturnValue

from lmscompliance.kernel.actor import READING, Role
from lmscompliance.persons import archive, details, merging, own_data
from lmscompliance.persons.own_views import file_page
from lmscompliance.rules.masking import mask_name, mask_number, mask_phone
from lmscompliance.training.access import case_scope, class_scope, enrolment_scope
from lmscompliance.training.queries import RosterEntry
from lmscompliance.web import Access, Routes, current_actor, current_services, locale, redirect_to, render

routes = Routes()

_OF_TRAINEE = Access(*READING, scope=enrolment_scope)
_DECIDES = Access(Role.ADMINISTRATOR, scope=case_scope)


@routes.post("/cases/<case_id>/merge", endpoint="case_merge", access=_DECIDES)
def merge(case_id: str) -> ResponseReturnValue:
    """Decide that both records are one person's."""
    merging.merge(
        current_services(),
        current_actor(),
        case_id,
        keep=request.form.get("keep", ""),
        reason=request.form.get("reason", ""),
        basis=request.form.get("basis", ""),
    )
    return redirect_to("cases")


@routes.post("/cases/<case_id>/separate", endpoint="case_separate", access=_DECIDES)
def separate(case_id: str) -> ResponseReturnValue:
    """Take that back."""
    merging.separate(current_services(), current_actor(), case_id, reason=request.form.get("reason", ""))
    return redirect_to("cases")


@routes.get(
    "/classes/<class_id>/trainees/<enrolment_id>/details", endpoint="trainee_details", access=_OF_TRAINEE
)
def masked(class_id: str, enrolment_id: str) -> ResponseReturnValue:
    """Show somebody's details masked, and ask what they are wanted whole for."""
    return _details(class_id, details.details(current_services(), class_id, enrolment_id), whole=False)


@routes.post(
    "/classes/<class_id>/trainees/<enrolment_id>/details",
    endpoint="trainee_details_reveal",
    access=_OF_TRAINEE,
)
def reveal(class_id: str, enrolment_id: str) -> ResponseReturnValue:
    """Show them whole, this once; that is logged, and the person sees it."""
    purpose = request.form.get("purpose", "")
    entry = details.reveal(current_services(), current_actor(), class_id, enrolment_id, purpose)
    return _details(class_id, entry, whole=True)


@routes.post("/classes/<class_id>/trainees/<enrolment_id>/file", endpoint="trainee_file", access=_OF_TRAINEE)
def whole_file(class_id: str, enrolment_id: str) -> ResponseReturnValue:
    """Hand out one trainee's whole file of the class; what for is recorded, and the person sees it."""
    services, purpose = current_services(), request.form.get("purpose", "")
    data = own_data.of_enrolment(
        services, current_actor(), class_id, enrolment_id, purpose=purpose, locale=locale()
    )
    held = archive.build(services, data, file_page(data), [("", class_id, enrolment_id)], locale=locale())
    answer = Response(held, mimetype="application/zip")
    answer.headers["Content-Disposition"] = f'attachment; filename="trainee-{enrolment_id}.zip"'
    answer.headers["Cache-Control"] = "no-store"
    return answer


@routes.get(
    "/classes/<class_id>/reveals",
    endpoint="reveals",
    access=Access(Role.INSPECTOR, Role.AUDITOR, Role.ADMINISTRATOR, scope=class_scope),
)
def reveals(class_id: str) -> ResponseReturnValue:
    """List who was shown what of whom, and for what."""
    lines = details.of_class(current_services(), class_id)
    return render("persons/reveals.html", class_id=class_id, lines=lines)


def _details(class_id: str, entry: RosterEntry, *, whole: bool) -> str:
    return render("persons/details.html", class_id=class_id, entry=entry, shown=shown(entry, whole=whole))


def shown(entry: RosterEntry, *, whole: bool) -> dict[str, str | bool]:
    """Return somebody's details as a page shows them."""
    person = entry.person
    return {
        "whole": whole,
        "name": person.name if whole else mask_name(person.name),
        "number": person.id_number if whole else mask_number(person.id_number),
        "phone": person.phone if whole else mask_phone(person.phone),
    }
