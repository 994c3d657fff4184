"""GIFT as Moodle documents it, and as people write it."""

from __future__ import annotations

from pathlib import Path

import pytest

from lmscompliance.questions.formats import gift
from tests.questions.books import codes, one, read_gift, refused


def test_a_file_with_every_construct(tmp_path: Path):
    """Comments, categories, titles and formats are told from questions, and each keeps its line."""
    reading = read_gift(
        tmp_path,
        "// a comment\n\n$CATEGORY: $course$/top/安全/第一章\n\n"
        "::甲::[html]<p>一加一<br>是几？</p>{\n// inside\n~1\n=2 # 对了\n~3####总的说明}\n\n"
        "[markdown]**火** 是热的。{T}\n",
    )
    first, second = reading.drafts
    assert (first.source.row, first.title, first.stem) == (5, "甲", "一加一\n是几？")
    assert (first.category, first.chapter) == (("安全", "第一章"), "安全/第一章")
    assert (first.options, first.key) == (("1", "2", "3"), [1])
    assert first.extras["general_feedback"] == "总的说明"
    assert (second.stem, second.key, second.extras["format"]) == ("**火** 是热的。", [True], "markdown")


@pytest.mark.parametrize(
    ("block", "kind", "options", "key"),
    [
        ("{~a =b ~c}", "single", ("a", "b", "c"), [1]),
        ("{~a ~%50%b =c}", "single", ("a", "b", "c"), [2]),
        ("{~%50%a ~%50%b ~%-100%c}", "multiple", ("a", "b", "c"), [0, 1]),
        ("{~%33.33333%a ~%33.33333%b ~%33.33333%c ~d}", "multiple", ("a", "b", "c", "d"), [0, 1, 2]),
        ("{=a =%50%b}", "fill_in", (), ["a"]),
        ("{=a =b =a}", "fill_in", (), ["a", "b"]),
        ("{}", "essay", (), []),
        ("{####先断电 =a}", "essay", (), ["先断电 =a"]),
        ("{答案}", "fill_in", (), ["答案"]),
        ("{T}", "true_false", (), [True]),
        ("{false#错了#对了}", "true_false", (), [False]),
        ("{正确}", "true_false", (), [True]),
        ("{#5}", "numeric", (), [["5", "0"]]),
        ("{#5:0.1}", "numeric", (), [["5", "0.1"]]),
        ("{#-1..2}", "numeric", (), [["0.5", "1.5"]]),
        ("{#=5:0 =%50%5:1}", "numeric", (), [["5", "0"]]),
        ("{#=5 =7:1 ~#看错了}", "numeric", (), [["5", "0"], ["7", "1"]]),
        ("{#1.5e3}", "numeric", (), [["1500", "0"]]),
        ("{=a -> 1 =b -> 2}", "matching", ("1", "2"), [["a", "1"], ["b", "2"]]),
        ("{=a->1 =b->1 =->3}", "matching", ("1", "3"), [["a", "1"], ["b", "1"]]),
        (r"{=\=1 ~\{2\} ~a\:b ~\\n ~\~\#}", "single", ("=1", "{2}", "a:b", r"\n", "~#"), [0]),
        (r"{=甲\n乙 ~丙}", "single", ("甲\n乙", "丙"), [0]),
        ("{=[html]CO<sub>2</sub> &amp; O ~b}", "single", ("CO2 & O", "b"), [0]),
    ],
)
def test_answers(tmp_path: Path, block: str, kind: str, options: tuple[str, ...], key: list[object]):
    """Each kind of answer block becomes the kind, options and key that Moodle would give it."""
    draft = one(read_gift(tmp_path, f"题目？{block}\n"))
    assert (draft.kind, draft.options, draft.key, codes(draft)) == (kind, options, key, [])


@pytest.mark.parametrize(
    ("text", "stem"),
    [
        ("电流的单位是{=安 =安培}。", "电流的单位是 _____。"),
        ("Grant is {~buried =entombed} in Grant's tomb.", "Grant is _____ in Grant's tomb."),
        ("圆周率是多少？{#3.14:0.01}.", "圆周率是多少？"),
        ("火是热的{T}。", "火是热的"),
        ("{=红 ~黄}表示禁止。", "_____表示禁止。"),
        ("题目（ ）{=a ~b}", "题目（ ）"),
    ],
)
def test_missing_words(tmp_path: Path, text: str, stem: str):
    """Answers within a sentence leave a gap; a full stop behind a complete question does not."""
    assert one(read_gift(tmp_path, text)).stem == stem


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("只是一段说明", "gift_description"),
        ("忘了收尾{=a ~b", "gift_unclosed"),
        ("忘了开头=a ~b}", "gift_unclosed"),
        ("两组{=a}和{=b}", "gift_braces"),
        ("没有对的{~a ~b}", "gift_no_right_answer"),
        ("只有一项{~%100%a}", "one_option"),
        ("数{#三}", "gift_not_a_number"),
        ("数{#2..1}", "gift_not_a_number"),
        ("配对{=a -> 1 =b}", "gift_matching_without_arrow"),
        ("配对{=a -> 1 =b -> }", "gift_empty_match"),
        ("配对{=a -> 1}", "gift_few_pairs"),
        ("::只有标题::{=a ~b}", "no_stem"),
    ],
)
def test_what_is_refused(tmp_path: Path, text: str, code: str):
    """What is no question, or has no usable key, is refused with its own reason."""
    reading = read_gift(tmp_path, text)
    assert (reading.rows, refused(reading)) == (1, {1: code})


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("两个满分{=a =b ~c}", "gift_several_full"),
        ("权重{~%30%a ~%30%b ~c}", "gift_weights"),
        ("无号{a ~b =c}", "gift_unmarked_option"),
        ("重复{=a ~b ~b}", "duplicate_options"),
        ("空{=a ~ ~b}", "empty_option"),
        ("通配{=a*}", "gift_wildcard"),
        ("同左{=a -> 1 =a -> 2}", "gift_same_left"),
        ('[html]看<video src="1.mp4"></video>{T}', "picture"),
    ],
)
def test_what_is_flagged(tmp_path: Path, text: str, code: str):
    """What has a key but something odd is imported and flagged."""
    assert codes(one(read_gift(tmp_path, text))) == [code]


def test_blank_lines_inside_answers_do_not_cut_a_question(tmp_path: Path):
    """A blank line between answers is tolerated while the brace is still to close."""
    assert one(read_gift(tmp_path, "题{\n=a\n\n~b\n\n}\n")).options == ("a", "b")


def test_a_forgotten_brace_costs_only_its_own_question(tmp_path: Path):
    """The question after one that never closes is read as usual."""
    reading = read_gift(tmp_path, "甲{=a ~b\n\n乙{T}\n")
    assert refused(reading) == {1: "gift_unclosed"}
    assert [draft.stem for draft in reading.drafts] == ["乙"]


def test_questions_without_blank_lines_between_them(tmp_path: Path):
    """One question a line is understood too, each with its own line."""
    reading = read_gift(tmp_path, "甲{T}\n乙{F}\n::t::丙{=a\n~b}\n")
    assert [(d.source.row, d.stem) for d in reading.drafts] == [(1, "甲"), (2, "乙"), (3, "丙")]


def test_windows_line_ends(tmp_path: Path):
    """A file written on Windows reads the same."""
    path = tmp_path / "w.gift"
    path.write_bytes("甲{T}\r\n\r\n乙{\r\n=a\r\n~b}\r\n".encode())
    assert [draft.stem for draft in gift.read(path, "w").drafts] == ["甲", "乙"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gbk", "gb18030"])
def test_chinese_encodings(tmp_path: Path, encoding: str):
    """UTF-8 with or without a mark, UTF-16 and GBK all give the same Chinese."""
    path = tmp_path / "e.gift"
    path.write_bytes("触电时应首先{=切断电源 ~大声呼救}。".encode(encoding))
    assert gift.read(path, "e").drafts[0].options == ("切断电源", "大声呼救")


def test_windows_1252(tmp_path: Path):
    """Accents, dashes and quotation marks of a Western file survive."""
    path = tmp_path / "e.gift"
    path.write_bytes("“Où est l’Österreich – là?”{=Café ~Überall}".encode("cp1252"))
    (draft,) = gift.read(path, "e").drafts
    assert (draft.stem, draft.options) == ("“Où est l’Österreich – là?”", ("Café", "Überall"))
