"""What a file is, told by its first bytes: a name says what somebody wishes it to be."""

from __future__ import annotations

from enum import StrEnum


class Kind(StrEnum):
    """The kinds of files that are kept, by media type."""

    JPEG = "image/jpeg"
    PNG = "image/png"
    WEBP = "image/webp"
    PDF = "application/pdf"

    @property
    def is_image(self) -> bool:
        """Whether it is a picture, which is encoded anew before it is kept."""
        return self is not Kind.PDF

    @property
    def ending(self) -> str:
        """The ending of a file name of this kind."""
        return "." + {"jpeg": "jpg"}.get(self.value.partition("/")[2], self.value.partition("/")[2])


HEIC = "heic"
"""Apple's pictures: common on phones, and no browser or office program of a bureau shows them."""

_HEIC_BRANDS = (b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1", b"avif")


def sniff(data: bytes) -> Kind | str | None:
    """Return the kind of ``data``, ``HEIC``, or ``None`` for anything else."""
    if data.startswith(b"\xff\xd8\xff"):
        return Kind.JPEG
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return Kind.PNG
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return Kind.WEBP
    if data.startswith(b"%PDF-"):
        return Kind.PDF
    if data[4:8] == b"ftyp" and data[8:12] in _HEIC_BRANDS:
        return HEIC
    return None
