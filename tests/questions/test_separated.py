"""Banks in CSV files: the same columns and judgements as in a spreadsheet."""

from __future__ import annotations

from pathlib import Path

import pytest

from lmscompliance.kernel.errors import InvalidInput
from lmscompliance.questions.draft import FileReading
from lmscompliance.questions.sources import read_all
from tests.questions.books import one, refused

BANK = "题型,题目,选项,答案\n单选题,火警电话是？,A.119|B.120,A\n判断题,火是热的。,,对\n"


def _read(tmp_path: Path, content: str | bytes, name: str = "电工.csv") -> FileReading:
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    ((_, reading),) = read_all([path])
    return reading


@pytest.mark.parametrize(
    "content",
    [
        BANK.encode(),
        BANK.encode("utf-8-sig"),
        BANK.encode("gbk"),
        BANK.encode("utf-16"),
        BANK.replace("\n", "\r\n").encode(),
        BANK.replace(",", ";").encode(),
        BANK.replace(",", "\t").encode(),
        BANK.replace(",", "，").encode(),
    ],
)
def test_encodings_and_separators(tmp_path: Path, content: bytes):
    """Whatever program wrote it, the file holds the same two questions."""
    reading = _read(tmp_path, content)
    first, second = reading.drafts
    assert (first.kind, first.stem, first.options, first.key) == (
        "single", "火警电话是？", ("119", "120"), [0],
    )  # fmt: skip
    assert (second.kind, second.key, second.source.row) == ("true_false", [True], 3)
    assert (reading.bank, reading.rows, reading.refusals) == ("电工", 2, ())


def test_quoted_cells_keep_separators_and_lines(tmp_path: Path):
    """A quoted cell may hold separators, doubled quotation marks and line ends; rows count as in a sheet."""
    reading = _read(
        tmp_path,
        '题目,选项,答案\n"甲,""乙""?","A.x\nB.y",B\n\n丙？,,\n',
    )
    assert one(FileReading("", "", 1, reading.drafts, ())).stem == '甲,"乙"?'
    assert reading.drafts[0].options == ("x", "y")
    assert refused(reading) == {4: "no_answer"}


def test_every_row_is_reported(tmp_path: Path):
    """A table that is no bank is refused row by row, as a sheet would be."""
    reading = _read(tmp_path, "姓名,部门\n张三,一车间\n李四,二车间\n")
    assert refused(reading) == {1: "not_a_bank", 2: "not_a_bank", 3: "not_a_bank"}


def test_formula_errors_are_refused(tmp_path: Path):
    """What a spreadsheet could not calculate is an error in its CSV too."""
    assert refused(_read(tmp_path, "题目,答案\n#REF!,对\n")) == {2: "cell_error"}


@pytest.mark.parametrize(
    ("content", "code", "line"),
    [
        ('题目,答案\n甲？,对\n"乙？,对\n丙？,错\n', "questions.csv_quotes", 4),
        ("题目,答案\n" + "," * 600, "questions.csv_too_wide", 2),
        ("题目,答案\n" + "\n" * 200_001 + "甲,对\n", "questions.csv_too_wide", 200_001),
    ],
)
def test_what_would_swallow_the_file(tmp_path: Path, content: str, code: str, line: int):
    """A quotation mark left open and a table beyond all bounds are one clear error with the line."""
    with pytest.raises(InvalidInput) as raised:
        _read(tmp_path, content)
    assert (raised.value.code, raised.value.params["line"]) == (code, line)
