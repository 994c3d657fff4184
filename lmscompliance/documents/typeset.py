"""Typesets a template with data as PDF/A: the same data, time and fonts give the same bytes, anywhere.

Templates are ``templates/typst/NAME.typ``; the data reaches them as JSON, so nothing in it is ever markup.
Only the fonts of a ``documents.font.Typeface`` are used, never one of the machine. A character they cannot
show is an error that names the place: paper with empty boxes on it would be found out by the person it is
about.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import cache
from pathlib import Path

import typst

from lmscompliance.documents import font
from lmscompliance.documents.font import Typeface
from lmscompliance.kernel import resources
from lmscompliance.kernel.errors import InvalidInput
from lmscompliance.kernel.jcs import Json

TAGGED = "a-2a"
"""PDF/A-2a: with the structure that reading aloud needs. For documents of a few pages."""
PLAIN = "a-2u"
"""PDF/A-2u: without it. A long table's tags are twenty times the size of its text."""


def typeset(
    template: str, data: dict[str, Json], at: datetime, typeface: Typeface, standard: str = TAGGED
) -> bytes:
    """Return ``template`` filled with ``data`` as PDF/A; ``at`` is the only time in the file.

    The template finds the data by ``json(bytes(sys.inputs.data))``. A value ``{"svg": text}`` or
    ``{"base64": text}`` is a picture's and is not read as text for people. Raises ``InvalidInput`` with the
    place of a character that ``typeface`` cannot show, and ``typst.TypstError`` for a defect of the template.
    """
    check(data, typeface)
    compiled = typst.compile(
        str(templates() / f"{template}.typ"),
        root=str(templates()),
        font_paths=font.loaded(typeface),
        sys_inputs={"data": json.dumps(data, ensure_ascii=False)},
        pdf_standards=[standard],  # type: ignore[list-item]  # one of the two above
        timestamp=int(at.timestamp()),
        pdf_tags=standard == TAGGED,
    )
    return bytes(compiled)


def picture(data: bytes) -> dict[str, Json]:
    """Return a picture (PNG, JPEG) as a template takes it: ``image(base64-decode(it.base64))``."""
    return {"base64": base64.b64encode(data).decode("ascii")}


def check(data: Json, typeface: Typeface) -> None:
    """Raise ``InvalidInput`` naming place and character if ``data`` holds what ``typeface`` cannot show."""
    for place, text in _texts(data, ()):
        if unknown := typeface.missing(text):
            at, char = unknown[0]
            where = " ".join(place) or "-"
            raise InvalidInput(
                "documents.glyph_missing",
                place=where,
                text=text[:60],
                at=at,
                code=f"U+{ord(char):04X}",
                key=font.SETTING,
            )


@cache
def template_sha256(template: str) -> str:
    """Return the SHA-256 (hexadecimal) of a template together with what templates share."""
    texts = [(templates() / f"{name}.typ").read_bytes() for name in ("base", template)]
    return hashlib.sha256(b"".join(texts)).hexdigest()


def templates() -> Path:
    """Return the directory of the templates."""
    return resources.directory("templates") / "typst"


def _texts(data: Json, place: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield each text with where it stands; places in lists are counted from 1, as people count rows."""
    if isinstance(data, str):
        yield place, data
    elif isinstance(data, Mapping):
        if data.keys() & {"svg", "base64"}:
            return
        for key, value in data.items():
            yield from _texts(value, (*place, key))
    elif isinstance(data, list | tuple):
        for number, value in enumerate(data, 1):
            yield from _texts(value, (*place, str(number)))
