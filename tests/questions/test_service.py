"""Importing banks into both databases, again and again, and what an exam may draw of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from lmscompliance.documents import spreadsheet
from lmscompliance.kernel.errors import InvalidInput, NotFound
from lmscompliance.questions.models import Question, QuestionVersion
from lmscompliance.questions.service import (
    BankReport,
    awaiting,
    check_files,
    confirm,
    depth,
    drawable,
    import_paths,
)
from lmscompliance.services import Services
from lmscompliance.storage.transaction import reading
from tests.questions.books import REAL, workbook

HEADER = ["题型", "题目", "选项", "答案"]
SKILLS = "岗位技能"


def _bank(directory: Path, *rows: list[Any], name: str = "电工") -> Path:
    return workbook(directory / f"{name}.xlsx", {"Sheet1": [HEADER, *rows]})


def _import(services: Services, *paths: Path) -> BankReport:
    return import_paths(services, paths, topic=SKILLS)


def _stored(services: Services) -> list[Question]:
    with reading(services.database) as session:
        return list(session.scalars(select(Question).order_by(Question.id)))


def _drawn(services: Services, kind: str, topic: str = SKILLS) -> list[tuple[str, Any]]:
    with reading(services.database) as session:
        return [(question.stem, question.key) for question in drawable(session, topic, kind)]


def test_the_real_banks(services: Services):
    """All seven banks go in under their topics, and importing them again changes nothing."""
    first = import_paths(services, [REAL])
    assert (first.rows, first.imported, len(first.refused)) == (2585, 2568, 17)
    assert first.added == first.imported - len(first.duplicates)
    again = import_paths(services, [REAL])
    assert (again.added, again.changed, again.unchanged) == (0, 0, first.added)
    assert [f.to_json() for f in again.flagged] == [f.to_json() for f in first.flagged]
    with reading(services.database) as session:
        counted = depth(session, ["安全生产", SKILLS, "职业道德", "防疫知识"])
        waiting = awaiting(session)
        held = session.scalar(select(func.count()).select_from(Question))
    assert counted["职业道德", "single"] == 8
    assert counted["防疫知识", "matching"] == 1
    assert counted["安全生产", "multiple"] == 60
    assert len(waiting) == len(first.flagged)
    assert sum(counted.values()) == held - len(waiting)


def test_a_stubs_continuation_is_drawn_only_once_confirmed(services: Services):
    """The lift bank's flagged rows are never drawn until a person confirms them."""
    import_paths(services, [REAL / "电梯司机.xlsx"])
    stems = ("中，f是（    ）。", "中，α是（    ）。", "大，则电梯的曳引能力（    ）。")
    assert not {stem for stem, _ in _drawn(services, "single")} & set(stems)
    flagged = next(row for row in _stored(services) if row.stem == stems[0])
    confirm(services, flagged.id, account="inspector-7")
    assert {stem for stem, _ in _drawn(services, "single")} & set(stems) == {stems[0]}
    import_paths(services, [REAL / "电梯司机.xlsx"])
    kept = next(row for row in _stored(services) if row.id == flagged.id)
    assert (kept.confirmed_by, kept.confirmed_at) == ("inspector-7", services.clock.now())


def test_what_is_drawn_is_ordered_by_id_and_typed(services: Services, tmp_path: Path):
    """Drawable questions come ordered by id with options as a tuple and keys as indexes."""
    _import(services, _bank(tmp_path, ["单选题", "甲", "A.x|B.y", "B"], ["单选题", "乙", "A.x|B.y", "A"]))
    with reading(services.database) as session:
        questions = drawable(session, SKILLS, "single")
    assert [question.id for question in questions] == sorted(question.id for question in questions)
    assert {(q.stem, q.options, tuple(q.key), q.version) for q in questions} == {
        ("甲", ("x", "y"), (1,), 1),
        ("乙", ("x", "y"), (0,), 1),
    }


def test_a_corrected_key_is_a_new_version(services: Services, tmp_path: Path):
    """The same wording with another key revises the question and keeps what it was."""
    _import(services, _bank(tmp_path, ["单选题", "甲", "A.x|B.y", "B"]))
    report = _import(services, _bank(tmp_path, ["单选题", "甲", "A.x|B.y", "A"]))
    assert (report.added, report.changed, report.unchanged) == (0, 1, 0)
    (row,) = _stored(services)
    assert (row.version, row.key) == (2, [0])
    with reading(services.database) as session:
        (former,) = session.scalars(select(QuestionVersion))
    assert (former.question_id, former.version, former.content["key"]) == (row.id, 1, [1])


def test_corrected_options_are_a_new_version(services: Services, tmp_path: Path):
    """A stem that the bank holds once keeps its identity when its options change."""
    _import(services, _bank(tmp_path, ["单选题", "甲", "A.x|B.y", "B"], ["判断题", "乙", None, "对"]))
    report = _import(
        services, _bank(tmp_path, ["判断题", "乙", None, "对"], ["单选题", "甲", "A.x|B.z", "B"])
    )
    assert (report.added, report.changed, report.unchanged) == (0, 1, 1)


def test_a_gift_title_keeps_its_question(services: Services, tmp_path: Path):
    """A reworded question is the same one when its GIFT title stayed."""
    path = tmp_path / "b.gift"
    path.write_text("$CATEGORY: 职业道德\n\n::一::旧的说法{T}\n\n::二::别的{F}", encoding="utf-8")
    import_paths(services, [path])
    path.write_text("$CATEGORY: 职业道德\n\n::一::新的说法{F}\n\n::二::别的{F}", encoding="utf-8")
    assert (import_paths(services, [path]).changed, len(_stored(services))) == (1, 2)


def test_a_confirmation_does_not_outlive_the_wording(services: Services, tmp_path: Path):
    """A new version that is flagged has to be confirmed anew."""
    _import(services, _bank(tmp_path, ["多选题", "甲", "A.x|B.y", "B"]))
    (row,) = _stored(services)
    confirm(services, row.id)
    assert _drawn(services, "multiple") == [("甲", [1])]
    _import(services, _bank(tmp_path, ["多选题", "甲", "A.x|B.y", "A"]))
    assert _drawn(services, "multiple") == []


def test_duplicates_are_reported_and_kept_once(services: Services, tmp_path: Path):
    """The same question in other spacing, width or option order, here or in another bank, is stored once."""
    first = _bank(
        tmp_path, ["单选题", "1、甲（ ）", "A.x|B.y", "B"], ["单选题", "2、甲（  ）", "A.y|B.x", "A"]
    )
    second = _bank(tmp_path, ["单选题", "甲()", "A.x|B.y", "B"], name="另一题库")
    report = _import(services, first)
    assert (report.rows, report.imported, report.added) == (2, 2, 1)
    assert [finding.source.row for finding in report.duplicates] == [3]
    other = _import(services, second)
    assert (other.imported, other.added) == (1, 0)
    assert other.duplicates[0].reasons[0].params == {"file": "电工.xlsx", "sheet": "Sheet1", "row": 2}


def test_case_makes_another_question(services: Services, tmp_path: Path):
    """MΩ and mΩ are not the same question."""
    _import(
        services, _bank(tmp_path, ["填空题", "1MΩ等于（）Ω", None, 1], ["填空题", "1mΩ等于（）Ω", None, 1])
    )
    assert len(_stored(services)) == 2


def test_contradictions_are_flagged_on_both_sides(services: Services, tmp_path: Path):
    """Questions that read alike with different keys are all withheld, within a file and across banks."""
    report = _import(services, _bank(tmp_path, ["判断题", "甲", None, "对"], ["判断题", "甲", None, "错"]))
    assert [finding.source.row for finding in report.flagged] == [2, 3]
    _import(services, _bank(tmp_path, ["判断题", "乙", None, "对"], name="二"))
    assert _drawn(services, "true_false") == [("乙", [True])]
    across = _import(services, _bank(tmp_path, ["判断题", "乙", None, "错"], name="三"))
    assert [reason.code for reason in across.flagged[0].reasons] == ["contradicts"]
    assert _drawn(services, "true_false") == []


def test_topics_come_from_the_category_then_the_listing_then_the_caller(services: Services, tmp_path: Path):
    """A GIFT category wins over topics.toml, and topics.toml over the topic that was passed."""
    (tmp_path / "topics.toml").write_text(
        '"电工.xlsx" = "安全生产"\n"b.gift" = "防疫知识"\n', encoding="utf-8"
    )
    _bank(tmp_path, ["判断题", "甲", None, "对"])
    _bank(tmp_path, ["判断题", "乙", None, "对"], name="其他")
    text = "丙{T}\n\n$CATEGORY: $course$/top/公司题库/职业道德\n\n丁{T}"
    (tmp_path / "b.gift").write_text(text, encoding="utf-8")
    import_paths(services, [tmp_path], topic=SKILLS)
    assert {row.stem: row.topic for row in _stored(services)} == {
        "甲": "安全生产",
        "乙": SKILLS,
        "丙": "防疫知识",
        "丁": "职业道德",
    }


def test_a_bank_moved_to_another_topic(services: Services, tmp_path: Path):
    """A question whose topic changes moves as a new version and leaves nothing behind."""
    path = _bank(tmp_path, ["判断题", "甲", None, "对"])
    _import(services, path)
    report = import_paths(services, [path], topic="安全生产")
    assert (report.changed, [row.topic for row in _stored(services)]) == (1, ["安全生产"])


def test_without_a_topic_nothing_is_stored(services: Services, tmp_path: Path):
    """A bank that nothing assigns to a topic is refused as a whole, naming the file and the remedy."""
    with pytest.raises(InvalidInput) as caught:
        import_paths(services, [_bank(tmp_path, ["判断题", "甲", None, "对"])])
    assert "电工.xlsx" in caught.value.message("zh_CN")
    assert "--topic" in caught.value.message("en")
    assert _stored(services) == []


def test_confirming_what_is_not_there(services: Services):
    """Confirming an unknown question says so."""
    with pytest.raises(NotFound):
        confirm(services, "0" * 26)


def test_the_report_as_json():
    """A check reports figures and, for each row, where it stood, codes and a reason in the asked language."""
    report = check_files([REAL / "电梯司机.xlsx"])
    told = report.to_json()
    assert (told["rows"], told["imported"], len(told["refused"])) == (853, 836, 17)
    stub = next(entry for entry in told["refused"] if entry["row"] == 131)
    assert (stub["file"], stub["sheet"], stub["codes"]) == ("电梯司机.xlsx", "Sheet1", ["stub_picture"])
    assert "题号" in stub["reason"]
    assert "formula" in report.to_json("en")["refused"][7]["reason"]
    assert [entry["row"] for entry in told["flagged"]] == [132, 134, 137]


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("x.docx", b"", "questions.unknown_format"),
        ("x.xlsx", b"not a workbook", "documents.file_unreadable"),
        ("x.xls", b"", "documents.no_rows"),
        ("x.gift", b"// nobody asked anything\n", "documents.no_rows"),
        ("missing.xlsx", None, "questions.no_file"),
    ],
)
def test_files_that_cannot_be_read(tmp_path: Path, name: str, content: bytes | None, code: str):
    """A file that is missing, foreign or damaged is an error that names it."""
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InvalidInput) as caught:
        check_files([path])
    assert caught.value.code == code
    assert name in caught.value.message()


@pytest.mark.parametrize(
    "error", [RuntimeError("encrypted"), type("PanicException", (BaseException,), {})("range")]
)
def test_a_reader_that_breaks_down(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException):
    """A damaged file over which the spreadsheet library panics is unreadable, not a crash."""

    def broken(_data: object) -> None:
        raise error

    monkeypatch.setattr(spreadsheet.CalamineWorkbook, "from_filelike", broken, raising=True)
    with pytest.raises(InvalidInput) as caught:
        check_files([_bank(tmp_path, ["判断题", "甲", None, "对"])])
    assert caught.value.code == "documents.file_unreadable"


def test_a_directory_is_walked(tmp_path: Path):
    """Banks in subdirectories are found; lock files and other documents are nobody's bank."""
    (tmp_path / "甲").mkdir()
    _bank(tmp_path / "甲", ["判断题", "甲", None, "对"])
    (tmp_path / "~$电工.xlsx").write_bytes(b"lock")
    (tmp_path / "README.md").write_text("x")
    assert check_files([tmp_path]).files == ("电工.xlsx",)
    (tmp_path / "空").mkdir()
    with pytest.raises(InvalidInput):
        check_files([tmp_path / "空"])


def test_a_wrong_topics_file(tmp_path: Path):
    """A listing that is no TOML, or names something else than a topic, is an error that says where."""
    path = _bank(tmp_path, ["判断题", "甲", None, "对"])
    for content in ("电工 = ", '"电工.xlsx" = 3'):
        (tmp_path / "topics.toml").write_text(content, encoding="utf-8")
        with pytest.raises(InvalidInput) as caught:
            check_files([path])
        assert caught.value.code == "questions.bad_topics"
