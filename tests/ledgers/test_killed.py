"""Kill -9 at every stage of an export, of whoever works: no half file, nothing left, and it gets done."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from lmscompliance.documents import pdf, pdf_numbers, typeset, typst_piece
from lmscompliance.documents.font import Typeface
from lmscompliance.evidence import stamping
from lmscompliance.evidence.signer import LocalSigner
from lmscompliance.jobs import aside
from lmscompliance.jobs.models import JobRow
from lmscompliance.kernel.jcs import Json
from lmscompliance.ledgers import assemble, downloads, jobs, placing, service
from lmscompliance.services import Services
from lmscompliance.storage.transaction import transaction
from lmscompliance.verifier import Verdict, verify
from tests.ledgers.miniature import Miniature
from tests.ledgers.test_evidence_files import hand_in
from tests.support.app import administrator

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
CHILD, PARENT, BOTH = "child", "parent", "both"
WORDS = [
    ("entries", 1),
    ("entries", 4),
    ("workbook", 3),
    ("pdf", 1),
    ("bundle", 1),
    ("bundle", 3),
]
"""Phases of the work aside and the word at which it ends: gathering, judging and sheets, paper, packing."""
FILES = 5
"""That an export places."""
WAIT_SECONDS = 300
Arm = Callable[[], None]


class _Killed:
    """Runs workers of their own that are killed, and looks at what they leave."""

    def __init__(self, services: Services, signer: LocalSigner, scratch: Path) -> None:
        self.services, self.signer = services, signer
        self.children = scratch / "children"
        self.temporary = scratch / "temporary"
        self.children.mkdir()
        self.temporary.mkdir()

    def run(self, arm: Arm) -> int:
        """Work the queue in another process after ``arm`` there, and return how it ended."""
        self.services.database.dispose()
        process = multiprocessing.get_context("fork").Process(target=self._work, args=(arm,))
        process.start()
        process.join(WAIT_SECONDS)
        if process.is_alive():
            process.kill()
            pytest.fail("the worker hangs")
        code = process.exitcode
        process.close()
        for child in self.children.iterdir():  # who worked aside ends by itself
            while _lives(child):
                time.sleep(0.005)
            child.unlink()  # its number may be another process's from here on
        with transaction(self.services.database) as session:
            session.execute(
                update(JobRow).where(JobRow.state == "running").values(claimed_until_us=1, fence=0)
            )
        return code if code is not None else 0

    def _work(self, arm: Arm) -> None:
        tempfile.tempdir = str(self.temporary)
        run = aside.Apart._run

        def noted(*told: Any) -> None:
            (self.children / str(os.getpid())).touch()
            run(*told)

        setattr(aside.Apart, "_run", noted)  # noqa: B010  # of this process, which ends
        for module in (pdf, pdf_numbers):
            setattr(module, "typeset", _typeset_elsewhere)  # noqa: B010  # of this process, which ends
        aside.stand_back = os.setsid  # how far it stands back is another test's; here it has only to get on
        arm()
        jobs.build_asked(self.services, self.signer, aside.Apart(self.services))
        os._exit(0)

    def left(self) -> list[str]:
        """Return what stands anywhere that is no file of a finished export."""
        self.services.settings.export_dir.mkdir(exist_ok=True)
        while placing.sweep(self.services):
            time.sleep(0.005)  # a typesetter without a parent ends within a moment, and may write until then
        done = {one.id for one in self.listed()}
        there = [*self.services.settings.export_dir.rglob("*"), *self.temporary.rglob("*")]
        return [
            str(path)
            for path in there
            if path.name.startswith(".") or (path.is_file() and path.parent.name not in done)
        ]

    def listed(self) -> list[downloads.ExportLine]:
        """Return what the page offers."""
        (class_id,) = [path.name for path in self.services.settings.export_dir.iterdir()] or [""]
        return downloads.listed(self.services, class_id)

    def final(self) -> list[Path]:
        """Return the files that stand under a final name."""
        return [
            one for one in self.services.settings.export_dir.glob("*/*/*") if not one.name.startswith(".")
        ]


def _typeset_elsewhere(
    template: str, data: dict[str, Json], at: datetime, typeface: Typeface, standard: str
) -> bytes:
    """Typeset in a process of its own, as pieces are.

    Another test may have typeset in this process before; typst's threads are not there in a fork of one that
    did, and it would wait for them. A worker never typesets before it forks.
    """
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "data", Path(folder) / "made"
        source.write_text(json.dumps(data, ensure_ascii=False), encoding="utf-8")
        command = [sys.executable, "-I", str(Path(typst_piece.__file__)), str(typeset.templates())]
        command += [template, str(source), str(target), standard]
        subprocess.run([*command, str(int(at.timestamp())), *typeface.folders], check=True)
        return target.read_bytes()


def _lives(child: Path) -> bool:
    try:
        state = Path(f"/proc/{child.name}/stat").read_text("ascii").rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


def _at_word(phase: str, number: int, whom: str) -> Arm:
    """Return what lets ``whom`` be killed at word ``number`` of a phase of the work aside."""

    def arm() -> None:
        told, seen = aside._Teller.__call__, [0]

        def killing(teller: aside._Teller, now: str, done: int, total: int) -> None:
            seen[0] += now == phase
            if now == phase and seen[0] == number:
                if whom in {PARENT, BOTH}:
                    os.kill(os.getppid(), signal.SIGKILL)
                if whom in {CHILD, BOTH}:
                    os.kill(os.getpid(), signal.SIGKILL)
            told(teller, now, done, total)

        setattr(aside._Teller, "__call__", killing)  # noqa: B010  # of this process, which ends

    return arm


def _at_call(owner: Any, name: str, number: int, *, after: bool = False) -> Arm:
    """Return what lets the worker be killed before, or after, its call ``number`` of a function."""

    def arm() -> None:
        real, seen = getattr(owner, name), [0]

        def killing(*given: Any, **named: Any) -> Any:
            seen[0] += 1
            if seen[0] == number and not after:
                os.kill(os.getpid(), signal.SIGKILL)
            found = real(*given, **named)
            if seen[0] == number:
                os.kill(os.getpid(), signal.SIGKILL)
            return found

        setattr(owner, name, killing)

    return arm


def _at_name(number: int) -> Arm:
    """Return what lets the worker be killed when so many of an export's files have got their names."""

    def arm() -> None:
        real, seen = Path.replace, [0]

        def killing(source: Path, target: Path) -> Path:
            found = real(source, target)
            seen[0] += source.parent.name != target.parent.name and ".ledger-" in str(source)
            if seen[0] == number:
                os.kill(os.getpid(), signal.SIGKILL)
            return found

        setattr(Path, "replace", killing)  # noqa: B010  # of this process, which ends

    return arm


def _nothing() -> None:
    pass


@pytest.fixture
def killed(services: Services, signer: LocalSigner, miniature: Miniature, tmp_path: Path) -> _Killed:
    """Return a place to kill in, with a ledger asked for."""
    hand_in(miniature)
    jobs.ask(services, administrator(), miniature.class_id)
    return _Killed(services, signer, tmp_path)


def _gets_done(killed: _Killed) -> None:
    """Let the next worker make what was asked for, and look at all of it."""
    assert killed.run(_nothing) == 0
    assert not jobs.asked_for(killed.services)
    assert killed.left() == []
    (one,) = killed.listed()
    bundle = next(path for path in killed.final() if path.name.endswith(".lmsev.zip"))
    assert bundle.parent.name == one.id
    assert len(killed.final()) == FILES
    report = verify(bundle, bundle.with_name(bundle.name.replace(".lmsev.zip", ".trust")).read_bytes())
    assert report.verdict is Verdict.VALID, "\n".join(report.lines("en"))


@pytest.mark.parametrize("whom", [CHILD, PARENT, BOTH])
def test_killed_while_it_works_aside(killed: _Killed, whom: str) -> None:
    """In each phase, early and late: nothing has a final name, the remains go, and the next one makes it."""
    for phase, number in WORDS:
        ended = killed.run(_at_word(phase, number, whom))
        assert ended == (0 if whom == CHILD else -signal.SIGKILL), (phase, number)
        assert killed.final() == [], (phase, number)
        assert jobs.asked_for(killed.services), (phase, number)
    _gets_done(killed)


def test_killed_where_it_writes(killed: _Killed) -> None:
    """At the snapshot, recording, sealing, the receipt, before and among the names, and before it counts."""
    for owner, name, number in (
        (service, "seal_all", 1),
        (service._Run, "_record", 1),
        (service, "seal_all", 2),
        (stamping, "stamp", 1),
        (assemble, "write_receipt", 1),
        (service, "place", 1),
    ):
        assert killed.run(_at_call(owner, name, number)) == -signal.SIGKILL, (name, number)
        assert killed.final() == [], (name, number)
    for number in range(1, FILES + 1):
        ended = killed.run(_at_name(number))
        assert ended == -signal.SIGKILL
        # Those that have their names are whole, and nobody is offered any of them.
        assert len([one for one in killed.final() if one.stat().st_size]) == number
        assert killed.listed() == []
    assert killed.run(_at_call(service._Run, "_finish", 1)) == -signal.SIGKILL
    assert killed.listed() == []
    _gets_done(killed)


def test_killed_once_it_counts_it_is_done(killed: _Killed) -> None:
    """After that commit the export is offered whole, and nobody makes it again."""
    assert killed.run(_at_call(service._Run, "_finish", 1, after=True)) == -signal.SIGKILL
    assert not jobs.asked_for(killed.services)
    _gets_done(killed)


@pytest.mark.parametrize("whom", [CHILD, PARENT, BOTH])
def test_killed_while_it_packs_files(killed: _Killed, whom: str) -> None:
    """Early, late, before and after the pack has its name: there is none or a whole one, and no part."""
    _gets_done(killed)
    (one,) = killed.listed()
    (class_id,) = [path.name for path in killed.services.settings.export_dir.iterdir()]
    jobs.ask_for_files(killed.services, administrator(), class_id, one.id)
    for number in (1, 3):
        killed.run(_at_word("files", number, whom))
        assert len(killed.final()) == FILES
        assert jobs.asked_for(killed.services)
    if whom == PARENT:
        assert killed.run(_at_call(jobs, "place", 1)) == -signal.SIGKILL
        assert len(killed.final()) == FILES
        assert killed.run(_at_call(jobs, "place", 1, after=True)) == -signal.SIGKILL
        assert jobs.asked_for(killed.services)
    killed.run(_nothing)
    assert not jobs.asked_for(killed.services)
    assert killed.left() == []
    bundle = next(path for path in killed.final() if path.name.endswith(".lmsev.zip"))
    pack = next(path for path in killed.final() if path.name.endswith(".files.zip"))
    trust = bundle.with_name(bundle.name.replace(".lmsev.zip", ".trust"))
    assert verify(bundle, trust.read_bytes(), files=[pack]).verdict is Verdict.VALID
