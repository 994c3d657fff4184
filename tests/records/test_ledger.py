"""Reported sessions in the ledger, at the verifier and on pages: apart from live ones."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import openpyxl
import pytest
from click.testing import CliRunner

from lmscompliance.completion import service as completion
from lmscompliance.evidence.signer import LocalSigner
from lmscompliance.kernel.clock import ManualClock
from lmscompliance.kernel.errors import Conflict
from lmscompliance.ledgers.service import export
from lmscompliance.policy import Catalogue
from lmscompliance.records.service import Source, import_records
from lmscompliance.rules.class_life import CLOSED
from lmscompliance.services import Services
from lmscompliance.storage.transaction import reading, transaction
from lmscompliance.training import activation, codes, queries
from lmscompliance.verifier import Verdict, verify
from tests.records.conftest import CODE, Course, open_course, stamp
from tests.records.test_moodle import ROWS, _csv, _row
from tests.records.test_statements import _statement
from tests.support.app import administrator, client_for, make_app, trainee

ONCE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
SHEET = "转入记录"


def test_a_ledger_shows_them_apart_and_the_verifier_finds_them(course: Course, tmp_path: Path) -> None:
    """On both databases: a sheet of their own, ② and ③ untouched, every cell recomputed, one finding."""
    course.take(course.write(_csv(ROWS)))
    signer = LocalSigner.load_or_create(tmp_path / "signer", "example.com/log")
    done = export(course.services, signer, course.class_id, tmp_path / "out")
    book = openpyxl.load_workbook(done.workbook)
    rows = [[cell.value for cell in row] for row in book[SHEET].iter_rows(min_row=4)]
    assert [row[9] for row in rows[:2]] == [56, 0]
    assert rows[0][1] == "张三丰"
    assert rows[0][4] == "张三丰"
    assert rows[0][11] == "10.0.0.1"
    assert rows[0][10] == 0
    assert rows[-1][:2] == ["合计", "2 次"]
    assert book["②学习记录明细"].max_row == 4
    report = verify(done.bundle, done.trust.read_bytes())
    assert report.verdict is Verdict.VALID_WITH_FINDINGS
    assert [one.code for one in report.findings] == ["late_imports"]
    assert report.findings[0].params == {"count": 2, "seconds": 3360, "counted": 0}


def _statements(form: str, start: int, end: int, title: str) -> list[object]:
    """Return what an xAPI or a cmi5 system states of a stretch of one activity."""
    length = f"PT{end - start}S"
    if form == "xapi":
        return [_statement(end + 1, end, "experienced", duration=length, title=title)]
    said = {"session": f"s{start}", "title": title}
    return [
        _statement(2 * end + 1, start, "initialized", **said),
        _statement(2 * end + 2, end, "terminated", duration=length, **said),
    ]


@ONCE
@pytest.mark.parametrize("form", ["moodle-log", "xapi", "cmi5"])
def test_a_policy_that_credits_them_is_followed_from_the_file_to_the_verifier(
    services: Services, clock: ManualClock, tmp_path: Path, form: str
) -> None:
    """What counts completes a lesson and stands apart from live time; the rest is shown as not counted."""
    notice = services.policies.get("liusu-youji-2021").supposing(
        {"reported.credited": True, "credit.daily_cap_seconds": 2400}
    )
    course = open_course(replace(services, policies=Catalogue([notice])), clock, tmp_path)
    # 25 min of lesson 3 and 20 of lesson 4 on one day; lesson 3 again on the next; a page of no lesson.
    seen = [(0, 1500, "课件3"), (1500, 2700, "课件4"), (90_000, 91_200, "课件3"), (200_000, 200_000, "首页")]
    if form == "moodle-log":
        rows = [
            _row(stamp(at), context=f"页面: {title}") for start, end, title in seen for at in (start, end)
        ]
        course.take(course.write(_csv(rows)))
    else:
        text = json.dumps([one for part in seen for one in _statements(form, *part)])
        course.take(course.write(text, "s.json"), form)
    with reading(course.services.database) as session:
        enrolment = queries.roster(session, course.class_id)[0].id
    status = completion.status(course.services, course.class_id, enrolment)
    seconds = {one.lesson.ordinal: one.credited_seconds for one in status.training.lessons}
    assert (seconds[3], seconds[4], status.account.credited_seconds) == (1800, 900, 0)
    assert status.training.total_hours == 1
    signer = LocalSigner.load_or_create(tmp_path / "signer", "example.com/log")
    done = export(course.services, signer, course.class_id, tmp_path / "out")
    book = openpyxl.load_workbook(done.workbook)
    rows = [[cell.value for cell in row] for row in book[SHEET].iter_rows(min_row=4)]
    assert [(row[5][-3:], row[9], row[10]) for row in rows[:-1]] == [
        ("课件3", 25, 25),
        ("课件4", 20, 15),
        ("课件3", 20, 5),
        ("课程）", 0, 0),
    ]
    summary = next(row for row in book["③学习汇总"].iter_rows(values_only=True) if row[1] == "张三丰")
    assert summary[7:11] == (0, 0, "1/24", 1)
    report = verify(done.bundle, done.trust.read_bytes())
    assert report.verdict is Verdict.VALID_WITH_FINDINGS, "\n".join(report.lines("en"))
    assert report.findings[0].params == {"count": 4, "seconds": 3900, "counted": 2700}


@ONCE
def test_a_class_without_imports_has_no_such_sheet(course: Course, tmp_path: Path) -> None:
    """Ledgers of classes that imported nothing look as they always did."""
    signer = LocalSigner.load_or_create(tmp_path / "signer", "example.com/log")
    done = export(course.services, signer, course.class_id, tmp_path / "out")
    assert SHEET not in openpyxl.load_workbook(done.workbook).sheetnames
    assert verify(done.bundle, done.trust.read_bytes()).verdict is Verdict.VALID


@ONCE
def test_the_trainees_page_has_lines_of_their_own(course: Course) -> None:
    """The trainee and staff see them as reported and not counted; the credited time is untouched."""
    course.take(course.write(_csv(ROWS)))
    issued = {one.ordinal: one.code for one in codes.reissue(course.services, CODE)}
    activation.activate(course.services, account="zhang", code=issued[1], ip="10.0.0.9", consent_version=None)
    app = make_app(course.services)
    page = (
        client_for(app, trainee("zhang")).get(f"/compliance/classes/{course.class_id}").get_data(as_text=True)
    )
    assert 'id="reported"' in page
    section = page.partition('id="reported"')[2]
    assert "Moodle 日志" in section
    assert "不计" in section
    with reading(course.services.database) as session:
        enrolments = [one.id for one in queries.roster(session, course.class_id)]
    status = completion.status(course.services, course.class_id, enrolments[0])
    assert (status.account.wall_seconds, status.training.credited_seconds) == (0, 0)
    other = completion.status(course.services, course.class_id, enrolments[1])
    assert other.elsewhere == ()
    assert (
        client_for(app, administrator()).get(f"/compliance/classes/{course.class_id}/overview").status_code
        == 200
    )


@ONCE
def test_an_import_nobody_told_of_is_judged_all_the_same(course: Course, clock: ManualClock) -> None:
    """The recovery job finds trainees whose reported sessions are newer than their judgement, once."""
    clock.set(datetime(2021, 2, 20, tzinfo=UTC))
    issued = {one.ordinal: one.code for one in codes.reissue(course.services, CODE)}
    activation.activate(course.services, account="zhang", code=issued[1], ip="10.0.0.9", consent_version=None)
    completion.refresh_due(course.services)
    assert completion.refresh_due(course.services) == 0
    course.take(course.write(_csv(ROWS)))
    assert completion.refresh_due(course.services) == 1
    assert completion.refresh_due(course.services) == 0


@ONCE
def test_a_closed_class_takes_no_records(course: Course) -> None:
    """What is closed is closed."""
    with transaction(course.services.database) as session:
        queries.class_by_id(session, course.class_id).status = CLOSED
    with pytest.raises(Conflict, match="class_closed"):
        course.take(course.write(_csv(ROWS)))


@ONCE
def test_the_command_checks_first_and_reports_rows(course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    """--check writes nothing; --json names each row; a second import says that all is known."""
    from lmscompliance.cli import records as cli

    class Given:
        def __enter__(self):
            return course.services

        def __exit__(self, *_):
            return None

    monkeypatch.setattr(cli, "services", Given)
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    path = course.write(_csv([*ROWS, _row(stamp(60), "赵六", 40)]))

    def run(*more: str):
        result = CliRunner().invoke(
            cli.group, ["import", str(path), "--format", "moodle-log", "--class", CODE, *more]
        )
        assert result.exit_code == 0, result.output
        return result.output

    assert "仅检查，没有写入" in run("--check")
    assert course.sessions() == []
    told = json.loads(run("--json"))
    assert (told["rows"], told["sessions"], told["findings"][0]["row"]) == (7, 2, 8)
    assert "以前已转入" in run()
    assert len(course.sessions()) == 2
    assert import_records(course.services, CODE, Source(path, "moodle-log"), check=True).known == 6
