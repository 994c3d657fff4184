"""Pages of offline lessons: the teacher's list and screen, the trainee's own, and where a code leads."""

from __future__ import annotations

import re

from flask import Response, make_response, request
from flask.typing import ResponseReturnValue

from lmscompliance.attendance import codes, forms, lists, live, marking, sheets, signing
from lmscompliance.attendance.access import meeting_scope
from lmscompliance.attendance.signing import Reader
from lmscompliance.kernel.actor import READING, RUNNING, Role
from lmscompliance.kernel.errors import ComplianceError, Conflict, InvalidInput, NotFound
from lmscompliance.rules.attendance import IN, PURPOSES, SIGNS, Mark
from lmscompliance.rules.marking import plain
from lmscompliance.web import (
    Access,
    Routes,
    client_ip,
    current_actor,
    current_services,
    locale,
    redirect_to,
    render,
    url,
    user_agent,
)

routes = Routes()

_STAFF = Access(*READING, scope=meeting_scope)
_TEACHER = Access(*RUNNING, scope=meeting_scope)
_TRAINEE = Access(Role.TRAINEE, scope=meeting_scope)
_READER = Access(Role.TRAINEE, *RUNNING)

_LIST = "/classes/<class_id>/lessons/<lesson_id>/attendance"
_OWN = "/classes/<class_id>/lessons/<lesson_id>/attend"
_LIVE = "/classes/<class_id>/lessons/<lesson_id>/live"
_SHEETS = f"{_LIST}/sheets"
_SHEET = Access(*RUNNING, scope=sheets.sheet_scope)
_ORIGIN = re.compile(r"https?://[A-Za-z0-9.:\[\]-]{1,255}")


@routes.get(_LIST, endpoint="attendance", access=_STAFF)
def attendance(class_id: str, lesson_id: str) -> ResponseReturnValue:
    """Show a lesson's list to staff; inspectors and auditors see it and enter nothing."""
    return _list(class_id, lesson_id)


@routes.post(_LIST, endpoint="attendance_mark", access=_TEACHER)
def mark(class_id: str, lesson_id: str) -> ResponseReturnValue:
    """Record the marks that were chosen; a mistake shows the list again with what is wrong."""
    services = current_services()
    try:
        meeting = lists.attendance_list(services, class_id, lesson_id).meeting
        chosen = forms.entries(request.form, meeting.lesson)
        marking.enter(
            services,
            _reader(),
            class_id,
            lesson_id,
            chosen,
            reason=request.form.get("reason", ""),
            sheet=request.form.get("sheet", ""),
        )
    except NotFound:
        raise
    except ComplianceError as error:
        return _list(class_id, lesson_id, error)
    return redirect_to("attendance", class_id=class_id, lesson_id=lesson_id)


@routes.post(f"{_LIST}/confirm", endpoint="attendance_confirm", access=_TEACHER)
def confirm(class_id: str, lesson_id: str) -> ResponseReturnValue:
    """Record that the teacher stands by the list."""
    try:
        marking.confirm(current_services(), _reader(), class_id, lesson_id)
    except NotFound:
        raise
    except ComplianceError as error:
        return _list(class_id, lesson_id, error)
    return redirect_to("attendance", class_id=class_id, lesson_id=lesson_id)


@routes.get(f"{_LIST}/screen", endpoint="attendance_screen", access=_TEACHER)
def screen(class_id: str, lesson_id: str) -> ResponseReturnValue:
    """Show the teacher's screen with the code that everybody reads."""
    shown = lists.attendance_list(current_services(), class_id, lesson_id)
    return render("attendance/screen.html", shown=shown, purpose=_purpose())


@routes.get(f"{_LIST}/code", endpoint="attendance_code", access=_TEACHER)
def code(class_id: str, lesson_id: str) -> ResponseReturnValue:
    """Return the screen's present code as a picture."""
    services = current_services()
    meeting = lists.attendance_list(services, class_id, lesson_id).meeting
    return _picture(codes.present(services, lesson_id, _purpose(), meeting.terms))


@routes.get(_OWN, endpoint="attend", access=_TRAINEE)
def attend(class_id: str, lesson_id: str) -> ResponseReturnValue:
    """Show a trainee when and where, how they stand, and their own code."""
    shown = lists.own_lesson(current_services(), current_actor(), class_id, lesson_id)
    return render("attendance/attend.html", shown=shown, plain=plain)


@routes.get(f"{_OWN}/code", endpoint="attend_code", access=_TRAINEE)
def own_code(class_id: str, lesson_id: str) -> ResponseReturnValue:
    """Return the trainee's own present code as a picture; 409 while there is nothing to sign."""
    services = current_services()
    shown = lists.own_lesson(services, current_actor(), class_id, lesson_id)
    if not shown.purpose:
        raise Conflict("attendance.nothing_to_sign", title=shown.meeting.lesson.title)
    token = codes.present(services, lesson_id, shown.purpose, shown.meeting.terms, shown.enrolment_id)
    return _picture(token)


@routes.get("/sign", endpoint="sign", access=_READER)
def sign_page() -> ResponseReturnValue:
    """Show whoever read a code what it would sign; a button signs, so that no preview of a link does."""
    token = request.args.get("c", "")
    try:
        return render(
            "attendance/sign.html", read=signing.look(current_services(), _reader(), token), token=token
        )
    except ComplianceError as error:
        return _refused(error)


@routes.post("/sign", endpoint="sign_submit", access=_READER)
def sign() -> ResponseReturnValue:
    """Sign in or out."""
    try:
        signed = signing.sign(current_services(), _reader(), request.form.get("c", ""))
    except ComplianceError as error:
        return _refused(error)
    return render("attendance/sign.html", read=signed, token="")


@routes.post(_SHEETS, endpoint="attendance_print", access=_TEACHER)
def print_sheet(class_id: str, lesson_id: str) -> ResponseReturnValue:
    """Make a sheet to print, and show it."""
    sheet_id = sheets.print_sheet(current_services(), _reader(), class_id, lesson_id)
    return redirect_to("attendance_sheet", class_id=class_id, lesson_id=lesson_id, sheet_id=sheet_id)


@routes.get(f"{_SHEETS}/<sheet_id>", endpoint="attendance_sheet", access=_SHEET)
def sheet(class_id: str, lesson_id: str, sheet_id: str) -> ResponseReturnValue:
    """Show a sheet for printing, and the scans of it."""
    return _sheet(class_id, lesson_id, sheet_id)


@routes.post(f"{_SHEETS}/<sheet_id>/scans", endpoint="attendance_scan", access=_SHEET)
def scan(class_id: str, lesson_id: str, sheet_id: str) -> ResponseReturnValue:
    """Keep the scan of a filled-in sheet."""
    upload = request.files.get("scan")
    try:
        if upload is None:
            raise InvalidInput("attendance.no_scan")
        sheets.keep_scan(current_services(), _reader(), class_id, lesson_id, sheet_id, data=upload.read())
    except NotFound:
        raise
    except ComplianceError as error:
        return _sheet(class_id, lesson_id, sheet_id, error)
    return redirect_to("attendance_sheet", class_id=class_id, lesson_id=lesson_id, sheet_id=sheet_id)


@routes.get(f"{_SHEETS}/<sheet_id>/scans/<sha256>", endpoint="attendance_scan_file", access=_SHEET)
def scan_file(class_id: str, lesson_id: str, sheet_id: str, sha256: str) -> ResponseReturnValue:  # noqa: ARG001  # scope checks them
    """Hand out a kept scan."""
    content = sheets.scan_content(current_services(), sha256)
    response = Response(content.data, mimetype=str(content.kind))
    name = f"{sha256[:16]}{content.kind.ending}"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _sheet(
    class_id: str, lesson_id: str, sheet_id: str, error: ComplianceError | None = None
) -> ResponseReturnValue:
    page = render(
        "attendance/sheet.html",
        shown=sheets.sheet_page(current_services(), class_id, lesson_id, sheet_id),
        error=None if error is None else error.message(locale()),
    )
    return make_response(page, 200 if error is None else error.status)


@routes.get(_LIVE, endpoint="live_host", access=_TEACHER)
def live_page(class_id: str, lesson_id: str) -> ResponseReturnValue:
    """Show a live lesson's host whether it is being held."""
    return _host(class_id, lesson_id)


@routes.post(f"{_LIVE}/start", endpoint="live_start", access=_TEACHER)
def live_start(class_id: str, lesson_id: str) -> ResponseReturnValue:
    """Begin to hold a live lesson."""
    try:
        live.start(current_services(), _reader(), class_id, lesson_id, request.form.get("host", ""))
    except NotFound:
        raise
    except ComplianceError as error:
        return _host(class_id, lesson_id, error)
    return redirect_to("live_host", class_id=class_id, lesson_id=lesson_id)


@routes.post(f"{_LIVE}/end", endpoint="live_end", access=_TEACHER)
def live_end(class_id: str, lesson_id: str) -> ResponseReturnValue:
    """End a live lesson."""
    live.end(current_services(), _reader(), class_id, lesson_id)
    return redirect_to("live_host", class_id=class_id, lesson_id=lesson_id)


def _host(class_id: str, lesson_id: str, error: ComplianceError | None = None) -> ResponseReturnValue:
    page = render(
        "attendance/live.html",
        shown=live.host_page(current_services(), class_id, lesson_id),
        plain=plain,
        error=None if error is None else error.message(locale()),
    )
    return make_response(page, 200 if error is None else error.status)


def _reader() -> Reader:
    return Reader(current_actor(), client_ip(), user_agent())


def _purpose() -> str:
    asked = request.args.get("purpose", IN)
    return asked if asked in PURPOSES else IN


def _picture(token: str) -> ResponseReturnValue:
    # The page says by which address it was reached: behind a proxy the server does not know its own.
    origin = request.args.get("origin", "")
    base = origin if _ORIGIN.fullmatch(origin) else request.host_url.rstrip("/")
    response = Response(codes.picture(f"{base}{url('sign', c=token)}"), mimetype="image/svg+xml")
    response.headers["Cache-Control"] = "no-store"
    return response


def _list(class_id: str, lesson_id: str, error: ComplianceError | None = None) -> ResponseReturnValue:
    page = render(
        "attendance/list.html",
        shown=lists.attendance_list(current_services(), class_id, lesson_id),
        choices=[(one.value, SIGNS[one]) for one in Mark],
        may_enter=current_actor().role in RUNNING,
        chosen=request.form,
        plain=plain,
        error=None if error is None else error.message(locale()),
    )
    return make_response(page, 200 if error is None else error.status)


def _refused(error: ComplianceError) -> ResponseReturnValue:
    page = render("attendance/sign.html", read=None, token="", error=error.message(locale()))
    return make_response(page, error.status)
