"""Pages of a filing: forms out, scans in, what is missing, and the step to the bureau."""

from __future__ import annotations

from io import BytesIO

from flask import make_response, request, send_file
from flask.typing import ResponseReturnValue

from lmscompliance.filing import forms, pack, reminders, service
from lmscompliance.kernel.actor import READING, RUNNING
from lmscompliance.kernel.errors import ComplianceError, InvalidInput
from lmscompliance.policy import DOCUMENTS, Notice
from lmscompliance.storage.transaction import reading
from lmscompliance.training.access import class_scope
from lmscompliance.web import (
    Access,
    Routes,
    client_ip,
    current_actor,
    current_services,
    locale,
    redirect_to,
    render,
)

routes = Routes()

_READS = Access(*READING, scope=class_scope)
_RUNS = Access(*RUNNING, scope=class_scope)
_FORM_BYTES = 64 * 1024
_LONGEST_OUTPUT = 15


@routes.get("/classes/<class_id>/filing", endpoint="filing", access=_READS)
def page(class_id: str) -> ResponseReturnValue:
    """Show what the filing consists of and what is missing."""
    return _page(class_id)


@routes.get("/classes/<class_id>/filing/forms/<kind>", endpoint="filing_form", access=_READS)
def form(class_id: str, kind: str) -> ResponseReturnValue:
    """Hand out a prefilled form, as Word or (``?as=pdf``) as PDF/A."""
    name, data = forms.make(current_services(), class_id, kind, request.args.get("as", forms.WORD))
    return send_file(BytesIO(data), as_attachment=True, download_name=name)


@routes.get("/classes/<class_id>/filing/pack", endpoint="filing_pack", access=_READS)
def archive(class_id: str) -> ResponseReturnValue:
    """Hand out all documents in one archive with their digests."""
    try:
        made = pack.make(current_services(), class_id)
    except ComplianceError as error:
        return _page(class_id, error)
    return send_file(BytesIO(made.data), as_attachment=True, download_name=made.name)


@routes.get("/classes/<class_id>/filing/documents/<sha256>", endpoint="filing_file", access=_READS)
def document(class_id: str, sha256: str) -> ResponseReturnValue:
    """Hand out one scan."""
    row, content = service.document(current_services(), class_id, sha256)
    name = f"{row.kind}{content.kind.ending}"
    answer = make_response(
        send_file(BytesIO(content.data), mimetype=content.kind.value, as_attachment=True, download_name=name)
    )
    answer.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return answer


@routes.post("/classes/<class_id>/filing/documents", endpoint="filing_add", access=_RUNS)
def add(class_id: str) -> ResponseReturnValue:
    """Take in the scan of a stamped document."""
    services = current_services()
    request.max_content_length = services.settings.upload_max_bytes + _FORM_BYTES
    try:
        upload = request.files.get("file")
        if upload is None or not upload.filename:
            raise InvalidInput("filing.no_file")
        service.add_document(
            services,
            class_id,
            request.form.get("kind", ""),
            upload.stream.read(),
            by=current_actor().account,
            ip=client_ip(),
        )
    except ComplianceError as error:
        return _page(class_id, error)
    return redirect_to("filing", class_id=class_id)


@routes.post("/classes/<class_id>/filing/declaration", endpoint="filing_declare", access=_RUNS)
def declare(class_id: str) -> ResponseReturnValue:
    """Keep what the enterprise declares of itself."""
    text = request.form.get("output_yuan", "").strip()
    try:
        if text and not (text.isdecimal() and len(text) <= _LONGEST_OUTPUT):
            raise InvalidInput("filing.bad_output")
        service.declare(
            current_services(),
            class_id,
            output_yuan=int(text) if text else None,
            above_scale=request.form.get("above_scale") == "yes",
            by=current_actor().account,
        )
    except ComplianceError as error:
        return _page(class_id, error)
    return redirect_to("filing", class_id=class_id)


@routes.post("/classes/<class_id>/filing", endpoint="filing_submit", access=_RUNS)
def submit(class_id: str) -> ResponseReturnValue:
    """File the class."""
    try:
        service.submit(current_services(), class_id, by=current_actor().account)
    except ComplianceError as error:
        return _page(class_id, error)
    return redirect_to("class_life", class_id=class_id)


def _page(class_id: str, error: ComplianceError | None = None) -> ResponseReturnValue:
    shown = service.dossier(current_services(), class_id)
    with reading(current_services().database) as session:
        due = reminders.of_class(session, class_id)
    page = render(
        "filing/filing.html",
        reminders=due,
        shown=shown,
        kinds=DOCUMENTS,
        forms=forms_of(shown.notice),
        runs=current_actor().role in RUNNING,
        error=None if error is None else error.message(locale()),
    )
    return make_response(page, 200 if error is None else error.status)


def forms_of(notice: Notice) -> list[str]:
    """Return the forms a notice has a use for: the record of a project only where it asks for one."""
    terms = notice.filing
    of_project = terms.catalogue or terms.award or terms.number
    return [one for one in forms.FORMS if one != "project" or of_project]
