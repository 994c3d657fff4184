"""What simulations report, from the session's token to the ledger and the verifier."""

from __future__ import annotations

import zipfile
from pathlib import Path

import openpyxl
import pytest

from lmscompliance.content import service as content
from lmscompliance.extension.signing import signer_of
from lmscompliance.kernel.errors import InvalidInput
from lmscompliance.learning import steps
from lmscompliance.learning.steps import StepEvent
from lmscompliance.ledgers.service import export
from lmscompliance.services import Services
from lmscompliance.verifier import Verdict, verify
from tests.completion.classroom import Classroom, open_classroom
from tests.learning.school import Player

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
SHEET = "仿真操作记录"


def _simulation(room: Classroom, folder: Path) -> None:
    path = folder / "断电.zip"
    with zipfile.ZipFile(path, "w") as package:
        package.writestr("index.html", "<!doctype html>")
    content.freeze_file(room.services, "D1", 1, path)


def test_each_step_stands_in_the_ledger_with_its_time(services: Services, tmp_path: Path) -> None:
    """A row a step, once however often it was sent, and no second of credit by it."""
    room = open_classroom(services, tmp_path)
    _simulation(room, tmp_path)
    player = Player(room.school, room.school.start())
    events = [StepEvent("a", "power_off", "三相"), StepEvent("b", "上锁", "")]
    player.wait(65)
    steps.keep(room.services, player.started.token, events[:1])
    player.wait(5)
    assert steps.keep(room.services, player.started.token, events).done == {"power_off", "上锁"}
    player.end()
    done = export(room.services, signer_of(room.services), room.class_id, tmp_path / "out")
    book = openpyxl.load_workbook(done.workbook)
    rows = list(book[SHEET].iter_rows(min_row=4, values_only=True))
    first, second = [row[6:] for row in rows]
    assert first == ("08:01:05", "power_off", "三相", player.started.session)
    assert second == ("08:01:10", "上锁", None, player.started.session)
    report = verify(done.bundle, done.trust.read_bytes())
    assert report.verdict is Verdict.VALID, "\n".join(report.lines("en"))


def test_a_lesson_that_is_no_simulation_takes_no_steps(services: Services, tmp_path: Path) -> None:
    """The message names the lesson and what to do; its ledger has no such sheet."""
    room = open_classroom(services, tmp_path)
    started = room.school.start()
    with pytest.raises(InvalidInput) as refused:
        steps.keep(room.services, started.token, [StepEvent("a", "power_off", "")])
    assert "simulation" in refused.value.message()
    done = export(room.services, signer_of(room.services), room.class_id, tmp_path / "out")
    assert SHEET not in openpyxl.load_workbook(done.workbook).sheetnames
