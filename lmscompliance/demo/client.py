"""A browser reduced to what the cast needs: cookies, forms, JSON, one address and one user agent.

Requests go straight into the WSGI callable, so everything a network client would meet (routing, access
rules, CSRF, problems) is met here as well; only the socket is missing.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from http.cookies import SimpleCookie
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication

_SENT_ON = (302, 303)
_CSRF = re.compile(r'<meta name="compliance-csrf" content="([^"]+)"')


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server said."""

    status: int
    body: bytes

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode()

    @property
    def data(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


class Unexpected(AssertionError):
    """The server answered otherwise than the script requires; the play cannot go on."""


class Browser:
    """One device of one person."""

    def __init__(self, app: WSGIApplication, address: str, agent: str) -> None:
        self._app = app
        self._cookies: dict[str, str] = {}
        self._csrf = ""
        self._base = {
            "SERVER_NAME": "127.0.0.1",
            "SERVER_PORT": "5000",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "HTTP_HOST": "127.0.0.1:5000",
            "HTTP_USER_AGENT": agent,
            "REMOTE_ADDR": address,
            "SCRIPT_NAME": "",
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.multithread": False,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
        }

    def get(self, path: str, *, expect: int = 200) -> Answer:
        """Load a page and remember the form token it carries."""
        answer = self._send("GET", path, b"", {}, expect)
        found = _CSRF.search(answer.text) if b"compliance-csrf" in answer.body else None
        if found:
            self._csrf = found.group(1)
        return answer

    def form(self, path: str, fields: Mapping[str, str]) -> Answer:
        """Submit a form, which must be accepted, that is, answered by a redirect."""
        body = urlencode({**fields, "csrf_token": self._csrf}).encode()
        return self._send(
            "POST", path, body, {"CONTENT_TYPE": "application/x-www-form-urlencoded"}, *_SENT_ON
        )

    def send_json(self, method: str, path: str, value: object, *expect: int) -> Answer:
        """Call the API as the signed-in person; without ``expect`` any status will do."""
        headers = {"CONTENT_TYPE": "application/json", "HTTP_X_COMPLIANCE_CSRF": self._csrf}
        return self._send(method, path, json.dumps(value).encode(), headers, *expect)

    def send_token(self, path: str, value: object) -> Answer:
        """Call the part of the API that a token in the body opens; no cookie goes along."""
        headers = {"CONTENT_TYPE": "application/json"}
        return self._send("POST", path, json.dumps(value).encode(), headers, cookies=False)

    def _send(
        self,
        method: str,
        path: str,
        body: bytes,
        headers: dict[str, str],
        *expect: int,
        cookies: bool = True,
    ) -> Answer:
        path_info, _, query = path.partition("?")
        environ: dict[str, Any] = {
            **self._base,
            **headers,
            "REQUEST_METHOD": method,
            "PATH_INFO": path_info,
            "QUERY_STRING": query,
            "CONTENT_LENGTH": str(len(body)),
            "wsgi.input": io.BytesIO(body),
            "wsgi.errors": io.StringIO(),
        }
        if cookies and self._cookies:
            environ["HTTP_COOKIE"] = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
        status, sent, chunks = _call(self._app, environ)
        for name, value in sent:
            if name.lower() == "set-cookie":
                for cookie in SimpleCookie(value).values():
                    self._cookies[cookie.key] = cookie.value
        answer = Answer(status, chunks)
        if expect and status not in expect:
            msg = f"{method} {path} answered {status}, not {expect}: {answer.text[:500]}"
            raise Unexpected(msg)
        return answer


def _call(app: WSGIApplication, environ: dict[str, Any]) -> tuple[int, list[tuple[str, str]], bytes]:
    started: list[tuple[str, list[tuple[str, str]]]] = []

    def start(status: str, headers: list[tuple[str, str]], _exc_info: object = None) -> Any:
        started.append((status, headers))
        return lambda _data: None

    respond: StartResponse = start
    chunks = app(environ, respond)
    try:
        body = b"".join(chunks)
    finally:
        close = getattr(chunks, "close", None)
        if close is not None:
            close()
    status, headers = started[-1]
    return int(status[:3]), headers, body
