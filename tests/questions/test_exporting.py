"""What goes out of a bank comes back as it was, and coming back it changes nothing."""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from lmscompliance.kernel.errors import Conflict, InvalidInput, NotFound
from lmscompliance.questions.draft import Draft, FileReading, Source
from lmscompliance.questions.formats import exported_sheet, gift, gift_writing, xlsx
from lmscompliance.questions.formats.text import clean
from lmscompliance.questions.models import Question, QuestionVersion
from lmscompliance.questions.service import confirm, export, import_paths
from lmscompliance.services import Services
from lmscompliance.storage.transaction import reading
from tests.questions.books import REAL, refused, workbook

TOPIC = "岗位技能"
DAY = datetime(2026, 3, 1, tzinfo=UTC)

characters = st.characters(categories=("L", "N", "P", "S"))
signs = st.sampled_from([*"\\~=#{}:[]/*%-><n+ \n1AB.、()（）《》&;'\"", "->", "[html]", "%50%", "//", "<b>"])
texts = (
    st.lists(st.one_of(characters, signs), min_size=1, max_size=12)
    .map(lambda parts: clean("".join(parts)))
    .filter(lambda text: bool(text) and clean(text) == text and not text.startswith("<r>"))
)
# An arrow is written as HTML, which joins the blanks around a line end.
flat = texts.map(lambda text: " ".join(text.split())).filter(bool)
lists = st.lists(flat, min_size=2, max_size=6, unique=True)
numbers = st.decimals(-1000, 1000, places=3).map(lambda n: format(n.normalize() + 0, "f"))
tolerances = st.decimals(0, 10, places=2).map(lambda n: format(n.normalize() + 0, "f"))


@st.composite
def drafts(draw: st.DrawFn) -> Draft:
    """Draw a question of any kind."""
    kind = draw(
        st.sampled_from(["single", "multiple", "true_false", "fill_in", "numeric", "matching", "essay"])
    )
    options: list[str] = draw(lists)
    key: list[Any] = [draw(st.integers(0, len(options) - 1))]
    if kind == "multiple":
        key = sorted(draw(st.sets(st.integers(0, len(options) - 1), min_size=1)))
    elif kind == "true_false":
        options, key = [], [draw(st.booleans())]
    elif kind == "fill_in":
        options, key = [], options
    elif kind == "numeric":
        options, key = [], [list(draw(st.tuples(numbers, tolerances)))]
    elif kind == "essay":
        options, key = [], draw(st.lists(texts, max_size=1))
    elif kind == "matching":
        lefts = draw(st.lists(flat, min_size=2, max_size=len(options), unique=True))
        key = [[left, options[at]] for at, left in enumerate(lefts)]
    title = draw(st.one_of(st.just(""), flat))
    return Draft(Source("b", "", 1), kind, draw(texts), key, tuple(options), (TOPIC,), title=title)


def _back(form: str, questions: list[Draft]) -> FileReading:
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / f"b.{form}"
        if form == "gift":
            path.write_text(gift_writing.write(questions), encoding="utf-8")
            return gift.read(path, "b")
        exported_sheet.write(path, questions, DAY)
        return xlsx.read(path, "b")


def _content(draft: Draft) -> tuple[Any, ...]:
    return (draft.kind, draft.stem, draft.options, draft.key, draft.category, draft.title)


@pytest.mark.parametrize("form", ["gift", "xlsx"])
@given(questions=st.lists(drafts(), min_size=1, max_size=4))
def test_whatever_goes_out_comes_back(form: str, questions: list[Draft]):
    """Kind, stem, options, key, topic and title survive both formats, whatever signs they hold."""
    back = _back(form, questions)
    assert refused(back) == {}
    assert [_content(draft) for draft in back.drafts] == [_content(draft) for draft in questions]
    assert back.exported


@pytest.mark.parametrize("form", ["gift", "xlsx"])
@pytest.mark.parametrize("sign", ["[html]", "%50%", "//", "::", "$CATEGORY: x", "->", "{}", "=", "~", "#"])
def test_signs_of_a_format_are_only_text(form: str, sign: str):
    """A stem, title, option or side that is itself a sign of GIFT comes back as that text."""
    place, options = Source("b", "", 1), (sign, "乙", f"{sign}丙")
    pairs = [["甲", "乙"], [sign, sign]]
    questions = [
        Draft(place, "multiple", sign, [0, 2], options, (TOPIC,), title=sign),
        Draft(place, "matching", f"{sign}丁", pairs, ("乙", sign, f"{sign}丙"), (TOPIC,)),
        Draft(place, "fill_in", f"戊{sign}", [sign, "己"], (), (TOPIC,), title="庚"),
    ]
    assert [_content(draft) for draft in _back(form, questions).drafts] == [*map(_content, questions)]


def _stored(services: Services) -> list[dict[str, Any]]:
    with reading(services.database) as session:
        rows = session.scalars(select(Question).order_by(Question.id))
        return [{c.name: getattr(row, c.name) for c in Question.__table__.columns} for row in rows]


@pytest.mark.parametrize("form", ["xlsx", "gift"])
@pytest.mark.parametrize("name", ["另存", "电焊"])
def test_an_exported_bank_changes_nothing(services: Services, tmp_path: Path, form: str, name: str):
    """The real banks, exported and imported again under any name, leave every row as it was."""
    import_paths(services, [REAL])
    before = _stored(services)
    for topic in sorted({row["topic"] for row in before}):
        own = [row for row in before if row["topic"] == topic]
        done = export(services, tmp_path / f"{name}.{form}", topic=topic, form=form)
        assert done.exported + done.waiting == len(own)
        assert done.unwritable == ()
        report = import_paths(services, [done.path])
        assert (report.added, report.changed, report.unchanged) == (0, 0, done.exported)
        assert report.refused == report.duplicates == ()
        done.path.unlink()
    assert _stored(services) == before
    with reading(services.database) as session:
        assert session.scalars(select(QuestionVersion)).all() == []


def _bank(directory: Path, *rows: list[Any]) -> Path:
    return workbook(directory / "电工.xlsx", {"Sheet1": [["题型", "题目", "选项", "答案"], *rows]})


def test_what_waits_is_left_out_until_confirmed(services: Services, tmp_path: Path):
    """A flagged question stays at home: the file could not say that it is doubtful."""
    path = _bank(tmp_path, ["单选题", "甲", "A.x|B.y", "B"], ["单选题", "如图，乙是", "A.x|B.y", "A"])
    import_paths(services, [path], topic=TOPIC)
    first = export(services, tmp_path / "a.xlsx", topic=TOPIC)
    assert (first.exported, first.waiting) == (1, 1)
    flagged = next(row["id"] for row in _stored(services) if row["flagged"])
    confirm(services, flagged)
    before = _stored(services)
    assert export(services, tmp_path / "b.xlsx", topic=TOPIC).exported == 2
    import_paths(services, [tmp_path / "b.xlsx"])
    assert _stored(services) == before


def test_a_corrected_export_is_a_new_version(services: Services, tmp_path: Path):
    """Someone who corrects a key in the exported file and imports it as the bank revises the question."""
    import_paths(services, [_bank(tmp_path, ["单选题", "甲", "A.x|B.y", "B"])], topic=TOPIC)
    path = tmp_path / "电工.gift"
    export(services, path, topic=TOPIC, form="gift", bank="电工")
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("~x", "=x").replace("=y", "~y"), encoding="utf-8")
    report = import_paths(services, [path])
    assert (report.added, report.changed) == (0, 1)
    (row,) = _stored(services)
    assert (row["version"], row["key"]) == (2, [0])


def test_what_a_format_cannot_hold_is_told(services: Services, tmp_path: Path):
    """A text longer than a cell is left out of a workbook and named; GIFT holds it."""
    long = "长" * 33_000
    bank = tmp_path / "b.gift"
    bank.write_text(f"甲{{T}}\n\n{long}{{F}}\n", encoding="utf-8")
    import_paths(services, [bank], topic=TOPIC)
    done = export(services, tmp_path / "b.xlsx", topic=TOPIC)
    (wanted,) = [row["id"] for row in _stored(services) if row["stem"] == long]
    assert (done.exported, done.unwritable) == (1, (wanted,))
    assert export(services, tmp_path / "c.gift", topic=TOPIC, form="gift").exported == 2


def test_exports_that_are_refused(services: Services, tmp_path: Path):
    """Nothing is overwritten, and a topic, directory or format that is not there is named."""
    import_paths(services, [_bank(tmp_path, ["判断题", "甲", None, "对"])], topic=TOPIC)
    with pytest.raises(Conflict):
        export(services, tmp_path / "电工.xlsx", topic=TOPIC)
    with pytest.raises(NotFound):
        export(services, tmp_path / "a.xlsx", topic="职业道德")
    with pytest.raises(InvalidInput):
        export(services, tmp_path / "no" / "a.xlsx", topic=TOPIC)
    with pytest.raises(InvalidInput):
        export(services, tmp_path / "a.pdf", topic=TOPIC, form="pdf")
    assert not list(tmp_path.glob("a.*")) + list(tmp_path.glob(".export-*"))


@pytest.mark.parametrize(
    ("kind", "cells", "code"),
    [
        ("单选题", {"题目": "甲", "选项A": "x", "选项B": "y"}, "no_answer"),
        ("单选题", {"选项A": "x", "选项B": "y", "答案": "A"}, "no_stem"),
        ("单选题", {"题目": "甲", "选项A": "x", "答案": "A"}, "one_option"),
        ("单选题", {"题目": "甲", "选项A": "x", "选项B": "y", "答案": "C"}, "answer_beyond_options"),
        ("单选题", {"题目": "甲", "选项A": "x", "选项B": "y", "答案": "A、B"}, "answer_unreadable"),
        ("判断题", {"题目": "甲", "答案": "大概"}, "answer_unreadable"),
        ("数值题", {"题目": "甲", "答案": "三"}, "gift_not_a_number"),
        ("配对题", {"题目": "甲", "选项A": "x", "答案": "A"}, "answer_unreadable"),
        ("连线题", {"题目": "甲", "答案": "x"}, "unsupported_kind"),
    ],
)
def test_an_exported_row_that_somebody_broke(tmp_path: Path, kind: str, cells: dict[str, str], code: str):
    """Each row of an edited export is imported or refused with its reason."""
    head = [exported_sheet.MARK, *cells]
    path = workbook(tmp_path / "b.xlsx", {"题库": [head, [kind, *cells.values()]]})
    assert refused(xlsx.read(path, "b")) == {2: code}
