"""Pages of a PDF as pictures: phones and in-app browsers show no PDF inside a page, but any picture."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

from lmscompliance.content import store
from lmscompliance.kernel.errors import InvalidInput, Misconfigured, NotFound
from lmscompliance.services import Services

_WIDTH = 1240
"""Pixels across: A4 at 150 dots an inch, sharp on a phone and readable when enlarged."""
_TALLEST = 6000
_one_at_a_time = threading.Lock()
"""PDFium may be used by one thread at a time."""


def count(path: Path) -> int:
    """Return the number of pages; raises ``InvalidInput`` for what is no PDF, is locked or has none."""
    pypdfium2 = _renderer()
    try:
        with _one_at_a_time:
            document = pypdfium2.PdfDocument(path)
            pages = len(document)
            document.close()
    except (pypdfium2.PdfiumError, OSError) as error:
        raise InvalidInput("content.pdf", file=path.name) from error
    if not pages:
        raise InvalidInput("content.pdf", file=path.name)
    return pages


def picture(services: Services, sha256: str, number: int) -> Path:
    """Return page ``number`` (from 1) of a kept PDF as a PNG; made once, kept beside the content.

    A picture follows from the frozen file and may be deleted at any time.
    """
    source = store.path_of(services, sha256)
    folder = source.with_name(f"{sha256}.pages")
    target = folder / f"{number}.png"
    if target.is_file():
        return target
    pypdfium2 = _renderer()
    folder.mkdir(exist_ok=True, mode=0o700)
    with _one_at_a_time:
        document = pypdfium2.PdfDocument(source)
        try:
            if not 1 <= number <= len(document):
                raise NotFound("web.not_found")
            page = document[number - 1]
            width, height = page.get_size()
            scale = min(_WIDTH / width, _TALLEST / height)
            image = page.render(scale=scale).to_pil()
        finally:
            document.close()
    scratch = folder / f"{services.ids.new()}.part"
    image.save(scratch, "PNG", optimize=True)
    scratch.replace(target)
    return target


def _renderer() -> Any:
    """Return PDFium; a platform without PDF lessons need not install it."""
    try:
        import pypdfium2  # type: ignore[import-untyped]  # noqa: PLC0415  # optional, and ships no types
    except ImportError as error:
        raise Misconfigured("content.no_renderer") from error
    return pypdfium2
