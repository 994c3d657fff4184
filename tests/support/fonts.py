"""A font of a few squares, as the fonts of rare characters are that a platform adds."""

from __future__ import annotations

import re
from pathlib import Path

import pikepdf
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen

_EM = 1000
_SINGLE = re.compile(r"^<[0-9A-F]{4}> <([0-9A-F]+)>$", re.MULTILINE)


def write_font(folder: Path, characters: str, family: str = "Tiny Rare") -> Path:
    """Write a font in which each of ``characters`` is a square into ``folder``, and return the folder."""
    folder.mkdir(exist_ok=True)
    glyphs = {char: f"u{ord(char):05X}" for char in characters}
    names = [".notdef", *glyphs.values()]
    made = FontBuilder(_EM, isTTF=True)
    made.setupGlyphOrder(names)
    made.setupCharacterMap({ord(char): name for char, name in glyphs.items()})
    made.setupGlyf({name: _square() for name in names})
    made.setupHorizontalMetrics(dict.fromkeys(names, (_EM, 100)))
    made.setupHorizontalHeader(ascent=800, descent=-200)
    made.setupNameTable({"familyName": family, "styleName": "Regular", "psName": family.replace(" ", "")})
    made.setupOS2()
    made.setupPost()
    made.save(folder / f"{family.replace(' ', '')}.ttf")
    return folder


def _square() -> object:
    pen = TTGlyphPen(None)
    pen.moveTo((100, 0))
    for corner in ((100, 700), (800, 700), (800, 0)):
        pen.lineTo(corner)
    pen.closePath()
    return pen.glyph()


def drawn_with_further(path: Path) -> str:
    """Return the characters that a PDF draws with TrueType fonts: the built-in ones are CFF."""
    found: set[str] = set()
    with pikepdf.open(path) as pdf:
        for page in pdf.pages:
            for face in page.resources.get("/Font", {}).values():
                if face.get("/DescendantFonts", [{}])[0].get("/Subtype") == "/CIDFontType2":
                    found |= _meant(face.ToUnicode.read_bytes().decode("ascii"))
    return "".join(sorted(found))


def _meant(to_unicode: str) -> set[str]:
    """Return the characters that a font's codes stand for (ISO 32000-1, 9.10.3), written one by one."""
    written = to_unicode.partition("beginbfchar")[2]
    return {bytes.fromhex(code).decode("utf-16-be") for code in _SINGLE.findall(written)}
