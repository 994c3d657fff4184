"""The ledger page of a class: ask for a ledger, watch it being made, download it."""

from __future__ import annotations

from flask import request, send_file
from flask.typing import ResponseReturnValue

from lmscompliance.documents.pdf_signature import Key
from lmscompliance.kernel.actor import READING, RUNNING, Role
from lmscompliance.kernel.errors import InvalidInput
from lmscompliance.ledgers import downloads, jobs, signing
from lmscompliance.ledgers.access import export_scope
from lmscompliance.ledgers.models import FULL, PUBLIC
from lmscompliance.ledgers.subject import subject
from lmscompliance.training.access import class_scope
from lmscompliance.web import TOKEN, Access, Routes, current_actor, current_services, redirect_to, render
from lmscompliance.web.state import actor_or_none

routes = Routes()

_OF_CLASS = Access(*READING, scope=class_scope)
_MAY_ASK = tuple(role for role in READING if role is not Role.AUDITOR)
"""An auditor takes what is there: asking for a ledger makes one."""
_KEY_BYTES = 256 * 1024
"""Largest form with a key file in it."""
_ASKING = Access(*_MAY_ASK, scope=class_scope)


@routes.get("/classes/<class_id>/ledger", endpoint="ledger", access=_OF_CLASS)
def page(class_id: str) -> ResponseReturnValue:
    """Show the class's finished ledgers and the one that is being made."""
    services = current_services()
    exports = downloads.listed(services, class_id)
    return render(
        "ledgers/ledger.html",
        subject=subject(services, class_id),
        jobs=jobs.waiting(services, class_id),
        forms=(FULL, PUBLIC),
        exports=exports,
        # Newest first, so that of each form the last one said stays.
        newest=set({export.form: export.id for export in reversed(exports)}.values()),
        may_ask=current_actor().role in _MAY_ASK,
        may_sign=current_actor().role in RUNNING,
        tsa=bool(services.settings.tsa_url),
    )


@routes.post("/classes/<class_id>/ledger", endpoint="ledger_create", access=_ASKING)
def create(class_id: str) -> ResponseReturnValue:
    """Ask for a ledger, whole or for public lists; asking twice for the same makes one."""
    form = request.form.get("form", FULL)
    jobs.ask(current_services(), current_actor(), class_id, form)
    return redirect_to("ledger", class_id=class_id)


@routes.post(
    "/classes/<class_id>/ledger/<export_id>/signature",
    endpoint="ledger_sign",
    access=Access(*RUNNING, scope=export_scope),
)
def sign(class_id: str, export_id: str) -> ResponseReturnValue:
    """Sign the archive copy with the key file that was sent; neither it nor its password is kept."""
    request.max_content_length = _KEY_BYTES
    upload = request.files.get("key")
    if upload is None or not upload.filename:
        raise InvalidInput("ledgers.no_key_file")
    key = Key(upload.read(), request.form.get("password", ""))
    signing.sign_export(current_services(), current_actor(), class_id, export_id, key)
    return redirect_to("ledger", class_id=class_id)


@routes.post(
    "/classes/<class_id>/ledger/<export_id>/packing",
    endpoint="ledger_files",
    access=Access(*_MAY_ASK, scope=export_scope),
)
def pack_files(class_id: str, export_id: str) -> ResponseReturnValue:
    """Ask for the evidence files that the export's bundle names."""
    jobs.ask_for_files(current_services(), current_actor(), class_id, export_id)
    return redirect_to("ledger", class_id=class_id)


@routes.post("/classes/<class_id>/ledger/cancellation", endpoint="ledger_cancel", access=_ASKING)
def cancel(class_id: str) -> ResponseReturnValue:
    """Cancel what is being made of one kind, whoever asked for it."""
    jobs.cancel(current_services(), class_id, request.form.get("of", FULL))
    return redirect_to("ledger", class_id=class_id)


@routes.get(
    "/classes/<class_id>/ledger/<export_id>/<file>",
    endpoint="ledger_file",
    access=Access(*READING, scope=export_scope),
)
def download(class_id: str, export_id: str, file: str) -> ResponseReturnValue:
    """Lead to one file of a finished ledger that holds nobody's full data."""
    return _linked(class_id, export_id, file)


@routes.post(
    "/classes/<class_id>/ledger/<export_id>/<file>",
    endpoint="ledger_fetch",
    access=Access(*READING, scope=export_scope),
)
def fetch(class_id: str, export_id: str, file: str) -> ResponseReturnValue:
    """Lead to any file of a finished ledger, once what for is recorded."""
    return _linked(class_id, export_id, file, request.form.get("purpose", ""))


def _linked(class_id: str, export_id: str, file: str, purpose: str = "") -> ResponseReturnValue:
    link = downloads.link(
        current_services(), current_actor(), class_id, export_id, file=file, purpose=purpose
    )
    return redirect_to("ledger_link", link=link)


@routes.get("/ledger-files/<link>", endpoint="ledger_link", access=TOKEN)
def linked(link: str) -> ResponseReturnValue:
    """Hand out the file that a signed link opens; each download is recorded."""
    path = downloads.fetch(current_services(), link, actor_or_none())
    response = send_file(path, as_attachment=True, download_name=path.name, max_age=0)
    response.headers["Cache-Control"] = "no-store"
    return response
