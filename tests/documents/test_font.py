"""What the font of documents can show, held against the drawing of it."""

from __future__ import annotations

import unicodedata

from PIL import ImageFont

from lmscompliance.documents import font


def test_what_is_missing_is_told_by_place():
    """A character that is not there is found wherever it stands; the middle dot of names is there."""
    assert font.missing("阿依古丽·买买提 Anna-Maria é") == []
    assert font.missing("张\U0002caaa\ue863三") == [(2, "\U0002caaa"), (3, "\ue863")]


def test_rare_characters_of_names():
    """Those that are often met in names are in the font, those of the newest extensions are not."""
    assert font.missing("䶮㛃㮾𠅤𣲗𬍛𬭎𬱖𪟝𫘧𫖯喆堃翀叕亓贠") == []
    assert [place for place, _ in font.missing("𰀥𪨊𮧵")] == [1, 2, 3]


def test_the_drawing_agrees():
    """Another library draws nothing but the sign for a missing glyph exactly where one is told missing."""
    face = ImageFont.truetype(str(font.path()), 40)
    nothing = bytes(face.getmask("\U0002caaa"))
    for char in "张三龘䶮·𬍛𰀥𪨊\ue863":
        drawn = bytes(face.getmask(char))
        assert (drawn == nothing) is bool(font.missing(char)), unicodedata.name(char, hex(ord(char)))
