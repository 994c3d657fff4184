"""Typesetting: PDF/A that judges accept, the same bytes each time, and a clear word about a missing glyph."""

from __future__ import annotations

import io
from datetime import datetime
from pathlib import Path

import pikepdf
import pytest

from lmscompliance.documents.docx import Form
from lmscompliance.documents.font import BUILT_IN, Typeface
from lmscompliance.documents.form import typeset_form
from lmscompliance.kernel.clock import SHANGHAI
from lmscompliance.kernel.errors import InvalidInput
from tests.documents.pdfa import assert_pdfa
from tests.support.fonts import drawn_with_further, write_font
from tests.support.poppler import words_of

AT = datetime(2021, 3, 1, 9, 0, tzinfo=SHANGHAI)
FORM = Form(
    title="企业职业技能培训申请表",
    fields=[("企业名称", "虚构精密制造有限公司"), ("联系人", "阿依古丽·买买提")],
    table=[("序号", "姓名"), ("1", '#image("/etc/passwd") *粗体* $x$'), ("2", "=1+1")],
    paragraphs=["本企业承诺以上内容真实。"],
    signatures=["企业（盖章）"],
)


def test_a_form_is_pdf_a_and_says_what_was_given(tmp_path: Path) -> None:
    """The file states and keeps PDF/A-2a, embeds its fonts, and shows markup of the data as text."""
    path = tmp_path / "form.pdf"
    path.write_bytes(typeset_form(FORM, AT, BUILT_IN))
    assert_pdfa(path, "2", "A")
    with pikepdf.open(path) as pdf:
        assert pdf.Root.StructTreeRoot
        assert pdf.open_metadata()["dc:title"] == FORM.title
    words = words_of(path)
    for text in ("企业名称", "阿依古丽·买买提", '#image("/etc/passwd")', "*粗体*$x$", "=1+1", "第1页/共1页"):
        assert text in words


def test_the_same_data_and_time_give_the_same_bytes() -> None:
    """Nothing else gets into the file; another time does."""
    assert typeset_form(FORM, AT, BUILT_IN) == typeset_form(FORM, AT, BUILT_IN)
    later = typeset_form(FORM, AT.replace(year=2022), BUILT_IN)
    assert later != typeset_form(FORM, AT, BUILT_IN)
    with pikepdf.open(io.BytesIO(later)) as pdf:
        assert str(pdf.docinfo.CreationDate).startswith("D:2022")


def test_a_character_the_font_lacks_is_named_with_its_place() -> None:
    """Row, text, position and number of the character are told; nothing is typeset."""
    form = Form("名单", table=[("序号", "姓名"), ("1", "张三"), ("2", "王\U0002caaa")])
    with pytest.raises(InvalidInput) as caught:
        typeset_form(form, AT, BUILT_IN)
    assert caught.value.code == "documents.glyph_missing"
    assert caught.value.params["place"] == "table 3 2"
    assert caught.value.params["at"] == 2
    assert caught.value.params["code"] == "U+2CAAA"


def test_what_the_font_lacks_can_be_spelled_by_number() -> None:
    """Whatever is spelled can be typeset; text the font has stays as it is."""
    spelled = BUILT_IN.spelled("王\U0002caaa😀\x07\n二")
    assert spelled == "王〔U+2CAAA〕〔U+1F600〕〔U+0007〕\n二"
    assert BUILT_IN.missing(spelled) == []
    assert typeset_form(Form(spelled), AT, BUILT_IN).startswith(b"%PDF-1.7")


@pytest.mark.parametrize("family", ["Tiny Rare", "Noto Sans SC"])
def test_a_further_font_is_used_for_what_the_built_in_one_lacks_alone(tmp_path: Path, family: str) -> None:
    """Common characters stay the built-in font's, whatever the further one has and is called."""
    typeface = Typeface(write_font(tmp_path / "fonts", "王张𠮷", family))
    plain = Form("张三", paragraphs=["王五"])
    assert typeset_form(plain, AT, typeface) == typeset_form(plain, AT, BUILT_IN)
    path = tmp_path / "rare.pdf"
    path.write_bytes(typeset_form(Form("王𠮷", paragraphs=["张三"]), AT, typeface))
    assert path.read_bytes() == typeset_form(Form("王𠮷", paragraphs=["张三"]), AT, typeface)
    assert_pdfa(path, "2", "A")
    assert "王𠮷" in words_of(path)
    assert drawn_with_further(path) == "𠮷"
