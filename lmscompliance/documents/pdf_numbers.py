"""Writes "第 X 页 / 共 Y 页" on the pages of a PDF that was put together from pieces."""

from __future__ import annotations

import io
from datetime import datetime

import pikepdf

from lmscompliance.documents.font import BUILT_IN
from lmscompliance.documents.typeset import PLAIN, typeset

_CHARACTERS = "第页共/ 0123456789"
_SIZE = 7.5
_ABOVE_EDGE = 22.0
"""Points between the paper's lower edge and the line."""
_FONT = "/PageNumber"
_EM = 1000


def number_pages(pdf: pikepdf.Pdf, created: datetime) -> None:
    """Write the page's number and their count at the middle of each page's lower edge."""
    face, codes, widths = _characters(pdf, created)
    total = len(pdf.pages)
    for number, page in enumerate(pdf.pages, 1):
        text = f"第 {number} 页 / 共 {total} 页"
        left, _, right, _ = (float(edge) for edge in page.mediabox)
        length = sum(widths[char] for char in text) * _SIZE / _EM
        start = (left + right - length) / 2
        shown = b"".join(codes[char] for char in text).hex()
        content = f"q 0.35 g BT {_FONT} {_SIZE} Tf 1 0 0 1 {start:.2f} {_ABOVE_EDGE} Tm <{shown}> Tj ET Q\n"
        page.add_resource(face, pikepdf.Name.Font, pikepdf.Name(_FONT))
        page.contents_add(content.encode("ascii"))


def _characters(
    pdf: pikepdf.Pdf, created: datetime
) -> tuple[pikepdf.Object, dict[str, bytes], dict[str, int]]:
    """Return an embedded font that holds the characters needed, their codes and their widths in it."""
    source = pikepdf.open(
        io.BytesIO(typeset("digits", {"characters": _CHARACTERS}, created, BUILT_IN, PLAIN))
    )
    (page,) = source.pages
    (face,) = page.resources.Font.values()
    written = b"".join(
        bytes(part)
        for one in pikepdf.parse_content_stream(page)
        if isinstance(one, pikepdf.ContentStreamInstruction) and str(one.operator) == "TJ"
        for part in list(one.operands[0])
        if isinstance(part, pikepdf.String)
    )
    codes = {char: written[2 * place : 2 * place + 2] for place, char in enumerate(_CHARACTERS)}
    if len(written) != 2 * len(_CHARACTERS):
        raise RuntimeError("the typesetter writes text in another way than two bytes a character")
    (inner,) = face.DescendantFonts
    by_code = _widths(list(inner.W))
    default = int(inner.get("/DW", _EM))
    widths = {char: by_code.get(int.from_bytes(code), default) for char, code in codes.items()}
    return pdf.copy_foreign(face), codes, widths


def _widths(listed: list[pikepdf.Object]) -> dict[int, int]:
    """Read an array of widths: ``first [w …]`` or ``first last w`` (ISO 32000-1, 9.7.4.3)."""
    found: dict[int, int] = {}
    at = 0
    while at < len(listed):
        first = int(listed[at])
        if isinstance(listed[at + 1], pikepdf.Array):
            found |= {first + step: int(width) for step, width in enumerate(list(listed[at + 1]))}
            at += 2
        else:
            found |= dict.fromkeys(range(first, int(listed[at + 1]) + 1), int(listed[at + 2]))
            at += 3
    return found
