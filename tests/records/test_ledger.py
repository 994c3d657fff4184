"""Reported sessions in the ledger, at the verifier and on pages: apart from live ones."""

from __future__ import annotations

import json
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
from lmscompliance.records.service import Source, import_records
from lmscompliance.rules.class_life import CLOSED
from lmscompliance.storage.transaction import reading, transaction
from lmscompliance.training import activation, codes, queries
from lmscompliance.verifier import Verdict, verify
from tests.records.conftest import CODE, Course
from tests.records.test_moodle import ROWS, _csv
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
    from tests.records.conftest import stamp
    from tests.records.test_moodle import _row

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
