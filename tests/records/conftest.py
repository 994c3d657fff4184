"""A class of four invented people, two of one name, into which logs are imported."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from lmscompliance.identity import numbers
from lmscompliance.kernel.clock import ManualClock
from lmscompliance.records.report import ImportReport
from lmscompliance.records.service import Source, import_records, reported
from lmscompliance.rules.reported import Reported
from lmscompliance.services import Services
from lmscompliance.storage.transaction import reading
from lmscompliance.training import queries, service
from lmscompliance.training.registration import import_roster
from tests.training.school import file_class, plan

CODE = "K1"
PEOPLE = ("张三丰", "李四", "王芳", "王芳")
ZONE = ZoneInfo("Asia/Shanghai")


@dataclass
class Course:
    """The class, and a folder for files."""

    services: Services
    class_id: str
    folder: Path
    numbers: list[str] = field(default_factory=list)

    def write(self, text: str, name: str = "log.csv", encoding: str = "utf-8") -> Path:
        """Write a file to import."""
        path = self.folder / name
        path.write_bytes(text.encode(encoding))
        return path

    def take(self, path: Path, form: str = "moodle-log", *, check: bool = False, **how) -> ImportReport:
        """Import a file."""
        return import_records(self.services, CODE, Source(path, form, **how), check=check)

    def sessions(self, ordinal: int = 1) -> list[Reported]:
        """Return what is reported of a trainee."""
        with reading(self.services.database) as session:
            one = next(one for one in queries.roster(session, self.class_id) if one.ordinal == ordinal)
            return reported(session, self.class_id, [one.id])[one.id]

    def lessons(self) -> list[str]:
        """Return the plan's lessons."""
        with reading(self.services.database) as session:
            return [one.id for one in queries.lessons(session, self.class_id)]


@pytest.fixture
def course(services: Services, clock: ManualClock, tmp_path: Path) -> Course:
    """Return the class, with the clock at the end of 2022: the logs were written before."""
    return open_course(services, clock, tmp_path)


def open_course(services: Services, clock: ManualClock, tmp_path: Path) -> Course:
    """File, approve, plan and enrol."""
    class_id = file_class(services, CODE)
    service.approve_class(services, class_id, "")
    service.publish_plan(services, class_id, plan())
    ids = []
    for index in range(len(PEOPLE)):
        body = f"3205851990010{index + 1}001"[:17].ljust(17, "1")
        ids.append(body + numbers.check_digit(body))
    rows = [f"{name},男,{ids[i]},1380000000{i}" for i, name in enumerate(PEOPLE)]
    roster = tmp_path / "roster.csv"
    roster.write_text("\n".join(["姓名,性别,身份证号,联系电话", *rows]), encoding="utf-8")
    report = import_roster(services, CODE, roster).report
    assert not report.refused, report.to_json()
    clock.set(datetime(2022, 12, 31, tzinfo=UTC))
    return Course(services, class_id, tmp_path, ids)


def stamp(second: int, form: str = "%y/%m/%d, %H:%M") -> str:
    """Return the time ``second`` seconds into 2021-02-03 08:00 in Shanghai, as Moodle writes it."""
    return (datetime(2021, 2, 3, 8, 0, tzinfo=ZONE) + timedelta(seconds=second)).strftime(form)
