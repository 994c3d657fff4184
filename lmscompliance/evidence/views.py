"""The log's public face: checkpoint and hash tiles for anyone, entries for those with a grant."""

from __future__ import annotations

import gzip

from flask import Response, request
from flask.typing import ResponseReturnValue

from lmscompliance.evidence import serving
from lmscompliance.kernel.actor import SUPERVISING, Actor
from lmscompliance.services import Services
from lmscompliance.web import PUBLIC, Access, Routes, current_services

routes = Routes()

_FOREVER = "max-age=31536000, immutable"
_TILE = "application/octet-stream"


def log_scope(services: Services, _actor: Actor, arguments: dict[str, str]) -> None:
    """Admit to whatever the log has sealed: whoever may read entries may read every one."""
    serving.require_bundle(services, arguments["bundle"])


@routes.get("/log/checkpoint", endpoint="log_checkpoint", access=PUBLIC)
def checkpoint() -> ResponseReturnValue:
    """Serve the newest checkpoint; it changes with every batch, so nobody may keep it for long."""
    note = serving.newest_checkpoint(current_services())
    return _answer(note.encode(), "text/plain; charset=utf-8", "public, max-age=2")


@routes.get("/log/tile/<path:tile>", endpoint="log_tile", access=PUBLIC)
def hash_tile(tile: str) -> ResponseReturnValue:
    """Serve a hash tile; hashes tell nothing about what was hashed."""
    return _answer(serving.hash_tile(current_services(), tile), _TILE, f"public, {_FOREVER}")


@routes.get(
    "/log/tile/entries/<path:bundle>",
    endpoint="log_entries",
    access=Access(*SUPERVISING, scope=log_scope),
)
def entries(bundle: str) -> ResponseReturnValue:
    """Serve an entry bundle; a shared cache must not hand it to somebody without the grant."""
    data = serving.entry_bundle(current_services(), bundle)
    packed = request.accept_encodings.quality("gzip") > 0
    response = _answer(gzip.compress(data, mtime=0) if packed else data, _TILE, f"private, {_FOREVER}")
    response.vary.add("Accept-Encoding")
    if packed:
        response.content_encoding = "gzip"
    return response


def _answer(body: bytes, kind: str, caching: str) -> Response:
    return Response(body, headers={"Content-Type": kind, "Cache-Control": caching})
