"""Behind an event loop the host's application is served as a WSGI server would serve it."""

from __future__ import annotations

import pytest
from flask import Flask, Response, request

from lmscompliance.learning.asynclane import AsyncLane
from tests.learning.rsgi import Served


@pytest.fixture
def app() -> Flask:
    """Return a host's application, in threads behind an event loop."""
    app = Flask("tests.host")

    @app.post("/length")
    def length() -> str:
        return str(len(request.get_data()))

    @app.get("/stream")
    def stream() -> Response:
        return Response((b"x" * 1000 for _ in range(50)), mimetype="text/plain")

    @app.get("/学习")
    def told() -> str:
        return f"{request.path} {request.args['q']} {request.remote_addr}"

    app.wsgi_app = Served(AsyncLane(app.wsgi_app, None))
    return app


@pytest.mark.parametrize("size", [0, 3, 65_536, 300_000])
def test_a_body_of_any_length_arrives(app: Flask, size: int) -> None:
    """A short one is read at once, a long one as the application reads it."""
    assert app.test_client().post("/length", data=b"x" * size).text == str(size)


def test_a_stream_arrives_whole(app: Flask) -> None:
    """An answer without a length is handed on part by part."""
    assert app.test_client().get("/stream").data == b"x" * 50_000


def test_what_was_asked_arrives_as_it_was_written(app: Flask) -> None:
    """Path, query and peer are those of the request."""
    answer = app.test_client().get("/学习?q=学", environ_base={"REMOTE_ADDR": "203.0.113.9"})
    assert answer.text == "/学习 学 203.0.113.9"


def test_an_error_of_the_application_is_its_own_page(app: Flask) -> None:
    """A path that is not there is Flask's 404."""
    assert app.test_client().get("/nowhere").status_code == 404
    assert app.test_client().head("/stream").data == b""
