"""Reading the content at a lesson's own address, to know its digest."""

from __future__ import annotations

import hashlib
from http import HTTPStatus
from urllib.parse import urljoin, urlsplit

from lmscompliance.kernel.errors import InvalidInput
from lmscompliance.outbound.exchange import Bounds, NoAnswer, Route, exchange
from lmscompliance.training.models import Lesson

BOUNDS = Bounds(seconds=6 * 3600, most_bytes=1 << 40, silent_seconds=60)
"""A film of an hour may come over a slow line; its length costs no memory and no room."""
_ROUTE = Route(proxies=True, redirects=True)
"""As a browser finds it."""


def fetch(lesson: Lesson, base: str) -> tuple[str, int]:
    """Return digest and size of what stands at the lesson's address (relative to ``base``).

    Raises ``InvalidInput`` for an address that is none, or that does not answer with the whole of it.
    """
    url = urljoin(base, lesson.content_url)
    if not lesson.content_url or urlsplit(url).scheme not in {"http", "https"}:
        raise InvalidInput("content.no_address", ordinal=lesson.ordinal, url=url)
    digest, size = hashlib.sha256(), 0

    def take(part: bytes) -> None:
        nonlocal size
        size += len(part)
        digest.update(part)

    try:
        status = exchange(url, BOUNDS, route=_ROUTE, take=take).status
    except NoAnswer as error:
        raise _not_fetched(lesson, url, str(error)) from error
    if status != HTTPStatus.OK:
        raise _not_fetched(lesson, url, f"HTTP {status}")
    if not size:  # also what is left of an answer that broke off in its head
        raise _not_fetched(lesson, url, "0 bytes")
    return digest.hexdigest(), size


def _not_fetched(lesson: Lesson, url: str, reason: str) -> InvalidInput:
    return InvalidInput("content.not_fetched", ordinal=lesson.ordinal, url=url, reason=reason)
