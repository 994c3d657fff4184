"""Workbooks laid out as nobody here had seen before; each is read as a careful person would read it.

A row is given as what must come of it: kind, stem, options, key and doubts, or the code of its refusal.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from lmscompliance.questions.formats import xlsx
from tests.questions.books import codes

Rows = list[list[Any]]
FOUR = ("甲", "乙", "丙", "丁")
COLOURS = ("红", "黄", "绿")

NUMBERED: Rows = [
    ["2024年度安全培训试题库（内部）"],
    [
        "编号",
        "题型",
        "试题内容",
        "选项1",
        "选项2",
        "选项3",
        "选项4",
        "标准答案",
        "难度(1-5)",
        "知识点",
        "解析",
        "分值",
    ],
    [1, "单选", "使用灭火器前应先（ ）。", "拔销", "对准", "压把", "颠倒", "Ａ", 2, "消防", "先拔销", 2],
    [2, "多选", "安全色有（　）", "红", "黄", "紫", "绿", "ＡＢＤ", 3, "标志", None, 3],
    [3, "多选", "三级教育包括", "公司级", "车间级", "班组级", None, "1、2、3", 4, "教育", None, 3],
    [4, "判断", "登高可以不系安全带。", None, None, None, None, "×", 1, "高处", None, 1],
    [5, "单选", "答案写成文字", *FOUR, "乙", 1, None, None, 1],
    [6, "单选", "答案不在选项里", *FOUR, "E", 1, None, None, 1],
    [7, "单选", "答案像选项又像序号", "2", "1", "4", "3", "2", 1, None, None, 1],
]
SECTIONS: Rows = [
    ["特种作业理论考试题", None, None, None],
    ["序号", "题目", "备选项", "参考答案"],
    ["一、单项选择题（每题2分，共10题）"],
    [1, "伤害有（）种", "A、两\nB、三\nC、四", "A"],
    [2, "安全电压为", "A. 36V；B. 110V；C. 220V", "A"],
    ["二、多项选择题（每题3分）"],
    [1, "急救原则", "A：迅速；B：就地；C：准确", "A,B,C"],
    [2, "哪些属于", "A、甲，B、乙，C、丙", "A、C"],
    ["三、判断题"],
    [1, "应高挂低用。", None, "对"],
    [2, "湿手可触开关。", None, "F"],
    ["四、填空题"],
    [1, "方针是____、预防为主。", None, "安全第一"],
    [2, "方法是（ ）和（ ）。", None, "窒息；抑制"],
    [3, "指针应在____区。", None, "绿色|绿"],
    ["五、简答题"],
    [1, "简述急救步骤。", None, "先切断电源，再就地抢救。"],
]
SHEETS: dict[str, Rows] = {
    "说明": [["本题库供内部使用"]],
    "单选题": [["题号", "题干", "A", "B", "C", "答案"], [1, "1.不包括", "原因", "整改", "奖金", "c"]],
    "多选题": [
        ["题号", "题干", "备选答案A", "备选答案B", "备选答案C", "答案"],
        [1, "险种有", "医疗", "工伤", "彩票", "ＡＢ"],
    ],
    "判断题": [
        ["题号", "题干", "答案（对打√，错打×）"],
        [1, "享有产假。", "∨"],
        [2, "不付工资。", "误"],
        [3, "看不清。", "?"],
    ],
}
TWO_LINES: Rows = [
    ["序号", "题型", "试题", "选项", None, None, None, "正确答案"],
    [None, None, None, "A", "B", "C", "D", None],
    [1, "单选", "哪个", *FOUR, "【C】"],
    [2, "判断", "对吗", None, None, None, None, "错"],
]
MARKED: Rows = [
    ["题目内容", "选项", "标准答案"],
    ["1、（单选题）哪个", "①红②黄③绿", "②"],
    ["2、【多选】哪些", "(1)红 (2)黄 (3)绿", "①③"],
    ["3、[判断题]对吗", "A.对 B.错", "A"],
    ["4、哪个（单选）", "A.红, B.黄, C.绿", "B.黄"],
    ["5、从哪到哪", "A.红|B.黄|C.绿|D.蓝", "A-D"],
    ["6、没有选项", None, "BD"],
]
ENGLISH: Rows = [
    ["No.", "Question", "Choices", "Correct Answer", "Type", "Difficulty", "Score"],
    [1, "What is PPE?", "Personal Protective Equipment/Public Policy Entity/None", "None", "Single", 1, 2],
    [2, "Select extinguishers", "A. Water / B. CO2 / C. Petrol", "A/B", "Multiple", 2, 2],
    [3, "Fire needs oxygen", None, "TRUE", "True/False", 1, 2],
    [4, "Water freezes at ____ C", None, 0, "Fill in", 1, 2],
]  # fmt: skip
MERGED: Rows = [
    ["试题题型", "章节", "试题题干", "答案选项", "正确答案", "难易度"],
    ["单选题", "第一章", "方针是", "A.一 B.二 C.三", "A.一", "易"],
    [None, None, "目标是", "A.一 B.二 C.三", "B、二", "中"],
    ["判断题", "第二章", "应当培训（ ）", None, "正确", "难"],
]


@pytest.mark.parametrize(
    ("sheets", "expected"),
    [
        (
            {"题库": NUMBERED},
            {
                "题库1": "above_header",
                "题库3": ("single", "使用灭火器前应先（ ）。", ("拔销", "对准", "压把", "颠倒"), [0], []),
                "题库4": ("multiple", "安全色有（ ）", ("红", "黄", "紫", "绿"), [0, 1, 3], []),
                "题库5": ("multiple", "三级教育包括", ("公司级", "车间级", "班组级"), [0, 1, 2], []),
                "题库6": ("true_false", "登高可以不系安全带。", (), [False], []),
                "题库7": ("single", "答案写成文字", FOUR, [1], []),
                "题库8": "answer_beyond_options",
                "题库9": ("single", "答案像选项又像序号", ("2", "1", "4", "3"), [0], ["answer_by_position"]),
            },
        ),
        (
            {"S": SECTIONS},
            {
                "S1": "above_header",
                **dict.fromkeys(("S3", "S6", "S9", "S12", "S16"), "heading"),
                "S4": ("single", "伤害有（）种", ("两", "三", "四"), [0], []),
                "S5": ("single", "安全电压为", ("36V", "110V", "220V"), [0], []),
                "S7": ("multiple", "急救原则", ("迅速", "就地", "准确"), [0, 1, 2], []),
                "S8": ("multiple", "哪些属于", ("甲", "乙", "丙"), [0, 2], []),
                "S10": ("true_false", "应高挂低用。", (), [True], []),
                "S11": ("true_false", "湿手可触开关。", (), [False], []),
                "S13": ("fill_in", "方针是____、预防为主。", (), ["安全第一"], []),
                "S14": ("fill_in", "方法是（ ）和（ ）。", (), ["窒息；抑制"], ["several_blanks"]),
                "S15": ("fill_in", "指针应在____区。", (), ["绿色|绿"], ["answer_alternatives"]),
                "S17": ("essay", "简述急救步骤。", (), ["先切断电源，再就地抢救。"], []),
            },
        ),
        (
            SHEETS,
            {
                "说明1": "not_a_bank",
                "单选题2": ("single", "不包括", ("原因", "整改", "奖金"), [2], []),
                "多选题2": ("multiple", "险种有", ("医疗", "工伤", "彩票"), [0, 1], []),
                "判断题2": ("true_false", "享有产假。", (), [True], []),
                "判断题3": ("true_false", "不付工资。", (), [False], []),
                "判断题4": "answer_unreadable",
            },
        ),
        (
            {"S": TWO_LINES},
            {"S3": ("single", "哪个", FOUR, [2], []), "S4": ("true_false", "对吗", (), [False], [])},
        ),
        (
            {"S": MARKED},
            {
                "S2": ("single", "哪个", COLOURS, [1], []),
                "S3": ("multiple", "哪些", COLOURS, [0, 2], []),
                "S4": ("true_false", "对吗", (), [True], []),
                "S5": ("single", "哪个", COLOURS, [1], []),
                "S6": "answer_unreadable",
                "S7": "no_options",
            },
        ),
        (
            {"bank": ENGLISH},
            {
                "bank2": (
                    "single",
                    "What is PPE?",
                    ("Personal Protective Equipment", "Public Policy Entity", "None"),
                    [2],
                    ["options_unmarked"],
                ),
                "bank3": ("multiple", "Select extinguishers", ("Water", "CO2", "Petrol"), [0, 1], []),
                "bank4": ("true_false", "Fire needs oxygen", (), [True], []),
                "bank5": ("fill_in", "Water freezes at ____ C", (), ["0"], []),
            },
        ),
    ],
    ids=["numbered", "sections", "sheets", "two-lines", "marked", "english"],
)
def test_a_dialect(tmp_path: Path, sheets: dict[str, Rows], expected: dict[str, Any]):
    """Every row comes out word by word, or is refused with its reason; none is guessed in silence."""
    assert outcome(written(tmp_path / "b.xlsx", sheets)) == expected


def test_merged_cells_and_levels(tmp_path: Path):
    """A cell merged down the side counts for every row beside it; the bank's word for a level is kept."""
    merges = {"S": [("A2:A3", "单选题"), ("B2:B3", "第一章")]}
    reading = xlsx.read(written(tmp_path / "b.xlsx", {"S": MERGED}, merges), "b")
    assert [(one.kind, one.chapter, one.options, one.key, one.difficulty) for one in reading.drafts] == [
        ("single", "第一章", ("一", "二", "三"), [0], "易"),
        ("single", "第一章", ("一", "二", "三"), [1], "中"),
        ("true_false", "第二章", (), [True], "难"),
    ]


def written(
    path: Path, sheets: dict[str, Rows], merges: dict[str, list[tuple[str, str]]] | None = None
) -> Path:
    """Write a workbook."""
    book = xlsxwriter.Workbook(path, {"strings_to_formulas": False})
    for name, rows in sheets.items():
        sheet = book.add_worksheet(name)
        for at, row in enumerate(rows):
            for column, value in enumerate(row):
                if value is not None:
                    sheet.write(at, column, value)
        for place, text in (merges or {}).get(name, []):
            sheet.merge_range(place, text)
    book.close()
    return path


def outcome(path: Path) -> dict[str, Any]:
    """Return what became of each row, by sheet and row."""
    reading = xlsx.read(path, "b")
    told: dict[str, Any] = {
        f"{one.source.sheet}{one.source.row}": (one.kind, one.stem, one.options, one.key, codes(one))
        for one in reading.drafts
    }
    told |= {f"{one.source.sheet}{one.source.row}": one.reason.code for one in reading.refusals}
    assert len(told) == reading.rows
    return told
