"""The fonts that documents embed, and what they can show.

The built-in one (Noto Sans SC) holds nearly every Chinese character of the first Unicode block and of
extension A, and a few hundred of the later ones, which is where some rare characters of names stand. For the
others a platform may have fonts of its own (the setting ``fonts_dir``): only what the built-in one lacks is
taken from them, so that a document without such a character stays the same to the byte.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pylopdf_fonts_zh_cn
import typst
from fontTools.ttLib import TTFont

from lmscompliance.kernel.errors import Misconfigured
from lmscompliance.kernel.settings import PREFIX

SETTING = f"{PREFIX}FONTS_DIR"
_LAYOUT = frozenset("\n\t\u200b")
"""Line ends, tabs and places to break a word: they need no glyph."""
_UNPRINTED = frozenset({"Cc", "Cf", "Co", "Cs"})
"""Unicode categories that no further font adds to: a private code (自造字) is another character to each
font, and PDF/A forbids it; the others are no characters to be seen."""


@dataclass(frozen=True, slots=True)
class Typeface:
    """The built-in font and, for characters that it lacks, those in the folder ``further``."""

    further: Path | None = None

    @property
    def folders(self) -> list[str]:
        """The folders of fonts as a typesetter takes them: of two equally fitting, the former's is used."""
        return [str(path().parent), *([] if self.further is None else [str(self.further)])]

    def check(self) -> None:
        """Raise ``Misconfigured`` if ``further`` is no folder that holds a font."""
        if self.further is not None and not _faces(self.further):
            raise Misconfigured("documents.no_fonts", key=SETTING, folder=str(self.further))

    def missing(self, text: str) -> list[tuple[int, str]]:
        """Return each character of ``text`` that no font shows, with its place, counted from 1."""
        shown = _shown(self)
        if shown.issuperset(text):
            return []
        return [(place, char) for place, char in enumerate(text, 1) if char not in shown]

    def spelled(self, text: str) -> str:
        """Return ``text`` with each character that no font shows as its number: 〔U+2CAAA〕.

        For documents that have to be made whatever stands in them; a document in somebody's honour is rather
        refused (``missing``).
        """
        shown = _shown(self)
        if shown.issuperset(text):
            return text
        return "".join(char if char in shown else f"〔U+{ord(char):04X}〕" for char in text)


BUILT_IN = Typeface()


def path() -> Path:
    """Return the built-in font's file."""
    return pylopdf_fonts_zh_cn.sans_path()


@cache
def loaded(typeface: Typeface) -> typst.Fonts:
    """Return the fonts as the typesetter takes them, and none of the machine's; read once a process."""
    return _found(typeface.folders)


@cache
def _shown(typeface: Typeface) -> frozenset[str]:
    # Read once a process and when first asked for: a third of a second, and four megabytes for good.
    # A further font of a hundred thousand characters takes as long, and forty megabytes meanwhile.
    if typeface.further is None:
        with TTFont(path(), lazy=True) as font:
            return _LAYOUT.union(map(chr, font.getBestCmap()))
    return _shown(BUILT_IN).union(*(_drawn(file, index) for file, index in _faces(typeface.further)))


def _faces(folder: Path) -> list[tuple[str, int]]:
    """Return file and number of each font that the typesetter itself finds."""
    return [(face.path, face.index) for face in _found([str(folder)]).fonts() if face.path is not None]


def _found(folders: list[str]) -> typst.Fonts:
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[*folders])


def _drawn(file: str, index: int) -> frozenset[str]:
    with TTFont(file, fontNumber=index, lazy=True) as font:
        nothing = font.getGlyphOrder()[0]
        drawn = (chr(code) for code, glyph in (font.getBestCmap() or {}).items() if glyph != nothing)
        return frozenset(char for char in drawn if unicodedata.category(char) not in _UNPRINTED)
