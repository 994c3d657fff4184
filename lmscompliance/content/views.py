"""HTTP of frozen content: the files for players, and staff's list of versions."""

from __future__ import annotations

import io
import mimetypes
import zipfile

from flask import Response, send_file
from flask.typing import ResponseReturnValue

from lmscompliance.content import grants, pages, service, store
from lmscompliance.kernel.actor import READING
from lmscompliance.kernel.errors import NotFound
from lmscompliance.training.access import class_scope
from lmscompliance.web import TOKEN, Access, Routes, current_services, render, url

routes = Routes()

_DAY = 86_400
_NO_SCRIPT = "default-src 'none'; img-src 'self' data:; media-src 'self'; style-src 'unsafe-inline'; "
_POLICIES = {
    # A text's page is read by ours (how far it was scrolled) and runs nothing.
    "text": _NO_SCRIPT + "sandbox allow-same-origin; frame-ancestors 'self'",
    # A simulation runs its scripts and belongs to no origin: neither cookies nor our pages are in its reach.
    "simulation": "default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob:; "
    "connect-src 'self' data: blob:; "
    "form-action 'none'; sandbox allow-scripts allow-pointer-lock; frame-ancestors 'self'",
}
_LARGEST_MEMBER = 256 << 20


@routes.get("/content/<grant>/<path:name>", endpoint="content_file", access=TOKEN)
def content_file(grant: str, name: str) -> ResponseReturnValue:
    """Serve a file of a lesson's frozen content, or a page of a PDF, to the bearer of the address."""
    services = current_services()
    opened = grants.read(services, grant)
    if not store.intact(services, opened.sha256):
        raise NotFound("content.gone")
    path = store.path_of(services, opened.sha256)
    if opened.kind == "simulation":
        return _member(opened, name)
    if opened.kind == "pdf" and name.startswith("page/"):
        number = name.removeprefix("page/").removesuffix(".png")
        if not number.isdigit():
            raise NotFound("web.not_found")
        return _cached(send_file(pages.picture(services, opened.sha256, int(number)), mimetype="image/png"))
    if name != opened.name:
        raise NotFound("web.not_found")
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    answer = send_file(path, mimetype=kind, conditional=True, etag=opened.sha256)
    if opened.kind == "text":
        answer.headers["Content-Security-Policy"] = _POLICIES["text"]
    return _cached(answer)


@routes.get(
    "/classes/<class_id>/content",
    endpoint="class_content",
    access=Access(*READING, scope=class_scope),
)
def class_content(class_id: str) -> ResponseReturnValue:
    """List the versions of every lesson's content, and how many sessions saw each."""
    services = current_services()
    lines = service.listing(services, class_id)
    links = {
        (line.lesson_id, one.version): url(
            "content_file",
            grant=grants.issue(services, grants.Grant(one.sha256, one.kind, one.name)),
            name={"simulation": "index.html", "pdf": "page/1.png"}.get(one.kind, one.name),
        )
        for line in lines
        for one in line.versions
        if one.intact
    }
    return render("content/versions.html", class_id=class_id, lines=lines, links=links)


def _member(opened: grants.Grant, name: str) -> Response:
    try:
        with zipfile.ZipFile(store.path_of(current_services(), opened.sha256)) as package:
            if package.getinfo(name).file_size > _LARGEST_MEMBER:
                raise NotFound("web.not_found")
            data = package.read(name)
    except KeyError:
        raise NotFound("web.not_found") from None
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    answer = send_file(io.BytesIO(data), mimetype=kind)
    answer.headers["Content-Security-Policy"] = _POLICIES["simulation"]
    answer.headers["Access-Control-Allow-Origin"] = (
        "*"  # a frame without an origin is foreign to its own files
    )
    return _cached(answer)


def _cached(answer: Response) -> Response:
    answer.headers["Cache-Control"] = f"private, max-age={_DAY}"
    return answer
