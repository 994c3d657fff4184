"""Layouts that other providers keep their banks in."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.questions.books import codes, one, read, refused, workbook

HEADER = ["题型", "题目", "选项", "答案"]


@pytest.mark.parametrize(
    "options",
    [
        "**A.红**B.黄**C.绿",
        "A.红##B.黄##C.绿##",
        "A、红|B、黄|C、绿",
        "|A：红|B：黄|C：绿",
        "A.红\nB.黄\nC.绿",
        "A.红;B.黄;C.绿",
        "A．红；B．黄；C．绿；",
        "Ａ．红　Ｂ．黄　Ｃ．绿",
        "(A)红 (B)黄 (C)绿",
        "（A）红（B）黄（C）绿",
        "A红 B黄 C绿",
        "A.红B.黄C.绿",
        "**A红**B黄**C绿",
        "a.红$$b.黄$$c.绿",
        "红**黄**绿",
        "红\n黄\n绿",
        "红;黄;绿",
        "A.红##黄##绿",
    ],
)
def test_separators_and_letters(tmp_path: Path, options: str):
    """Whatever separates the options and marks their letters, the same three come out, without doubt."""
    draft = one(read(tmp_path, HEADER, ["单选题", "安全色中表示警告的是（ ）", options, "B"]))
    assert (draft.kind, draft.options, draft.key, codes(draft)) == ("single", ("红", "黄", "绿"), [1], [])


@pytest.mark.parametrize(
    ("answer", "key"),
    [
        ("AC", [0, 2]),
        ("A、C", [0, 2]),
        ("A,C", [0, 2]),
        ("A，C", [0, 2]),
        ("A C", [0, 2]),
        ("ＡＣ", [0, 2]),
        ("ca", [0, 2]),
        ("答案：AC", [0, 2]),
        ("A**C", [0, 2]),
        ("红、绿", [0, 2]),
    ],
)
def test_answers_of_a_multiple_choice(tmp_path: Path, answer: str, key: list[int]):
    """The right options may be named by letters in any spelling, or by their texts."""
    draft = one(read(tmp_path, HEADER, ["多选题", "安全色有（ ）", "A.红|B.灰|C.绿", answer]))
    assert (draft.kind, draft.key, codes(draft)) == ("multiple", key, [])


@pytest.mark.parametrize(
    ("options", "answer", "key"),
    [
        ("A.正确|B.错误", "A", True),
        ("A.错误|B.正确", "A", False),
        ("对;错", "B", False),
        (None, "正确", True),
        (None, "√", True),
        (None, "×", False),
        (None, "对", True),
        (None, "错误", False),
        (None, "T", True),
        (None, "F", False),
        (None, False, False),
        (None, 1, True),
        ("A.正确|B.错误", "错误", False),
    ],
)
def test_answers_of_a_true_false_question(tmp_path: Path, options: str | None, answer: Any, key: bool):  # noqa: FBT001 - a case
    """Right and wrong may be a letter, a word, a tick, a Latin initial or a truth value."""
    draft = one(read(tmp_path, HEADER, ["判断题", "火是热的。", options, answer]))
    assert (draft.kind, draft.options, draft.key, codes(draft)) == ("true_false", (), [key], [])


def test_columns_are_found_by_name_in_any_order(tmp_path: Path):
    """Reordered, extra and missing columns do not matter; lettered columns hold an option each."""
    draft = one(
        read(
            tmp_path,
            ["解析", "正确答案", "分值", "选项A", "选项B", "选项C", "选项D", "题干"],
            ["见规程", "B", 2, "一", 2, 3.5, None, "1.二是哪一个？"],
        )
    )
    assert (draft.stem, draft.options, draft.key) == ("二是哪一个？", ("一", "2", "3.5"), [1])
    assert draft.extras["explanation"] == "见规程"


def test_a_header_may_stand_below_a_title(tmp_path: Path):
    """A title above the header is reported as such, and the header itself is no row."""
    reading = read(tmp_path, ["电工题库(2021)"], [], HEADER, ["判断题", "火是热的。", None, "对"])
    assert reading.rows == 2
    assert refused(reading) == {1: "above_header"}


def test_a_second_sheet_takes_the_first_sheets_header(tmp_path: Path):
    """A sheet without a header is read by the columns of the first sheet that has one."""
    reading = read(
        tmp_path,
        ["答案", "题目", "题型", "选项"],
        ["A", "一", "单选题", "A.x|B.y"],
        补充=[["B", "二", "单选题", "A.x|B.y"], ["错", "三", "判断题", None]],
    )
    assert [(d.source.sheet, d.source.row, d.key) for d in reading.drafts] == [
        ("Sheet1", 2, [0]), ("补充", 1, [1]), ("补充", 2, [False]),
    ]  # fmt: skip


def test_columns_without_any_header_are_told_by_their_content(tmp_path: Path):
    """Kinds, options and answers are recognised by what stands in their columns."""
    reading = read(
        tmp_path,
        [1, "单选题", "下列哪种颜色表示警告", "A.红**B.黄", "B"],
        [2, "判断题", "火是热的", "A.正确**B.错误", "A"],
        [3, "多选题", "下列哪些颜色是安全色", "A.红**B.黄", "AB"],
    )
    assert [draft.key for draft in reading.drafts] == [[1], [True], [0, 1]]
    assert reading.drafts[0].stem == "下列哪种颜色表示警告"


def test_an_allocation_sheet_is_reported_row_by_row(tmp_path: Path):
    """A sheet that is no bank is refused row by row, and does not turn into fill-in questions."""
    reading = read(
        tmp_path,
        ["题目", "答案"],
        ["安全电压是（ ）V", 36],
        分工=[["姓名", "任务", "题数"], ["张三", "出题", 50], ["李四", "审核", 60]],
        空=[],
    )
    assert reading.rows == 4
    assert refused(reading) == {1: "not_a_bank", 2: "not_a_bank", 3: "not_a_bank"}
    assert reading.drafts[0].key == ["36"]


def test_the_sheets_name_or_a_heading_tells_the_kind(tmp_path: Path):
    """Where no column tells the kind, a section heading or the sheet's name does."""
    header = ["题目", "选项", "答案"]
    reading = read(
        tmp_path,
        header,
        ["二、多选题（每题2分，共20分）"],
        ["安全色有", "A.红|B.黄|C.绿", "AB"],
        判断题=[header, ["火是热的", None, "1"]],
    )
    assert [(d.kind, d.key) for d in reading.drafts] == [("multiple", [0, 1]), ("true_false", [True])]
    assert refused(reading) == {2: "heading"}


def test_a_merged_kind_covers_the_rows_beside_it(tmp_path: Path):
    """A kind in vertically merged cells holds for every row of the merge."""
    path = workbook(
        tmp_path / "m.xlsx",
        {"s": [HEADER, ["多选题", "甲", "A.x|B.y", "AB"], [None, "乙", "A.x|B.y", "A"]]},
        merge={"s": "A2:A3"},
    )
    from lmscompliance.questions.formats import xlsx

    reading = xlsx.read(path, "m")
    assert [codes(draft) for draft in reading.drafts] == [[], ["one_answer"]]


def test_options_inside_the_stem(tmp_path: Path):
    """Options below the question in its own cell are taken apart, a key in its brackets is hidden."""
    reading = read(
        tmp_path,
        ["题目", "答案"],
        ["1、表示警告的是\nA.红\nB.黄\nC.绿", "B"],
        ["2、表示禁止的是（ A ）。A、红 B、黄 C、绿"],
    )
    assert [(d.stem, d.options, d.key) for d in reading.drafts] == [
        ("表示警告的是", ("红", "黄", "绿"), [1]),
        ("表示禁止的是（ ）。", ("红", "黄", "绿"), [0]),
    ]


@pytest.mark.parametrize(
    ("row", "code"),
    [
        (["单选题", None, "A.x|B.y", "A"], "no_stem"),
        (["单选题", "题", "A.x|B.y", None], "no_answer"),
        (["单选题", "题", None, "A"], "no_options"),
        (["单选题", "题", "只有一段话", "A"], "options_unreadable"),
        (["单选题", "题", "A.x|B.y", "C"], "answer_beyond_options"),
        (["单选题", "题", "A.x|B.y", "不知道"], "answer_unreadable"),
        (["单选题", "题", "A.|B.y", "A"], "answer_is_empty_option"),
        (["判断题", "题", None, "也许"], "answer_unreadable"),
        (["单选题", "什么是安全？", None, "安" * 61], "open_question"),
        (["单选题", 7, None, None], "stub"),
        (["单选题", '=DISPIMG("ID_1",1)', "A.x|B.y", "A"], "stem_is_picture"),
        (["单选题", "#REF!", "A.x|B.y", "A"], "cell_error"),
    ],
)
def test_what_is_refused(tmp_path: Path, row: list[Any], code: str):
    """A row that no key can be had from is refused with its own reason."""
    reading = read(tmp_path, HEADER, row)
    assert (reading.rows, refused(reading)) == (1, {2: code})


@pytest.mark.parametrize(
    ("row", "kind", "key", "code"),
    [
        (["单选题", "题", "A.x|B.y|C.z", "AB"], "multiple", [0, 1], "kind_contradicts"),
        (["多选题", "题", "A.x|B.y", "A"], "multiple", [0], "one_answer"),
        (["判断题", "题", "A.可以|B.不可以|C.看情况", "C"], "single", [2], "kind_contradicts"),
        (["判断题", "题", None, "A"], "true_false", [True], "assumed_truth"),
        (["判断题", "火是热的（×）", None, "√"], "true_false", [True], "stem_contradicts"),
        (["单选题", "题", "A.x|B.x|C.z", "A"], "single", [0], "duplicate_options"),
        (["单选题", "题", "A.x|B.|C.z", "A"], "single", [0], "empty_option"),
        (["单选题", "题", "A.x|B.y|B.z|D.w", "D"], "single", [3], "option_letters"),
        (["单选题", "题", "红、黄、绿", "B"], "single", [1], "options_unmarked"),
        (["单选题", "题", "红|黄|绿", 2], "single", [1], "answer_by_position"),
        (["多选题", "题", "A.x|B.y|C.z", "AAB"], "multiple", [0, 1], "answer_repeats"),
        (["单选题", "正确的是（A）", "A.x|B.y", "A"], "single", [0], "answer_in_stem"),
        (["单选题", "如图所示，这是", "A.x|B.y", "A"], "single", [0], "mentions_picture"),
        (["单选题", "，则电流变大", "A.x|B.y", "A"], "single", [0], "begins_mid_sentence"),
        (["单选题", "电压是多少", None, "36伏"], "fill_in", ["36伏"], "options_missing"),
        (["填空题", "电压是（），电流是（）", None, "1；2"], "fill_in", ["1；2"], "several_blanks"),
        (["填空题", "试述", None, "安" * 61], "fill_in", ["安" * 61], "long_answer"),
        (
            ["填空题", "何时", None, date(2021, 2, 1)],
            "fill_in",
            ["2021年2月1日", "2021-02-01"],
            "date_answer",
        ),
    ],
)
def test_what_is_flagged(tmp_path: Path, row: list[Any], kind: str, key: list[Any], code: str):
    """A row with a key but something odd is imported, and says what a person should look at."""
    draft = one(read(tmp_path, HEADER, row))
    assert (draft.kind, draft.key, codes(draft)) == (kind, key, [code])


def test_an_allocation_sheet_in_the_banks_own_columns(tmp_path: Path):
    """Who writes how many questions of which kind, laid out like the bank, is still no bank."""
    reading = read(
        tmp_path,
        ["作业种类", *HEADER],
        ["电工", "单选题", "题", "A.x|B.y", "A"],
        分工=[["电工", "单选题", "1-100题", None, "张三"], ["电工", "判断题", "101-200题", None, "李四"]],
    )
    assert refused(reading) == {1: "not_a_bank", 2: "not_a_bank"}


def test_a_fill_in_sheet_without_a_header(tmp_path: Path):
    """A second sheet of questions to be filled in is read by the first one's columns, and looked at once."""
    reading = read(
        tmp_path,
        HEADER,
        ["单选题", "题", "A.x|B.y", "A"],
        数字=[["数字类选择题", "1.安全电压不高于()V。", None, 36], ["填空题", "2.共有()种。", None, 4]],
    )
    assert [(d.key, codes(d)) for d in reading.drafts[1:]] == [(["36"], ["options_missing"]), (["4"], [])]


@pytest.mark.parametrize(
    ("kind", "answer", "expected"),
    [
        ("简答题", "没有危险", ("essay", [])),
        ("问答题", "安" * 61, ("essay", [])),
        ("案例分析题", "先断电", ("essay", [])),
        ("计算题", "42", ("fill_in", [])),
        ("计算题", "四" * 61, ("essay", [])),
        ("填空题", "填" * 61, ("fill_in", ["long_answer"])),
        (None, "安" * 61, ("essay", ["assumed_essay"])),
    ],
)
def test_answers_in_ones_own_words(tmp_path: Path, kind: str | None, answer: str, expected: tuple[str, Any]):
    """What asks for one's own words is an essay with the answer to go by; what is short is typed exactly."""
    draft = one(read(tmp_path, HEADER, [kind, "什么是安全？", None, answer]))
    assert (draft.kind, codes(draft)) == expected
    assert draft.key == [answer]


def test_a_case_with_options_is_a_choice(tmp_path: Path):
    """案例分析 asks for words of one's own only when it offers no options."""
    draft = one(read(tmp_path, HEADER, ["案例分析题", "某人触电后应", "A.x|B.y", "A"]))
    assert (draft.kind, codes(draft)) == ("single", [])


def test_a_picture_column_flags_the_question(tmp_path: Path):
    """A question with an entry in a picture column is flagged; one without is not."""
    reading = read(
        tmp_path, [*HEADER, "图片"], ["判断题", "甲", None, "对", "1.png"], ["判断题", "乙", None, "对", None]
    )
    assert [codes(draft) for draft in reading.drafts] == [["picture"], []]


def test_options_of_any_number_may_have_one_right_answer(tmp_path: Path):
    """不定项 is a multiple choice in which a single right option is nothing odd."""
    draft = one(read(tmp_path, HEADER, ["不定项选择题", "题", "A.x|B.y", "A"]))
    assert (draft.kind, codes(draft)) == ("multiple", [])


def test_a_repeated_header_is_no_row(tmp_path: Path):
    """A header printed again for the next page counts neither as a question nor as a refusal."""
    reading = read(tmp_path, HEADER, ["判断题", "甲", None, "对"], HEADER, ["判断题", "乙", None, "错"])
    assert (reading.rows, len(reading.drafts), reading.refusals) == (2, 2, ())
