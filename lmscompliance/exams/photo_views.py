"""HTTP of photos during an attempt: the consent, what the page asks and sends, and looks of supervisors."""

from __future__ import annotations

from io import BytesIO

from flask import jsonify, make_response, request, send_file
from flask.typing import ResponseReturnValue

from lmscompliance.exams import proctoring
from lmscompliance.exams.access import attempt_scope, class_scope, own_enrolment, staff_attempt_scope
from lmscompliance.kernel.actor import SUPERVISING, Role
from lmscompliance.kernel.errors import InvalidInput
from lmscompliance.web import Access, Routes, current_actor, current_services, redirect_to

routes = Routes()

_ATTEMPT = Access(Role.TRAINEE, scope=attempt_scope)
_FORM_BYTES = 64 * 1024
_DIGITS = 2


@routes.post(
    "/classes/<class_id>/exam/photos",
    endpoint="exam_photo_consent",
    access=Access(Role.TRAINEE, scope=class_scope),
)
def exam_photo_consent(class_id: str) -> ResponseReturnValue:
    """Keep a trainee's separate consent to photos in exams, or that they have none or none any more."""
    services = current_services()
    enrolment = own_enrolment(services, current_actor().account, class_id)
    proctoring.agree(services, class_id, enrolment, given=request.form.get("agree") == "yes")
    return redirect_to("exam", class_id=class_id)


@routes.get("/api/attempts/<attempt_id>/photo", endpoint="attempt_photo_asked", access=_ATTEMPT)
def attempt_photo_asked(attempt_id: str) -> ResponseReturnValue:
    """Tell whether a photo is asked for now, and how long there is for it."""
    ask = proctoring.asked(current_services(), attempt_id)
    return jsonify({"n": None} if ask is None else {"n": ask.n, "seconds_left": ask.seconds_left})


@routes.post("/api/attempts/<attempt_id>/photo", endpoint="attempt_photo", access=_ATTEMPT)
def attempt_photo(attempt_id: str) -> ResponseReturnValue:
    """Keep the photo that was asked for, or that there is no camera (a form without a file)."""
    services = current_services()
    request.max_content_length = services.settings.upload_max_bytes + _FORM_BYTES
    number = request.form.get("n", "")
    if not (number.isascii() and number.isdigit() and len(number) <= _DIGITS):
        raise InvalidInput("exams.photo_number")
    upload = request.files.get("photo")
    data = None if upload is None else upload.stream.read()
    return jsonify({"outcome": proctoring.answer(services, attempt_id, int(number), data)})


@routes.get(
    "/classes/<class_id>/trainees/<enrolment_id>/attempts/<attempt_id>/photos/<int:photo_n>",
    endpoint="attempt_photo_look",
    access=Access(*SUPERVISING, scope=staff_attempt_scope),
)
def attempt_photo_look(
    class_id: str,
    enrolment_id: str,  # noqa: ARG001  # scope checks it
    attempt_id: str,
    photo_n: int,
) -> ResponseReturnValue:
    """Hand out a photo of an attempt; who looked is logged."""
    content = proctoring.look(current_services(), current_actor(), class_id, attempt_id, photo_n)
    name = f"{attempt_id}-{photo_n}{content.kind.ending}"
    answer = make_response(
        send_file(BytesIO(content.data), mimetype=content.kind.value, as_attachment=True, download_name=name)
    )
    # Whatever a viewer makes of the file, it may not act in the name of the platform.
    answer.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return answer
