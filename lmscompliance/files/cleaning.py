"""Makes an uploaded file safe to keep and to show, or refuses it with the reason and the remedy.

Pictures are decoded and encoded anew: whatever was hidden in them (places, programs, a second file behind
the first) is gone. A PDF is kept to the byte, because its signatures would not survive; so it is refused
when it holds anything that acts.
"""

from __future__ import annotations

import io
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pikepdf
import pikepdf.settings
from PIL import Image, ImageOps, UnidentifiedImageError

from lmscompliance.files.sniffing import HEIC, Kind, sniff
from lmscompliance.kernel.errors import InvalidInput

MAX_PAGES = 200
"""Pages of a PDF; an honest proof has a few."""

_FORMATS = {Kind.JPEG: "JPEG", Kind.PNG: "PNG", Kind.WEBP: "WEBP"}
_QUALITY = 88
_BEHIND_THE_END = 1024
"""Bytes some programs append to a PDF; a second file would be longer."""
_UNPACKED = 32 << 20
_BOUNDS: dict[str, Any] = {
    "flate_max_memory": _UNPACKED,
    "png_max_memory": _UNPACKED,
    "run_length_max_memory": _UNPACKED,
    "max_stream_filters": 2,
    "parser_max_container_size": 1_000_000,
}
"""What a stream may become while it is read. Only lists of objects are unpacked here, never a picture."""
_one_at_a_time = threading.Lock()
_ACTIVE = ("/JavaScript", "/JS", "/Launch", "/EmbeddedFile", "/EmbeddedFiles", "/RichMedia", "/XFA")


@dataclass(frozen=True, slots=True)
class Cleaned:
    """A file as it is kept; ``width`` and ``height`` (pixels) or ``pages`` are 0 where they mean nothing."""

    kind: Kind
    data: bytes = field(repr=False)
    width: int = 0
    height: int = 0
    pages: int = 0


def clean(data: bytes, *, max_bytes: int, max_pixels: int) -> Cleaned:
    """Return ``data`` as it may be kept; raises ``InvalidInput`` (``files.*``) for what may not."""
    if not data:
        raise InvalidInput("files.empty")
    if len(data) > max_bytes:
        raise InvalidInput("files.too_large", limit=max_bytes // 1024 // 1024)
    kind = sniff(data)
    if kind == HEIC:
        raise InvalidInput("files.heic")
    if not isinstance(kind, Kind):
        raise InvalidInput("files.unknown_kind")
    return _picture(kind, data, max_pixels) if kind.is_image else _document(data)


def _picture(kind: Kind, data: bytes, max_pixels: int) -> Cleaned:
    try:
        with warnings.catch_warnings():
            # The library's own bomb warning: the size in the header is judged by our limit just below.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            picture = Image.open(io.BytesIO(data), formats=(_FORMATS[kind],))
            if picture.width * picture.height > max_pixels:
                raise InvalidInput("files.too_many_pixels", limit=max_pixels // 1_000_000)
            picture.load()
        upright = ImageOps.exif_transpose(picture)
        plain = upright.convert("RGB") if kind is Kind.JPEG else upright.convert(_mode(upright))
    except Image.DecompressionBombError as error:
        raise InvalidInput("files.too_many_pixels", limit=max_pixels // 1_000_000) from error
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError) as error:
        raise InvalidInput("files.broken") from error
    target = io.BytesIO()
    # WebP becomes PNG: old office programs at a bureau do not show it, and nothing may be lost.
    kept = Kind.JPEG if kind is Kind.JPEG else Kind.PNG
    if kept is Kind.JPEG:
        plain.save(target, "JPEG", quality=_QUALITY)
    else:
        plain.save(target, "PNG")
    return Cleaned(kept, target.getvalue(), plain.width, plain.height)


def _mode(picture: Image.Image) -> str:
    return "RGBA" if "A" in picture.getbands() or "transparency" in picture.info else "RGB"


def _document(data: bytes) -> Cleaned:
    end = data.rfind(b"%%EOF")
    if end < 0 or len(data) - end > _BEHIND_THE_END or b"PK\x05\x06" in data[-70_000:]:
        raise InvalidInput("files.two_in_one")
    try:
        with _bounded(), pikepdf.open(io.BytesIO(data), attempt_recovery=False) as document:
            pages = len(document.pages)
            if document.is_encrypted:
                raise InvalidInput("files.locked")
            if _acts(document):
                raise InvalidInput("files.active")
    except pikepdf.PasswordError as error:
        raise InvalidInput("files.locked") from error
    except (pikepdf.PdfError, ValueError, RuntimeError) as error:
        raise InvalidInput("files.broken") from error
    if not 0 < pages <= MAX_PAGES:
        raise InvalidInput("files.pages", limit=MAX_PAGES)
    return Cleaned(Kind.PDF, data, pages=pages)


@contextmanager
def _bounded() -> Iterator[None]:
    # The library's limits are the process's, and a host may use it, too: they hold while we read, no longer.
    with _one_at_a_time:
        before: dict[str, Any] = pikepdf.settings.set_qpdf_limits(**_BOUNDS)
        try:
            yield
        finally:
            pikepdf.settings.set_qpdf_limits(**before)


def _acts(document: pikepdf.Pdf) -> bool:
    """Tell whether any object runs, starts or carries something."""
    for item in document.objects:
        if isinstance(item, pikepdf.Dictionary | pikepdf.Stream):
            dictionary = item if isinstance(item, pikepdf.Dictionary) else item.stream_dict
            if any(name in _ACTIVE for name in dictionary):
                return True
            if str(dictionary.get("/S", "")) in _ACTIVE or str(dictionary.get("/Type", "")) in _ACTIVE:
                return True
    return False
