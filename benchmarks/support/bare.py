"""What a server is compared with: the same server over next to nothing.

``empty`` is a Flask app with one route that does nothing; ``unkept`` and ``unkept_asynchronous`` acknowledge
every beat without looking at it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any

from flask import Flask, Response, jsonify

EMPTY = "/empty"
_ANSWER = b'{"seq":1,"state":"active","next_seconds":60,"nonce":"0123456789abcdef"}'
_HEADERS = [("Content-Type", "application/json"), ("Content-Length", str(len(_ANSWER)))]


def empty() -> Flask:
    """Return the app with the route that does nothing."""
    app = Flask("benchmarks.empty")

    @app.post(EMPTY)
    def nothing() -> Response:
        return jsonify({})

    return app


def unkept() -> Callable[..., Iterable[bytes]]:
    """Return what reads a beat and answers as the lane would, and does nothing else."""

    def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
        start_response("200 OK", _HEADERS)
        return [_ANSWER]

    return answer


class _Unkept:
    async def __rsgi__(self, _scope: Any, protocol: Any) -> None:
        await protocol()
        protocol.response_bytes(HTTPStatus.OK, _HEADERS, _ANSWER)


def unkept_asynchronous() -> _Unkept:
    """Return the same for a server with an event loop."""
    return _Unkept()
