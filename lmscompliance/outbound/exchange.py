"""One question over HTTP and its whole answer, in bounded time and of bounded length.

Of the libraries at hand urllib3 limits each wait and not their sum, and aiohttp, which limits the sum, needs
an event loop to itself (not to be had in a host's asynchronous views or greenlets) and is more than the
signer's room may import. So the standard library speaks HTTP, TLS and with proxies, and the deadline below it
is ours (``links``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from http.client import (
    HTTPConnection,
    HTTPException,
    HTTPResponse,
    IncompleteRead,
    InvalidURL,
)
from pathlib import Path
from ssl import create_default_context
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit, urlunsplit
from urllib.request import (
    AbstractHTTPHandler,
    HTTPDefaultErrorHandler,
    HTTPErrorProcessor,
    HTTPRedirectHandler,
    OpenerDirector,
    ProxyHandler,
    Request,
    UnknownHandler,
)

from lmscompliance.outbound.links import Deadline, Link, connect

_PART = 64 * 1024
_Connect = Callable[[str, int], Link]


class NoAnswer(Exception):
    """There is no whole answer. The text says why in a few words, ``__cause__`` may tell more."""


class BadAddress(NoAnswer):
    """The address is none that can be asked: not HTTP, or without a host."""


class Unreachable(NoAnswer):
    """Nobody is there, TLS does not trust who is, they hung up half-way, or it was not HTTP."""


class TooSlow(NoAnswer):
    """The answer was not whole in time."""


class TooLong(NoAnswer):
    """The answer is longer than it may be."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """What one exchange may cost."""

    seconds: float
    """From looking up the name to the last byte, redirects included."""
    most_bytes: int
    """Of the body."""
    silent_seconds: float | None = None
    """How long the other side may say nothing, where the whole takes long because there is much of it."""


@dataclass(frozen=True, slots=True)
class Route:
    """How to get there."""

    socket: Path | None = None
    """A Unix socket to connect to instead of the URL's host."""
    proxies: bool = False
    """Whether the environment's proxies (``https_proxy``, ``no_proxy``) are used."""
    redirects: bool = False
    """Whether redirects are followed; else one is an answer like any other."""


DIRECT = Route()


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, whatever its status."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    """Empty where ``take`` had it."""


def exchange(
    url: str,
    bounds: Bounds,
    data: bytes | None = None,
    headers: Mapping[str, str] | None = None,
    *,
    route: Route = DIRECT,
    take: Callable[[bytes], None] | None = None,
) -> Answer:
    """Ask ``url`` (``POST`` with ``data``, else ``GET``) and return its answer; raises ``NoAnswer``.

    What the URL says of user and password is not sent. ``take`` is handed the body in parts as it comes, for
    one that is too long for the memory; that it was whole is only known in the end.
    """
    request = Request(_address(url), data, dict(headers or {}))  # noqa: S310  # HTTP, see there
    opener = _opener(route, Deadline(bounds.seconds, bounds.silent_seconds))
    parts: list[bytes] = []
    try:
        with closing(_open(opener, request)) as answer:
            _read(answer, bounds.most_bytes, take or parts.append)
            return Answer(answer.status, answer.headers, b"".join(parts))
    except (OSError, HTTPException, ValueError) as error:
        cause = _cause(error)
        raise _kind(cause)(str(cause) or type(cause).__name__) from cause


def _address(url: str) -> str:
    try:
        parts = urlsplit(url)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise BadAddress("not an address of http or https")
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def _opener(route: Route, deadline: Deadline) -> OpenerDirector:
    opener = OpenerDirector()
    opener.addheaders = [("User-Agent", "lmscompliance")]
    opener.add_handler(_Handler(lambda host, port: connect(route.socket or (host, port), deadline)))
    opener.add_handler(UnknownHandler())  # a redirect may lead to anything
    if route.proxies:
        opener.add_handler(ProxyHandler())
    if route.redirects:
        for each in (HTTPErrorProcessor, HTTPRedirectHandler, HTTPDefaultErrorHandler):
            opener.add_handler(each())
    return opener


def _open(opener: OpenerDirector, request: Request) -> Any:
    try:
        return opener.open(request)
    except HTTPError as answer:  # how the library answers where it looked for a redirect
        return answer


def _read(answer: Any, most_bytes: int, take: Callable[[bytes], None]) -> None:
    length = 0
    while part := answer.read(_PART):
        length += len(part)
        if length > most_bytes:
            msg = f"longer than {most_bytes} bytes"
            raise TooLong(msg)
        take(part)
    if answer.length:  # of what was announced; a read of a certain size does not complain
        raise IncompleteRead(b"", answer.length)


def _cause(error: Exception) -> Exception:
    while isinstance(error, URLError) and isinstance(error.reason, Exception):
        error = error.reason
    return error


def _kind(cause: Exception) -> type[NoAnswer]:
    if isinstance(cause, TimeoutError):
        return TooSlow
    if isinstance(cause, OSError):  # before ValueError: a certificate that is not trusted is both
        return Unreachable
    return BadAddress if isinstance(cause, InvalidURL | ValueError) else Unreachable


class _Handler(AbstractHTTPHandler):
    """Lets the library speak over links of ours."""

    def __init__(self, connect_to: _Connect) -> None:
        super().__init__()
        self._connect = connect_to

    def http_open(self, request: Request) -> HTTPResponse:
        plain: Any = _Plain
        return self.do_open(plain, request, connect_to=self._connect)

    def https_open(self, request: Request) -> HTTPResponse:
        secure: Any = _Secure
        return self.do_open(secure, request, connect_to=self._connect)

    http_request = https_request = AbstractHTTPHandler.do_request_


class _Plain(HTTPConnection):
    sock: Any
    # The library's own names, for a proxy that passes TLS on; the same in every Python there has been.
    _tunnel_host: str | None
    _tunnel: Callable[[], None]

    def __init__(self, host: str, *, connect_to: _Connect, timeout: object) -> None:
        super().__init__(host)
        self._connect = connect_to

    def connect(self) -> None:
        self.sock = self._connect(self.host, self.port)
        if self._tunnel_host:
            self._tunnel()


class _Secure(_Plain):
    default_port = 443

    def connect(self) -> None:
        super().connect()
        context = create_default_context()
        context.set_alpn_protocols(["http/1.1"])
        self.sock = self.sock.secured(context, self._tunnel_host or self.host)
