"""Export jobs: cancelled, killed, counted, and how often they say how far they are."""

from __future__ import annotations

import errno
import os
import signal
import time
from collections.abc import Mapping
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from sqlalchemy import select, update

from lmscompliance.evidence.signer import LocalSigner
from lmscompliance.extension import exporting
from lmscompliance.jobs import queue
from lmscompliance.jobs.models import JobRow
from lmscompliance.kernel.clock import ManualClock
from lmscompliance.ledgers import jobs, placing, service
from lmscompliance.ledgers.models import LedgerExport
from lmscompliance.ledgers.service import export_for_download
from lmscompliance.services import Services
from lmscompliance.storage.transaction import reading, transaction
from lmscompliance.verifier import Verdict, verify
from tests.ledgers.miniature import Miniature
from tests.support.app import administrator, clerk, client_for, make_app

sqlite_only = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def _left(services: Services, miniature: Miniature) -> list[str]:
    folder = services.settings.export_dir / miniature.class_id
    return [path.name for path in folder.rglob("*")] if folder.is_dir() else []


def test_a_cancelled_export_leaves_nothing(
    services: Services, signer: LocalSigner, miniature: Miniature, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Queued or half made, the page says it was cancelled, and no file stands anywhere."""
    client = client_for(make_app(services), administrator())
    page = f"/compliance/classes/{miniature.class_id}/ledger"
    client.post(page)
    assert client.post(f"{page}/cancellation").status_code == 303
    assert jobs.build_asked(services, signer) == 0
    assert "已取消" in client.get(page).text
    client.post(page)
    write, told = queue.progress, []

    def cancelled_on_the_way(*arguments: object) -> None:
        if not told:
            told.append(jobs.cancel(services, miniature.class_id))
        write(*arguments)

    monkeypatch.setattr(queue, "progress", cancelled_on_the_way)
    assert jobs.build_asked(services, signer) == 1
    assert told == [True]
    assert not [name for name in _left(services, miniature) if "." in name]
    assert "取消生成" not in client.get(page).text
    assert jobs.cancel(services, miniature.class_id) is False


@sqlite_only
def test_who_is_first_decides(
    services: Services, signer: LocalSigner, miniature: Miniature, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cancelled when all files stand, there is no export; a moment later, there is nothing to cancel."""
    client = client_for(make_app(services), administrator())
    page = f"/compliance/classes/{miniature.class_id}/ledger"
    place = service.place

    def placed(moves: Mapping[Path, Path]) -> None:
        place(moves)
        assert jobs.cancel(services, miniature.class_id)

    monkeypatch.setattr(service, "place", placed)
    client.post(page)
    jobs.build_asked(services, signer)
    assert "已取消" in client.get(page).text
    assert _left(services, miniature) == []
    monkeypatch.undo()
    client.post(page)
    jobs.build_asked(services, signer)
    assert client.post(f"{page}/cancellation").status_code == 303
    text = client.get(page).text
    assert "取消" not in text
    assert "归档本 (PDF/A)" in text


@sqlite_only
def test_each_form_is_a_job_of_its_own(services: Services, signer: LocalSigner, miniature: Miniature) -> None:
    """Who asks for the full ledger while a masked one is made gets it; each is cancelled by itself."""
    client = client_for(make_app(services), administrator())
    page = f"/compliance/classes/{miniature.class_id}/ledger"
    for form in ("public", "full", "public"):
        client.post(page, data={"form": form})
    text = client.get(page).text
    assert "公示副本正在排队" in text
    assert "学习台账正在排队" in text
    assert client.post(f"{page}/cancellation", data={"of": "both"}).status_code == 422
    assert jobs.build_asked(services, signer) == 2
    with reading(services.database) as session:
        forms = session.scalars(select(LedgerExport.form).where(LedgerExport.finished_at.is_not(None)))
        assert sorted(forms) == ["full", "public"]
    for form in ("public", "full"):
        client.post(page, data={"form": form})
    client.post(f"{page}/cancellation", data={"of": "public"})
    assert [(one.what, one.state) for one in jobs.waiting(services, miniature.class_id)] == [
        ("full", "queued"),
        ("public", "cancelled"),
    ]


@sqlite_only
def test_a_full_disk_is_said_and_asking_again_makes_it(
    services: Services, signer: LocalSigner, miniature: Miniature, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page names the disk and what to do; no half file is left, and with room again there is a ledger."""
    client = client_for(make_app(services), administrator())
    page = f"/compliance/classes/{miniature.class_id}/ledger"

    def full(*_arguments: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(service, "place", full)
        client.post(page)
        jobs.build_asked(services, signer)
    assert "磁盘已满" in client.get(page).text
    assert _left(services, miniature) == []
    client.post(page)
    jobs.build_asked(services, signer)
    assert "磁盘已满" not in client.get(page).text


@sqlite_only
def test_what_others_died_in_is_removed_and_nothing_else(
    services: Services, signer: LocalSigner, miniature: Miniature
) -> None:
    """Remains of any class go before the next export; what stands, and what another machine makes, stays."""
    done = export_for_download(services, signer, miniature.class_id)
    root = services.settings.export_dir
    dead = placing.kept_directory(services, "another-class", "0" * 26)
    jobs.ask(services, administrator(), miniature.class_id, "public")
    elsewhere = queue.claim(services, [jobs.KIND])
    assert elsewhere is not None
    making = placing.kept_directory(services, miniature.class_id, elsewhere.by)
    for folder in (dead, making):
        (folder / ".ledger-x").mkdir(parents=True)
    assert placing.sweep(services) == 1
    assert {path.name for path in root.glob("*/*")} == {done.id, elsewhere.by}
    jobs.cancel(services, miniature.class_id, "public")
    assert placing.sweep(services) == 1
    assert done.bundle.is_file()


@sqlite_only
def test_a_command_line_removes_what_others_died_in(
    services: Services, signer: LocalSigner, miniature: Miniature, tmp_path: Path
) -> None:
    """A folder that nobody works in any more goes with the next export into the same directory."""
    left = tmp_path / "out" / ".ledger-left"
    left.mkdir(parents=True)
    os.utime(left, (0, 0))
    service.export(services, signer, miniature.class_id, tmp_path / "out")
    assert not left.exists()
    assert not [path.name for path in left.parent.iterdir() if path.name.startswith(".")]


@sqlite_only
def test_progress_is_written_once_a_second(
    services: Services,
    clock: ManualClock,
    signer: LocalSigner,
    miniature: Miniature,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """However many steps there are, a second has one commit about them, and the bar never goes back."""
    told: list[tuple[int, float]] = []

    def note(_services: Services, _taken: queue.Claim, done: int, _total: int) -> None:
        told.append((done, clock.now().timestamp()))

    monkeypatch.setattr(queue, "progress", note)
    jobs.ask(services, administrator(), miniature.class_id)
    taken = queue.claim(services, [jobs.KIND])
    assert taken is not None
    step = jobs._Told(services, taken, "public")
    for phase in ("entries", "masked", "workbook", "bundle"):
        for done in range(40):
            step(phase, done, 40)
            clock.advance(0.1)
    assert len(told) == 16
    assert len({done for done, _ in told}) == 16
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert min(b - a for (_, a), (_, b) in pairwise(told)) >= 1


@sqlite_only
def test_a_killed_export_is_made_anew(services: Services, miniature: Miniature) -> None:
    """Kill -9 of the worker leaves no file under a final name; the next makes it, and it verifies."""
    address = services.database.engine.url.render_as_string(hide_password=False)
    object.__setattr__(services.settings, "database_url", address)
    page = f"/compliance/classes/{miniature.class_id}/ledger"
    client = client_for(make_app(services), administrator())
    folder = services.settings.export_dir / miniature.class_id
    for _ in range(20):
        client.post(page)
        child = exporting.Child(exporting.LEDGERS, jobs.asked_for).begin(services)
        assert child is not None
        while child.poll() is None and not list(folder.glob("*/.ledger-*/*")):
            time.sleep(0.002)
        child.send_signal(signal.SIGKILL)
        child.wait()
        if list(folder.glob("*/.ledger-*")):
            break  # else it was done before it was killed: once more
    else:
        pytest.fail("no export was killed on its way")
    scratch = next(folder.glob("*/.ledger-*"))
    assert list(scratch.parent.iterdir()) == [scratch]
    assert placing.sweep(services) == 0  # its claim holds yet
    with transaction(services.database) as session:
        session.execute(update(JobRow).where(JobRow.state == "running").values(claimed_until_us=1))
    exporter = exporting.Child(exporting.LEDGERS, jobs.asked_for)
    child = exporter.begin(services)
    assert child is not None
    assert child.wait() == 0
    assert exporter.begin(services) is None
    while scratch.parent.exists():
        placing.sweep(services)  # what the killed one had working aside may have written until then
    (made,) = folder.glob("*/*.lmsev.zip")
    assert verify(made, next(folder.glob("*/*.trust")).read_bytes()).verdict is Verdict.VALID
    assert not jobs.asked_for(services)


@pytest.mark.parametrize(("setting", "asker"), [("exports_per_account", 0), ("exports_per_enterprise", 1)])
def test_who_asks_too_often_waits(
    services: Services, signer: LocalSigner, miniature: Miniature, setting: str, asker: int
) -> None:
    """An account, and all of an enterprise, have a share of 24 hours; what is being made is no new asking."""
    object.__setattr__(services.settings, setting, 2)
    app = make_app(services)
    page = f"/compliance/classes/{miniature.class_id}/ledger"
    askers = [administrator(), clerk("91320585MA1XXXXX0N")]
    for _ in range(2):
        for _again in range(2):
            assert client_for(app, administrator()).post(page).status_code == 303
        jobs.build_asked(services, signer)
    answer = client_for(app, askers[asker]).post(page)
    assert answer.status_code == 429
    assert "2 次" in answer.text
    with transaction(services.database) as session:
        day_us = int(timedelta(days=1).total_seconds()) * queue.SECOND
        session.execute(update(JobRow).values(due_us=JobRow.due_us - day_us))
    assert client_for(app, askers[asker]).post(page).status_code == 303
