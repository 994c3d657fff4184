"""Aiken as Moodle documents it, and as people write it."""

from __future__ import annotations

from pathlib import Path

import pytest

from lmscompliance.questions.draft import FileReading
from lmscompliance.questions.service import check_files
from lmscompliance.questions.sources import read_all
from tests.questions.books import codes, one, refused


def _read(tmp_path: Path, text: str, name: str = "bank.txt") -> FileReading:
    path = tmp_path / name
    path.write_bytes(text.encode("utf-8"))
    ((_, reading),) = read_all([path])
    return reading


def test_moodles_own_example(tmp_path: Path):
    """Both markers of options are read, blank lines or not, and each question keeps its line."""
    reading = _read(
        tmp_path,
        "What is the correct answer to this question?\r\nA. Is it this one?\r\nB. Maybe this answer?\r\n"
        "C. Possibly this one?\r\nANSWER: C\r\n\r\n\r\n"
        "Which LMS has the most quiz import formats?\r\nA) Moodle\r\nB) ATutor\r\nANSWER: A\r\n",
    )
    first, second = reading.drafts
    assert (first.source.row, first.kind, first.key) == (1, "single", [2])
    assert first.options == ("Is it this one?", "Maybe this answer?", "Possibly this one?")
    assert (second.source.row, second.options, second.key) == (8, ("Moodle", "ATutor"), [0])
    assert (reading.bank, reading.rows, codes(first)) == ("bank", 2, [])


@pytest.mark.parametrize(
    ("text", "kind", "options", "key"),
    [
        ("题？\nA. 甲\nB. 乙\nC. 丙\nANSWER: A, C\n", "multiple", ("甲", "乙", "丙"), [0, 2]),
        ("题？\nＡ．甲\nＢ．乙\n答案：Ｂ\n", "single", ("甲", "乙"), [1]),
        ("题？\nA. 甲\nB. 乙\nAnswer: b", "single", ("甲", "乙"), [1]),
        ("火是热的。\nA. 正确\nB. 错误\nANSWER: A\n", "true_false", (), [True]),
        ("Fire is cold.\nA) True\nB) False\nANSWER: B\n", "true_false", (), [False]),
        ("{a} = b?\nA. {x}\nB. ~y\nANSWER: A\n", "single", ("{x}", "~y"), [0]),
        ("题？\nA. 甲\n第二行\nB. 乙\nANSWER: B\n", "single", ("甲\n第二行", "乙"), [1]),
    ],
)
def test_questions(tmp_path: Path, text: str, kind: str, options: tuple[str, ...], key: list[object]):
    """Letters of any width, several of them, and right and wrong give the kind and key they mean."""
    draft = one(_read(tmp_path, text))
    assert (draft.kind, draft.options, draft.key, codes(draft)) == (kind, options, key, [])


def test_a_stem_of_several_lines_and_a_remark(tmp_path: Path):
    """Lines above the options are the stem, a letter among them included; an explanation is kept."""
    draft = one(_read(tmp_path, "看：\nB. 不是选项\n\n是哪个？\nA. 甲\nB. 乙\nANSWER: A\n解析：因为。\n"))
    assert draft.stem == "看：\nB. 不是选项\n是哪个？"
    assert draft.extras["general_feedback"] == "因为。"


def test_each_broken_question_is_refused_alone(tmp_path: Path):
    """A missing answer, options or stem costs that question and not the next one."""
    reading = _read(
        tmp_path,
        "一？\nA. 甲\nB. 乙\n\n二？\nA. 甲\nB. 乙\nANSWER: A\n\n三？\nANSWER: B\n\nANSWER: B\n\n"
        "四？\nA. 甲\nB. 乙\nANSWER: D\n\n五？\nA. 甲\nB. 乙\nANSWER:\n\n六？\nA. 甲\nANSWER: A\n",
    )
    assert [draft.stem for draft in reading.drafts] == ["二？"]
    assert refused(reading) == {
        1: "no_answer", 10: "no_options", 13: "no_stem", 15: "answer_beyond_options", 20: "no_answer",
        25: "one_option",
    }  # fmt: skip
    assert reading.rows == len(reading.drafts) + len(reading.refusals)


def test_a_skipped_letter_is_flagged(tmp_path: Path):
    """An option that may be missing makes a person look."""
    draft = one(_read(tmp_path, "题？\nA. 甲\nC. 丙\nANSWER: C\n"))
    assert (draft.key, codes(draft)) == ([1], ["option_letters"])


def test_gift_is_not_taken_for_aiken(tmp_path: Path):
    """A text file is GIFT unless an answer line stands below an option, or its name says Aiken."""
    assert one(_read(tmp_path, "题？{=甲 ~乙}\n")).key == [0]
    assert refused(_read(tmp_path, "题？{=甲 ~乙}\n", "bank.aiken")) == {1: "no_answer"}
    report = check_files([tmp_path])
    assert (report.rows, report.imported) == (2, 1)


def test_chinese_encodings(tmp_path: Path):
    """A file in GBK reads like one in UTF-8."""
    path = tmp_path / "bank.aiken.txt"
    path.write_bytes("哪个是火灾报警电话？\nA. 一一九\nB. 一二零\nANSWER: A\n".encode("gbk"))
    ((_, reading),) = read_all([path])
    assert (one(reading).options, reading.bank) == (("一一九", "一二零"), "bank")
