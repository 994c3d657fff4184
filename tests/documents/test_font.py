"""What the font of documents can show, held against the drawing of it."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest
from PIL import ImageFont

from lmscompliance.documents import font
from lmscompliance.documents.font import BUILT_IN, Typeface
from lmscompliance.kernel.errors import Misconfigured
from tests.support.fonts import write_font


def test_what_is_missing_is_told_by_place():
    """A character that is not there is found wherever it stands; the middle dot of names is there."""
    assert BUILT_IN.missing("阿依古丽·买买提 Anna-Maria é") == []
    assert BUILT_IN.missing("张\U0002caaa\ue863三") == [(2, "\U0002caaa"), (3, "\ue863")]


def test_rare_characters_of_names():
    """Those that are often met in names are in the font, those of the newest extensions are not."""
    assert BUILT_IN.missing("䶮㛃㮾𠅤𣲗𬍛𬭎𬱖𪟝𫘧𫖯喆堃翀叕亓贠") == []
    assert [place for place, _ in BUILT_IN.missing("𰀥𪨊𮧵")] == [1, 2, 3]


def test_the_drawing_agrees():
    """Another library draws nothing but the sign for a missing glyph exactly where one is told missing."""
    face = ImageFont.truetype(str(font.path()), 40)
    nothing = bytes(face.getmask("\U0002caaa"))
    for char in "张三龘䶮·𬍛𰀥𪨊\ue863":
        drawn = bytes(face.getmask(char))
        assert (drawn == nothing) is bool(BUILT_IN.missing(char)), unicodedata.name(char, hex(ord(char)))


def test_further_fonts_show_what_the_built_in_one_lacks(tmp_path: Path) -> None:
    """A rare character is shown with a font that has it; a private code with none."""
    typeface = Typeface(write_font(tmp_path / "fonts", "𠮷张\ue863"))
    assert BUILT_IN.missing("王𠮷\ue863") == [(2, "𠮷"), (3, "\ue863")]
    assert typeface.missing("王𠮷\ue863") == [(3, "\ue863")]
    assert (BUILT_IN.spelled("王𠮷"), typeface.spelled("王𠮷𰀥")) == ("王〔U+20BB7〕", "王𠮷〔U+30025〕")


def test_a_folder_without_fonts_is_refused(tmp_path: Path) -> None:
    """One that is not there, is a file, or holds no font a typesetter can read names setting and folder."""
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "font.ttf").write_bytes(b"no font")
    for folder in (tmp_path / "absent", tmp_path / "broken", tmp_path / "broken" / "font.ttf"):
        with pytest.raises(Misconfigured) as caught:
            Typeface(folder).check()
        assert caught.value.params == {"key": "COMPLIANCE_FONTS_DIR", "folder": str(folder)}
    Typeface(write_font(tmp_path / "good", "𠮷")).check()
    BUILT_IN.check()
