"""An export: what it holds, that it repeats, and what stands there when it is interrupted."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest

from lmscompliance.evidence import reader
from lmscompliance.evidence.signer import LocalSigner
from lmscompliance.kernel import jcs
from lmscompliance.kernel.errors import NotFound
from lmscompliance.ledgers import assemble
from lmscompliance.ledgers.service import export
from lmscompliance.rules import ledger_table
from lmscompliance.services import Services
from lmscompliance.storage.transaction import reading
from lmscompliance.verifier import Verdict, bundle, verify
from tests.ledgers.miniature import CODE, Miniature
from tests.verifier.tamper import entries, take_apart

sqlite_only = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def test_an_export_verifies(
    services: Services, signer: LocalSigner, miniature: Miniature, tmp_path: Path
) -> None:
    """On both databases: workbook, bundle and trust file under the class's code, and the verdict is valid."""
    told: list[tuple[str, int, int]] = []
    done = export(services, signer, miniature.class_id, tmp_path / "out", lambda *step: told.append(step))
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names == [f"{CODE}.lmsev.zip", f"{CODE}.tlog-proof", f"{CODE}.trust", f"{CODE}.xlsx"]
    report = verify(done.bundle, done.trust.read_bytes())
    assert report.verdict is Verdict.VALID, "\n".join(report.lines("en"))
    assert take_apart(done.bundle)[bundle.LEDGER] == done.workbook.read_bytes()
    # The last step ends once all files have their names, not when their bytes are packed.
    assert [phase for phase, done_, total in told if done_ == total] == ["entries", "workbook", "bundle"]
    assert told[-1] == ("bundle", 1, 1)


@sqlite_only
def test_an_unchanged_class_gives_the_same_bytes(
    services: Services, signer: LocalSigner, miniature: Miniature, tmp_path: Path
) -> None:
    """A second export, days and other classes' entries later, has the same workbook and data files."""
    first = export(services, signer, miniature.class_id, tmp_path / "one")
    miniature.clock.advance(3 * 86400)
    other = Miniature(services, miniature.clock, class_id="0" * 26)
    other.record("class/other", "class.filed", {})
    second = export(services, signer, miniature.class_id, tmp_path / "two")
    assert second.workbook.read_bytes() == first.workbook.read_bytes()
    before, after = take_apart(first.bundle), take_apart(second.bundle)
    assert {name for name in before if before[name] != after[name]} == {
        bundle.MANIFEST,
        bundle.EXPORT_LEAF,
        bundle.EXPORT_PROOF,
        bundle.EXPORT_CONSISTENCY,
        bundle.CHECKPOINTS,
    }
    assert verify(second.bundle, second.trust.read_bytes()).verdict is Verdict.VALID


@sqlite_only
def test_a_changed_class_gives_a_new_snapshot(
    services: Services, signer: LocalSigner, miniature: Miniature, tmp_path: Path
) -> None:
    """What was recorded since is in the next export."""
    first = export(services, signer, miniature.class_id, tmp_path / "one")
    miniature.watch(3, 1, 90)
    second = export(services, signer, miniature.class_id, tmp_path / "two")
    assert second.snapshot != first.snapshot
    assert len(entries(take_apart(second.bundle))) > len(entries(take_apart(first.bundle)))
    assert verify(second.bundle, second.trust.read_bytes()).verdict is Verdict.VALID


@sqlite_only
def test_no_foreign_entry(
    services: Services, signer: LocalSigner, miniature: Miniature, tmp_path: Path
) -> None:
    """A bundle holds its own class's entries and nobody else's, each once."""
    other = Miniature(services, miniature.clock, class_id="0" * 26)
    other.record("class/other", "class.filed", {"secret": "of another class"})
    done = export(services, signer, miniature.class_id, tmp_path)
    found = entries(take_apart(done.bundle))
    assert {leaf.class_id for _, leaf in found} == {miniature.class_id}
    assert len({entry.index for entry, _ in found}) == len(found)
    assert b"of another class" not in b"".join(take_apart(done.bundle).values())


@sqlite_only
def test_no_personal_value_in_a_leaf(
    services: Services, signer: LocalSigner, miniature: Miniature, tmp_path: Path
) -> None:
    """Names, numbers, phones and addresses stand in the disclosures alone."""
    files = take_apart(export(services, signer, miniature.class_id, tmp_path).bundle)
    for secret in ("王建国", "11010519491231002X", "13800138000", "10.0.0.1", "关于岗位技能"):
        assert secret.encode() in files[bundle.DISCLOSURES]
        assert all(
            secret.encode() not in data for name, data in files.items() if name.endswith("entries.ndjson")
        )


@sqlite_only
def test_T10_the_figures_by_hand(
    services: Services, signer: LocalSigner, miniature: Miniature, tmp_path: Path
) -> None:
    """What the miniature class did, added up without the product."""
    book = openpyxl.load_workbook(export(services, signer, miniature.class_id, tmp_path).workbook)
    assert book.sheetnames == [
        "封面", "①学员签到注册记录", "②学习记录明细", "③学习汇总", "④考核内容", "⑤考核成绩册", "教学计划",
    ]  # fmt: skip
    cover = {row[i].value: row[i + 1].value for row in book["封面"].iter_rows() for i in (0, 2)}
    assert (cover["报名人数"], cover["已实名激活人数"], cover["完成培训人数"]) == (5, 4, 3)
    assert (cover["考核合格人数"], cover["符合补贴条件人数"], cover["学习记录(次)"]) == (2, 2, 14)
    # Wall: 4×90+20, 3×95+(95+60), 4×90, 40; credited: 4×90 thrice and 40.
    assert cover["总学习时长(分)"] == pytest.approx((380 + 440 + 360 + 40) / 60)
    assert cover["有效时长(分)"] == pytest.approx((3 * 360 + 40) / 60)
    rows = book["封面"].iter_rows()
    excluded = {row[0].value: row[2].value for row in rows if isinstance(row[2].value, int)}
    assert {name: excluded[name] for name in ("重复学习", "超出课时长", "无心跳", "扣除合计")} == {
        "重复学习": 20, "超出课时长": 15, "无心跳": 65, "扣除合计": 100,
    }  # fmt: skip
    results = [[cell.value for cell in row] for row in book["⑤考核成绩册"].iter_rows(min_row=4)]
    assert [(row[1], row[5], row[10], row[13], row[14], row[15]) for row in results] == [
        ("王建国", 100, None, 100, "合格", "可以"),
        ("李晓梅", 50, 75, 75, "合格", "可以"),
        ("=1+1", 0, 50, 50, "不合格", "不可以"),
        ("阿不都·热合曼", None, None, None, "未考核", "不可以"),
        ("欧阳静", None, None, None, "未考核", "不可以"),
    ]
    questions = [[cell.value for cell in row] for row in book["④考核内容"].iter_rows(min_row=11)]
    assert [(row[1], row[7][3:], row[8], row[9]) for row in questions] == [
        ("bank-0000（1）", "乙", 5, 4),
        ("bank-0001（1）", "乙", 5, 4),
        ("bank-0002（1）", "乙", 5, 2),
        ("bank-0003（1）", "乙", 5, 1),
    ]


@sqlite_only
def test_T25_W15_sheet_2_is_searched_by_person_day_course_and_address_and_leads_to_its_records(
    services: Services, signer: LocalSigner, miniature: Miniature, tmp_path: Path
) -> None:
    """Its filter spans all of them, and each row's number names entries of its trainee in the bundle."""
    done = export(services, signer, miniature.class_id, tmp_path)
    sheet = openpyxl.load_workbook(done.workbook)["②学习记录明细"]
    heading, *rows = sheet.iter_rows(min_row=3, values_only=True)
    sessions = [row for row in rows if isinstance(row[0], int)]
    assert {"姓名", "身份证号", "课程", "日期", "IP", "记录编号"} <= set(heading)
    last = sheet.cell(3, len(heading)).column_letter
    assert sheet.auto_filter.ref == f"A3:{last}{3 + len(sessions)}"
    told: dict[str, set[str]] = {}
    for _, leaf in entries(take_apart(done.bundle)):
        if leaf.t in {"session.opened", "session.segment", "session.closed"}:
            told.setdefault(leaf.body["session"], set()).add(leaf.stream)
    number, person = heading.index("记录编号"), heading.index("身份证号")
    assert {row[number] for row in sessions} == told.keys()
    assert all(len(streams) == 1 for streams in told.values())
    learners = {(row[person], *told[row[number]]) for row in sessions}
    assert len(learners) == len({one for one, _ in learners}) == len({stream for _, stream in learners})


@sqlite_only
def test_the_platform_is_declared_once(
    services: Services, signer: LocalSigner, miniature: Miniature, tmp_path: Path
) -> None:
    """Its name and recognition number are evidence; only a change makes another entry."""
    export(services, signer, miniature.class_id, tmp_path)
    done = export(services, signer, miniature.class_id, tmp_path)
    declared = [leaf for _, leaf in entries(take_apart(done.bundle)) if leaf.t == "platform.declared"]
    assert [leaf.body for leaf in declared] == [{"name": "未命名平台", "recognition_number": ""}]


@sqlite_only
def test_an_unknown_class(services: Services, signer: LocalSigner, tmp_path: Path) -> None:
    """It is refused and nothing is written."""
    with pytest.raises(NotFound):
        export(services, signer, "0" * 26, tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []


@sqlite_only
def test_an_interrupted_export_leaves_the_earlier_one(
    services: Services,
    signer: LocalSigner,
    miniature: Miniature,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """If the process dies after the digests were recorded, the old files stand and the next one is whole."""
    out = tmp_path / "out"
    first = export(services, signer, miniature.class_id, out)
    old = first.bundle.read_bytes()
    miniature.watch(3, 1, 90)
    with monkeypatch.context() as patch:
        patch.setattr(assemble, "write_archive", _dies)
        with pytest.raises(KeyboardInterrupt):
            export(services, signer, miniature.class_id, out)
    assert first.bundle.read_bytes() == old
    assert len(list(out.iterdir())) == 4
    again = export(services, signer, miniature.class_id, out)
    assert verify(again.bundle, again.trust.read_bytes()).verdict is Verdict.VALID


def _dies(*_: object) -> None:
    raise KeyboardInterrupt


@sqlite_only
def test_a_running_class_can_be_exported(
    services: Services, signer: LocalSigner, miniature: Miniature, tmp_path: Path
) -> None:
    """An open session and an open attempt are shown as such, and the verdict is plain valid."""
    miniature.watch(3, 1, 60, end=False)
    done = export(services, signer, miniature.class_id, tmp_path)
    assert verify(done.bundle, done.trust.read_bytes()).verdict is Verdict.VALID
    detail = openpyxl.load_workbook(done.workbook)["②学习记录明细"]
    assert any("未结束" in str(row[9].value) for row in detail.iter_rows(min_row=4))


@sqlite_only
def test_a_class_nobody_enrolled_in(services: Services, signer: LocalSigner, clock, tmp_path: Path) -> None:
    """An empty ledger is a ledger."""
    made = Miniature(services, clock)
    made.file()
    done = export(services, signer, made.class_id, tmp_path)
    assert verify(done.bundle, done.trust.read_bytes()).verdict is Verdict.VALID


@sqlite_only
def test_erased_values_leave_a_ledger_with_a_finding(
    services: Services, signer: LocalSigner, miniature: Miniature, tmp_path: Path
) -> None:
    """Once disclosures are erased, a new export marks the cells and every total still verifies."""
    from lmscompliance.storage.transaction import transaction
    from tests.support.erasure import erase

    with transaction(services.database) as session:
        erase(session, services, miniature.class_id, ["name", "phone", "answers"])
    done = export(services, signer, miniature.class_id, tmp_path)
    report = verify(done.bundle, done.trust.read_bytes())
    assert report.verdict is Verdict.VALID_WITH_FINDINGS, "\n".join(report.lines("en"))
    assert {"withheld", "cells_withheld", "grade_unchecked"} == {remark.code for remark in report.findings}
    register = openpyxl.load_workbook(done.workbook)["①学员签到注册记录"]
    assert {row[1].value for row in register.iter_rows(min_row=4)} == {"〔未披露〕"}


@sqlite_only
def test_the_recorded_digests(
    services: Services, signer: LocalSigner, miniature: Miniature, tmp_path: Path
) -> None:
    """``export.recorded`` binds the files to the snapshot and the data checkpoint."""
    done = export(services, signer, miniature.class_id, tmp_path)
    body = jcs.decode(take_apart(done.bundle)[bundle.EXPORT_LEAF])
    assert isinstance(body, dict)
    recorded = body["body"]
    assert isinstance(recorded, dict)
    assert (recorded["snapshot"], recorded["data_size"]) == (done.snapshot, done.size)
    with reading(services.database) as session:
        counts = {stream: count for stream, count, _ in reader.stream_heads(session, miniature.class_id)}
    stream = f"class/{miniature.class_id}"
    assert (body["stream"], body["n"]) == (stream, counts[stream] - 1)


@sqlite_only
def test_a_sheet_that_is_too_long_goes_on_and_still_verifies(
    services: Services,
    signer: LocalSigner,
    miniature: Miniature,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The verifier follows from sheet to sheet, and misses one that was taken away."""
    monkeypatch.setattr(ledger_table, "MAX_ROWS", 40)
    whole = export(services, signer, miniature.class_id, tmp_path / "whole")
    monkeypatch.setattr(ledger_table, "MAX_ROWS", 9)
    split = export(services, signer, miniature.class_id, tmp_path / "split")
    book = openpyxl.load_workbook(split.workbook)
    assert "②学习记录明细（续1）" in book.sheetnames
    assert any("（续1）" in str(row[0].value) for row in book["封面"].iter_rows())
    trust = split.trust.read_bytes()
    report = verify(split.bundle, trust)
    assert report.verdict is Verdict.VALID, "\n".join(report.lines("en"))
    assert verify(split.bundle, trust, whole.workbook).verdict is Verdict.INVALID
