"""The banks of a real provider, as they came."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import openpyxl
import pytest

from lmscompliance.questions.draft import Draft, FileReading
from lmscompliance.questions.formats import gift, xlsx
from tests.questions.books import REAL, codes, refused

NO_STEM = [25, 42, 44, 45, 64, 77, 85, 161, 173, 398, 626, 714, 720]

KINDS = {
    "安全管理员": {"true_false": 129, "single": 110, "multiple": 60},
    "电焊": {"true_false": 286, "single": 223, "multiple": 85},
    "低压电工作业": {"true_false": 375, "single": 295, "multiple": 64},
    "电梯司机": {"true_false": 413, "single": 300, "multiple": 123},
    "电焊数字类选择题": {"fill_in": 74},
    "职业道德": {"single": 8, "true_false": 5, "multiple": 2, "fill_in": 1},
    "防疫知识": {"single": 6, "true_false": 6, "multiple": 1, "numeric": 1, "matching": 1},
}


def _read(bank: str) -> FileReading:
    text = REAL / f"{bank}.gift.txt"
    return gift.read(text, bank) if text.exists() else xlsx.read(REAL / f"{bank}.xlsx", bank)


def _row(bank: str, row: int) -> Draft:
    return next(draft for draft in _read(bank).drafts if draft.source.row == row)


def _held(path: Path) -> int:
    """Count the rows that hold anything with another library, one header a filled sheet aside."""
    book = openpyxl.load_workbook(path, read_only=True)
    held = 0
    for sheet in book.worksheets:
        filled = sum(
            1
            for row in sheet.iter_rows(values_only=True)
            if any(v is not None and str(v).strip() for v in row)
        )
        held += max(filled - 1, 0)
    book.close()
    return held


@pytest.mark.filterwarnings("ignore:wmf image format:UserWarning")
@pytest.mark.parametrize("path", sorted(REAL.glob("*.xlsx")), ids=lambda path: path.stem)
def test_every_row_is_imported_or_refused(path: Path):
    """Each row that another reader finds anything in is either imported or refused, none twice."""
    reading = xlsx.read(path, path.stem)
    rows = [draft.source.row for draft in reading.drafts] + [r.source.row for r in reading.refusals]
    assert reading.rows == len(rows) == len(set(rows)) == _held(path)


@pytest.mark.parametrize("bank", KINDS)
def test_kinds(bank: str):
    """Each bank yields as many questions of each kind as its own column says, or as its answers show."""
    assert Counter(draft.kind for draft in _read(bank).drafts) == KINDS[bank]


def test_only_broken_rows_are_refused():
    """Nothing well-formed is refused: only the lift bank has rows without text, stubs and picture options."""
    stubs = {131: "stub_picture", 133: "stub_picture", 136: "stub_picture", 342: "options_are_pictures"}
    for bank in KINDS:
        expected = {**dict.fromkeys(NO_STEM, "no_stem"), **stubs} if bank == "电梯司机" else {}
        assert refused(_read(bank)) == expected


@pytest.mark.parametrize(("row", "stub"), [(132, 131), (134, 133), (137, 136)])
def test_what_follows_a_stub_waits_for_a_person(row: int, stub: int):
    """A question whose beginning stands in a stub above it is imported but flagged with the stub's row."""
    (flag,) = _row("电梯司机", row).flags
    assert (flag.code, flag.params) == ("after_stub", {"row": stub})


def test_only_doubtful_rows_are_flagged():
    """Outside the stubs only rows with a visible defect are flagged, each with its own reason."""
    flagged = {
        (bank, draft.source.row): codes(draft)
        for bank in KINDS
        for draft in _read(bank).drafts
        if draft.flags
    }
    assert flagged == {
        ("电梯司机", 132): ["after_stub"],
        ("电梯司机", 134): ["after_stub"],
        ("电梯司机", 137): ["after_stub"],
        ("低压电工作业", 170): ["option_letters"],
        ("低压电工作业", 732): ["option_letters"],
        ("电焊", 64): ["option_letters"],
        ("电焊", 181): ["option_letters"],
        ("电焊数字类选择题", 25): ["lost_text"],
        ("电焊数字类选择题", 46): ["lost_text"],
        ("电焊数字类选择题", 50): ["lost_text"],
        ("电焊数字类选择题", 54): ["lost_text"],
        ("电焊数字类选择题", 57): ["date_answer"],
        ("电焊数字类选择题", 58): ["date_answer"],
        ("电焊数字类选择题", 66): ["answer_gap"],
        ("电焊数字类选择题", 70): ["lost_text"],
    }


@pytest.mark.parametrize(
    ("bank", "row", "stem"),
    [
        ("电梯司机", 26, "2009年国务院对《特种设备安全监察条例》进行了修订"),
        ("电梯司机", 149, "2：1绕法的电梯，曳引钢丝绳的线速度"),
        ("电焊", 178, "8千克干粉灭火器的射程为（）米。"),
        ("电焊", 115, "1Cr18Ni9(T)i钢焊接应选用（）焊条。"),
        ("电焊", 203, "接零导线应有足缴的故面积"),
        ("电焊", 14, "根据《生产安全事故报告和调查处理条例》"),
        ("安全管理员", 178, "关于安全生产监督管理工作机制"),
        ("安全管理员", 269, "粉尘爆炸本身是一美特殊的燃烧现象"),
        ("低压电工作业", 55, "在三相四线制(380 V／220 V)线路上"),
        ("低压电工作业", 68, "1MΩ=（    ）Ω"),
        ("低压电工作业", 228, "220V灯具的离地安装高度"),
        ("电焊数字类选择题", 2, "一般用作过热器管等材料的抗氧化腐蚀速度指标"),
        ("电焊数字类选择题", 51, "电渣焊可焊接的最大厚度达()mm。"),
    ],
)
def test_running_numbers_go_and_stems_stay(bank: str, row: int, stem: str):
    """The running number is taken off whatever follows it, and nothing that belongs to the question."""
    assert _row(bank, row).stem.startswith(stem)


def test_a_verdict_left_behind_a_statement_is_removed():
    """A statement must not carry its own verdict: the bank left (F) behind one."""
    draft = _row("电焊", 554)
    assert draft.stem.endswith("散发在周围空间。")
    assert draft.key == [False]


@pytest.mark.parametrize(
    ("bank", "row", "options"),
    [
        ("低压电工作业", 57, ("30mA", "50mA", "100mA", "150 mA")),
        (
            "低压电工作业",
            31,
            ("口对口人工呼吸法", "体外心脏按压法", "口对鼻人工呼吸法", "A、B两种方法一起使用"),
        ),
        ("电焊", 264, ("CO", "CO2", "H2", "H2O")),
        ("电焊", 128, ("乙块（CzH2）", "丙烷（C3H3）", "丁烷（CAHA)", "丙烯（CsH6)")),
        ("电焊", 94, ("MZ-1000", "ZXM-250", "BX2-500", "BX3-400")),
        ("安全管理员", 276, ("3m", "4m", "5m", "6m")),
        ("安全管理员", 294, ("组织细胞死亡", "心跳停止，尚有呼吸", "呼吸停止，心跳尚存", "心跳、呼吸均停止")),
        ("电梯司机", 150, ("60％", "70％", "80％", "100％")),
        ("电梯司机", 389, ("0.35m×0.35m", "0.35m×0.40m", "0.35m×0.45m", "0.35m×0.50m")),
    ],
)
def test_options_survive_stray_separators(bank: str, row: int, options: tuple[str, ...]):
    """Separators put before every capital letter, or left out, do not damage the options."""
    assert _row(bank, row).options == options


def test_number_cells_read_as_a_person_sees_them():
    """1.0 is asked for as 1, a day without a year as the fraction that was typed; the original is kept."""
    assert [_row("电焊数字类选择题", row).key for row in (2, 3, 6, 69, 71)] == [
        ["0.1"], ["1"], ["1.5"], ["-182.96"], ["4000"],
    ]  # fmt: skip
    assert _row("电焊数字类选择题", 3).extras["answer_cell"] == "1.0"
    assert _row("电焊数字类选择题", 58).key == ["2/3"]
    assert _row("电焊数字类选择题", 57).key == ["2009年5月1日", "2009-05-01"]


def test_gift_questions_come_out_whole():
    """Escapes, missing words, tolerances and pairs of the two GIFT banks read as their author meant them."""
    ethics = {draft.title: draft for draft in _read("职业道德").drafts}
    health = {draft.title: draft for draft in _read("防疫知识").drafts}
    assert ethics["道德-16"].options == ("1 + 1 = 2", "1 + 1 = 3", "{2} ~ 3")
    assert ethics["道德-15"].stem == "文明生产要求工作现场 _____。"
    assert ethics["道德-15"].key == ["整洁有序", "整洁、有序"]
    assert ethics["道德-09"].key == [0, 1, 2]
    assert health["防疫-04"].key == [["37.3", "0.2"]]
    assert health["防疫-10"].key[1] == ["餐具", "高温消毒"]
    assert {draft.category for draft in ethics.values()} == {("职业道德",)}


@pytest.mark.parametrize("path", sorted(REAL.glob("*.xlsx")), ids=lambda path: path.stem)
def test_rows_read_as_a_person_reads_them(path: Path):
    """Rows from all over each bank, read by eye: kind, every word of stem and options, and the key."""
    expected = json.loads((REAL.parent / "题库.expected.json").read_text(encoding="utf-8"))[path.stem]
    drafts = {str(one.source.row): one for one in xlsx.read(path, path.stem).drafts}
    found = {row: drafts[row] for row in expected}
    assert {row: [one.kind, one.stem, list(one.options), one.key] for row, one in found.items()} == expected
