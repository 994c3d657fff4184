"""Pages: the trainee hands in photos from the phone, staff look at them and decide."""

from __future__ import annotations

from datetime import date
from io import BytesIO

from flask import make_response, request, send_file
from flask.typing import ResponseReturnValue

from lmscompliance.kernel.actor import READING, RUNNING, Role
from lmscompliance.kernel.clock import shanghai_day
from lmscompliance.kernel.errors import ComplianceError, InvalidInput
from lmscompliance.proofs import service
from lmscompliance.proofs.access import proof_scope
from lmscompliance.proofs.models import PENDING
from lmscompliance.proofs.service import ITINERARY, Handed
from lmscompliance.rules.itinerary import Days
from lmscompliance.storage.transaction import reading
from lmscompliance.training import queries
from lmscompliance.training.access import class_scope
from lmscompliance.web import Access, Routes, client_ip, current_actor, current_services, locale, render
from lmscompliance.web.pages import redirect_to

routes = Routes()

_TRAINEE = Access(Role.TRAINEE, scope=class_scope)
_DECIDES = Access(*RUNNING, scope=proof_scope)
_STAFF = Access(*READING, scope=class_scope)
_ALL = Access(*Role, scope=proof_scope)
_FORM_BYTES = 64 * 1024
"""What a form's other fields and the separators between files may take."""
_FILES_AT_ONCE = 10


@routes.get("/classes/<class_id>/proofs", endpoint="proofs", access=_TRAINEE)
def mine(class_id: str) -> ResponseReturnValue:
    """Show what the trainee handed in, what is missing, and the form."""
    return _page(class_id)


@routes.post("/classes/<class_id>/proofs", endpoint="proofs_add", access=_TRAINEE)
def add(class_id: str) -> ResponseReturnValue:
    """Take one or several files of one kind; each is kept or refused by itself."""
    services, actor = current_services(), current_actor()
    request.max_content_length = services.settings.upload_max_bytes * _FILES_AT_ONCE + _FORM_BYTES
    refused: list[tuple[str, str]] = []
    kept = 0
    uploads = [one for one in request.files.getlist("file") if one.filename][:_FILES_AT_ONCE]
    try:
        handed = _handed()
        if not uploads:
            raise InvalidInput("proofs.no_file")
        enrolment = _enrolment(class_id)
    except ComplianceError as error:
        return _page(class_id, refused=[("", error.message(locale()))], status=error.status)
    for upload in uploads:
        try:
            service.add(
                services,
                actor,
                class_id,
                enrolment,
                data=upload.stream.read(),
                handed=handed,
                consent=request.form.get("consent", ""),
                ip=client_ip(),
            )
            kept += 1
        except ComplianceError as error:
            refused.append((upload.filename or "", error.message(locale())))
    if not refused:
        return redirect_to("proofs", class_id=class_id)
    return _page(class_id, refused=refused, kept=kept, status=422)


@routes.get("/classes/<class_id>/proofs/review", endpoint="proofs_review", access=_STAFF)
def worklist(class_id: str) -> ResponseReturnValue:
    """List everybody's proofs, those that wait for a decision first."""
    services = current_services()
    with reading(services.database) as session:
        people = queries.open_roster(session, services.vault, class_id)
        folders = service.folders(session, services, class_id, [one.enrolment_id for one in people])
    rows = [(one, folders[one.enrolment_id]) for one in people]
    rows.sort(key=lambda row: not any(line.proof.status == PENDING for line in row[1].lines))
    return render("proofs/review.html", class_id=class_id, rows=rows, decides=_decides())


@routes.post("/classes/<class_id>/proofs/<proof_id>/review", endpoint="proof_decide", access=_DECIDES)
def decide(class_id: str, proof_id: str) -> ResponseReturnValue:
    """Accept or refuse one proof."""
    service.review(
        current_services(),
        current_actor(),
        class_id,
        proof_id,
        accepted=request.form.get("decision") == "accept",
        reason=request.form.get("reason", ""),
    )
    return redirect_to("proofs_review", class_id=class_id)


@routes.get("/classes/<class_id>/proofs/<proof_id>/file", endpoint="proof_file", access=_ALL)
def file(class_id: str, proof_id: str) -> ResponseReturnValue:
    """Hand out a proof's file; who looked is logged."""
    proof, content = service.look(current_services(), current_actor(), class_id, proof_id)
    name = f"{proof.kind}-{proof.id}{content.kind.ending}"
    answer = make_response(
        send_file(BytesIO(content.data), mimetype=content.kind.value, as_attachment=True, download_name=name)
    )
    # Whatever a viewer makes of the file, it may not act in the name of the platform.
    answer.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return answer


def _decides() -> bool:
    return current_actor().role in _DECIDES.roles


def _handed() -> Handed:
    taken, first, last = (_day(name) for name in ("taken_on", "from", "to"))
    covers = Days(first, last) if first and last else None
    return Handed(request.form.get("kind", ""), taken, covers)


def _day(name: str) -> date | None:
    text = request.form.get(name, "").strip()
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise InvalidInput("proofs.no_day") from None


def _enrolment(class_id: str) -> str:
    services = current_services()
    with reading(services.database) as session:
        mine = queries.enrolment_of(session, class_id, current_actor().account)
    assert mine is not None  # noqa: S101  # the route's scope lets nobody else through
    return mine.id


def _page(
    class_id: str, *, refused: list[tuple[str, str]] | None = None, kept: int = 0, status: int = 200
) -> ResponseReturnValue:
    services = current_services()
    enrolment = _enrolment(class_id)
    with reading(services.database) as session:
        class_ = queries.class_by_id(session, class_id)
        terms = queries.notice_of(session, class_).proofs
        folder = service.folders(session, services, class_id, [enrolment])[enrolment]
    page = render(
        "proofs/mine.html",
        class_id=class_id,
        title=class_.title,
        terms=terms,
        itinerary=ITINERARY,
        consent_text=terms.consent_en if locale() == "en" else terms.consent_zh,
        folder=folder,
        refused=refused or [],
        kept=kept,
        today=shanghai_day(services.clock.now()),
    )
    return make_response(page, status)
