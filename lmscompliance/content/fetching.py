"""Reading the content at a lesson's own address, to know its digest."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from urllib.error import URLError
from urllib.parse import urljoin, urlsplit
from urllib.request import Request, urlopen

from lmscompliance.kernel.errors import InvalidInput
from lmscompliance.training.models import Lesson

_FETCH_SECONDS = 60


def fetch(lesson: Lesson, base: str) -> tuple[str, int]:
    """Return digest and size of what stands at the lesson's address (relative to ``base``).

    Raises ``InvalidInput`` for an address that is none, or that does not answer.
    """
    url = urljoin(base, lesson.content_url)
    if not lesson.content_url or urlsplit(url).scheme not in {"http", "https"}:
        raise InvalidInput("content.no_address", ordinal=lesson.ordinal, url=url)
    digest, size = hashlib.sha256(), 0
    try:
        for chunk in _download(url):
            size += len(chunk)
            digest.update(chunk)
    except (URLError, OSError, ValueError) as error:
        raise InvalidInput(
            "content.not_fetched", ordinal=lesson.ordinal, url=url, reason=str(error)
        ) from error
    return digest.hexdigest(), size


def _download(url: str) -> Iterator[bytes]:
    request = Request(url, headers={"User-Agent": "lmscompliance"})  # noqa: S310  # http(s) was checked
    with urlopen(request, timeout=_FETCH_SECONDS) as answer:  # noqa: S310  # as above
        while chunk := answer.read(1 << 20):
            yield chunk
