"""Pages of real-name verification: the trainee's own, and the queue that the administrator decides."""

from __future__ import annotations

from io import BytesIO

from flask import make_response, request, send_file
from flask.typing import ResponseReturnValue

from lmscompliance.kernel.actor import READING, SUPERVISING, Role
from lmscompliance.kernel.errors import ComplianceError, InvalidInput
from lmscompliance.rules import ledger_words as words
from lmscompliance.rules.masking import mask_name, mask_number
from lmscompliance.training import reviewing
from lmscompliance.training.access import class_scope, verification_scope
from lmscompliance.web import Access, Routes, current_actor, current_services, locale, redirect_to, render

routes = Routes()

_TRAINEE = Access(Role.TRAINEE, scope=class_scope)
_STAFF = Access(*READING, scope=class_scope)
_DECIDES = Access(Role.ADMINISTRATOR, scope=verification_scope)
_LOOKS = Access(*SUPERVISING, scope=verification_scope)
_FORM_BYTES = 64 * 1024


@routes.get("/classes/<class_id>/verification", endpoint="verification", access=_TRAINEE)
def mine(class_id: str) -> ResponseReturnValue:
    """Show the trainee how their verification stands, and take a photo where it is not passed."""
    return _mine(class_id)


@routes.post("/classes/<class_id>/verification", endpoint="verification_photo_add", access=_TRAINEE)
def add(class_id: str) -> ResponseReturnValue:
    """Take the trainee's photo for a verification by people."""
    services = current_services()
    request.max_content_length = services.settings.upload_max_bytes + _FORM_BYTES
    try:
        upload = request.files.get("photo")
        if upload is None or not upload.filename:
            raise InvalidInput("training.photo_missing")
        reviewing.hand_in(
            services,
            current_actor(),
            class_id,
            data=upload.stream.read(),
            version=request.form.get("consent", ""),
        )
    except ComplianceError as error:
        return _mine(class_id, error)
    return redirect_to("verification", class_id=class_id)


@routes.get("/classes/<class_id>/verifications", endpoint="verifications", access=_STAFF)
def queue(class_id: str) -> ResponseReturnValue:
    """List a class's verifications, those that wait first."""
    actor = current_actor()
    return render(
        "training/verifications.html",
        class_id=class_id,
        lines=reviewing.queue(current_services(), class_id),
        decides=actor.role in _DECIDES.roles,
        looks=actor.role in _LOOKS.roles,
        **_words(),
    )


@routes.post(
    "/classes/<class_id>/verifications/<verification_id>", endpoint="verification_decide", access=_DECIDES
)
def decide(class_id: str, verification_id: str) -> ResponseReturnValue:
    """Decide a verification, with a reason."""
    reviewing.review(
        current_services(),
        current_actor(),
        class_id,
        verification_id,
        passed=request.form.get("decision") == "pass",
        reason=request.form.get("reason", ""),
    )
    return redirect_to("verifications", class_id=class_id)


@routes.get(
    "/classes/<class_id>/verifications/<verification_id>/photo", endpoint="verification_photo", access=_LOOKS
)
def photo(class_id: str, verification_id: str) -> ResponseReturnValue:
    """Hand out the photo of a verification; who looked is logged."""
    content = reviewing.look(current_services(), current_actor(), class_id, verification_id)
    name = f"{verification_id}{content.kind.ending}"
    answer = make_response(
        send_file(BytesIO(content.data), mimetype=content.kind.value, as_attachment=True, download_name=name)
    )
    # Whatever a viewer makes of the file, it may not act in the name of the platform.
    answer.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return answer


def _mine(class_id: str, error: ComplianceError | None = None) -> ResponseReturnValue:
    own = reviewing.own(current_services(), current_actor(), class_id)
    page = render(
        "training/verification.html",
        class_id=class_id,
        own=own,
        consent_text=own.terms.photo_consent_en if locale() == "en" else own.terms.photo_consent_zh,
        error=None if error is None else error.message(locale()),
        **_words(),
    )
    return make_response(page, 200 if error is None else error.status)


def _words() -> dict[str, object]:
    return {
        "mask_name": mask_name,
        "mask_number": mask_number,
        "method": lambda name: words.named(words.METHODS, name) if locale() == "zh_CN" else name,
    }
