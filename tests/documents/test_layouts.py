"""Tables after layouts: widths in bytes, codes, texts that stay texts, and layouts that are wrong."""

from __future__ import annotations

import json

import pytest

from lmscompliance.documents import layout_file, layouts
from lmscompliance.kernel.errors import InvalidInput, Misconfigured

SOURCES = ("id_number", "name", "sex", "ordinal")
FIXED = """
[[layout]]
id = "b"
title = "报盘"
kind = "fixed"
encoding = "gb18030"
field = [
  { name = "证件", source = "id_number", width = 18 },
  { name = "姓名", source = "name", width = 8 },
  { name = "性别", source = "sex", width = 1, codes = { male = "1", female = "2" } },
  { name = "序号", source = "ordinal", width = 4, align = "right", pad = "0" },
  { name = "来源", constant = "04", width = 2 },
]
"""
SEPARATED = """
[[layout]]
id = "s"
title = "名单"
kind = "separated"
field = [{ name = "证件", source = "id_number", as_text = true }, { name = "姓名", source = "name" }]
"""
WANG = {"id_number": "11010519491231002X", "name": "王建国", "sex": "male", "ordinal": "7"}


def _layout(text: str) -> layouts.Layout:
    (found,) = layout_file.load(text, "t.toml", SOURCES)
    return found


def test_fixed_widths_are_bytes() -> None:
    """A Chinese character takes two bytes of GB18030, a rare one four; every line is as long as the next."""
    rare = WANG | {"name": "𠮷一", "sex": "female"}
    lines = layouts.write(_layout(FIXED), [WANG, rare]).split(b"\r\n")
    assert lines[0].decode("gb18030") == "11010519491231002X王建国  1000704"
    assert lines[1].decode("gb18030") == "11010519491231002X𠮷一  2000704"
    assert {len(line) for line in lines[:-1]} == {33}


@pytest.mark.parametrize(
    ("changed", "code", "named"),
    [
        ({"name": "阿不都·热合曼"}, "documents.layout_width", {"row": 2, "field": "姓名", "width": 8}),
        ({"name": "a\nb"}, "documents.layout_width", {"row": 2, "field": "姓名"}),
        ({"sex": "?"}, "documents.layout_code", {"row": 2, "field": "性别", "value": "?"}),
    ],
)
def test_what_does_not_fit_is_named_and_never_cut(changed: dict[str, str], code: str, named: dict) -> None:
    """Row, field and how long it is; nothing is written."""
    with pytest.raises(InvalidInput) as caught:
        layouts.write(_layout(FIXED), [WANG, WANG | changed])
    assert caught.value.code == code
    assert named.items() <= caught.value.params.items()


@pytest.mark.parametrize("text", [FIXED.replace("gb18030", "gbk"), f'{SEPARATED}encoding = "gbk"\n'])
def test_a_character_the_encoding_lacks_is_named(text: str) -> None:
    """A rare name in a layout of an older encoding says row, field and character."""
    with pytest.raises(InvalidInput) as caught:
        layouts.write(_layout(text), [WANG, WANG | {"name": "𠮷一"}])
    assert caught.value.code == "documents.layout_character"
    assert {"row": 2, "field": "姓名", "character": "𠮷"}.items() <= caught.value.params.items()


@pytest.mark.parametrize("form", [layouts.UTF8, layouts.GB18030])
def test_a_separated_table_opens_as_text(form: str) -> None:
    """No name becomes a formula, no number loses its digits, and UTF-8 carries its mark."""
    rows = [WANG | {"name": name} for name in ("=1+1", "+86", "-1", "@SUM(A1)", "王,建国")]
    data = layouts.write(_layout(SEPARATED), rows, form)
    assert data.startswith(b"\xef\xbb\xbf") == (form == layouts.UTF8)
    lines = data.decode(form).split("\r\n")
    assert lines[0] == "证件,姓名"
    assert [line.partition(",")[2] for line in lines[1:-1]] == [
        "'=1+1",
        "'+86",
        "'-1",
        "'@SUM(A1)",
        '"王,建国"',
    ]
    assert all(line.startswith("\t11010519491231002X,") for line in lines[1:-1])


def test_json_says_what_there_is() -> None:
    """Programs get values as they are."""
    found = json.loads(layouts.write(_layout(SEPARATED), [WANG | {"name": "=1+1"}], layouts.JSON))
    assert found == [{"证件": "11010519491231002X", "姓名": "=1+1"}]


def test_a_fixed_table_has_one_form() -> None:
    """Its encoding decides the widths, so no other can be asked for."""
    for text, form in ((FIXED, layouts.JSON), (SEPARATED, "utf-7")):
        with pytest.raises(InvalidInput):
            layouts.write(_layout(text), [WANG], form)


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ('kind = "fixed"', 'kind = "wide"', 2, "separated, fixed"),
        ('encoding = "gb18030"', 'encoding = "gb"', 2, "gb2312"),
        ('encoding = "gb18030"', "", 2, "encoding"),
        ('encoding = "gb18030"', 'encoding = "gb18030"\nheader = "no"', 2, "true / false"),
        ('encoding = "gb18030"', 'encoding = "gb18030"\ndelimiter = ""', 2, "delimiter"),
        ('title = "报盘"', 'title = "../报盘"', 2, "title"),
        ('title = "报盘"', 'titel = "报盘"', 2, "titel"),
        ("field = [", "fields = [", 2, "fields"),
        ('source = "name"', 'source = "nose"', 2, "b, 姓名"),
        ("width = 8", "width = 0", 2, "width"),
        ("width = 8", 'width = "8"', 2, "1, 2"),
        ("width = 8", "width = 8, as_text = true", 2, "as_text"),
        ('constant = "04"', 'constant = "04", source = "name"', 2, "constant"),
        ('pad = "0"', 'pad = "零"', 2, "pad"),
        ('align = "right"', 'align = "middle"', 2, "left, right"),
        ('male = "1"', "male = 1", 2, "codes"),
        ('name = "来源"', 'name = "姓名"', 2, "“姓名”重复"),
        ('constant = "04"', 'constant = "04", date = "DD"', 2, "YYYY-MM-DD"),
        ("[[layout]]", "[[layout", 0, "TOML"),
    ],
)
def test_a_wrong_layout_is_refused_by_name(old: str, new: str, line: int, said: str) -> None:
    """The file is named, the line, the field, and what to write instead."""
    assert old in FIXED
    with pytest.raises(Misconfigured) as caught:
        layout_file.load(FIXED.replace(old, new), "ours.toml", SOURCES)
    shown = caught.value.message()
    assert "ours.toml" in shown
    assert said in shown
    assert not line or f"第 {line} 行" in shown


def test_every_fault_of_a_file_is_told_at_once() -> None:
    """Each with the line of its own field, and a layout that is there twice."""
    text = SEPARATED + "[[layout]]\nid = 's'\ntitle = 'x'\nkind = 'separated'\n"
    for name in ("甲", "乙"):
        text += f"[[layout.field]]\nname = '{name}'\nsource = 'nobody'\n"
    with pytest.raises(Misconfigured) as caught:
        layout_file.load(text, "ours.toml", SOURCES)
    lines = caught.value.message().splitlines()[1:]
    assert [line.partition("）")[0] for line in lines] == [
        "第 7 行（s",
        "第 11 行（s, 甲",
        "第 14 行（s, 乙",
    ]
    assert caught.value.message("en") != caught.value.message()


RECORDS = """
[[layout.head]]
name = "类型"
constant = "H"
width = 1
[[layout.head]]
name = "单位"
source = "enterprise"
width = 12
[[layout.foot]]
name = "人数"
source = "count"
width = 6
align = "right"
pad = "0"
[[layout.foot]]
name = "日期"
source = "today"
date = "YYYY年MM月"
width = 12
"""


@pytest.mark.parametrize("rows", [[], [WANG, WANG]])
def test_a_head_and_a_foot_count_the_rows(rows: list[dict[str, str]]) -> None:
    """One record before and one behind, in their own widths; days are written as the layout says."""
    layout = FIXED.replace('"gb18030"', '"gb2312"')
    layout = (
        layout[: layout.index("field = [")] + "field = [{ name = '号', source = 'ordinal', width = 3 }]\n"
    )
    (found,) = layout_file.load(layout + RECORDS, "t.toml", SOURCES, ("enterprise", "today"))
    about = {"enterprise": "太仓机械", "today": "20210301"}
    lines = layouts.write(found, rows, about=about).decode("gb2312").split("\r\n")
    assert lines == ["H太仓机械    ", *(["7  "] * len(rows)), f"00000{len(rows)}2021年03月  ", ""]
    separated = RECORDS.replace("width = 12", "").replace("width = 6", "").replace("width = 1\n", "")
    text = SEPARATED.replace('kind = "separated"', 'kind = "separated"\nline_end = "lf"\ndelimiter = "|"')
    (found,) = layout_file.load(text + separated, "t.toml", SOURCES, ("enterprise", "today"))
    shown = layouts.write(found, rows, about=about).decode("utf-8-sig").split("\n")
    assert shown[:2] == ["H|太仓机械", "证件|姓名"]
    assert shown[-2:] == [f"{len(rows)}|2021年03月", ""]
    assert len(json.loads(layouts.write(found, rows, layouts.JSON, about))) == len(rows)
