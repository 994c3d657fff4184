"""Two workers at one packing: who was taken for dead and wakes up harms nothing of the other's."""

from __future__ import annotations

import threading
import zipfile
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import select, update

from lmscompliance.evidence.signer import LocalSigner
from lmscompliance.jobs import queue
from lmscompliance.jobs.aside import Progress, T, Work, here
from lmscompliance.jobs.models import JobRow
from lmscompliance.ledgers import jobs, placing
from lmscompliance.ledgers.models import LedgerExport
from lmscompliance.services import Services
from lmscompliance.storage.transaction import reading, transaction
from tests.ledgers.miniature import Miniature
from tests.ledgers.test_evidence_files import hand_in
from tests.support.app import administrator

WAIT = 60


class _Stuck:
    """Does work in this process, and stops at the first word of it until something has happened."""

    def __init__(self, meanwhile: Callable[[], object], *, at_end: bool = False) -> None:
        self._meanwhile, self._at_end = meanwhile, at_end

    def __call__(self, work: Work[T], progress: Progress) -> T:
        told: list[str] = []

        def stopping(phase: str, done: int, total: int) -> None:
            if not told and not self._at_end:
                self._meanwhile()
            told.append(phase)
            progress(phase, done, total)

        found = here(work, stopping)
        if self._at_end:
            self._meanwhile()
        return found


def _asked(services: Services, signer: LocalSigner, miniature: Miniature) -> Path:
    """Return the folder of an export whose files are asked for."""
    hand_in(miniature)
    jobs.ask(services, administrator(), miniature.class_id)
    jobs.build_asked(services, signer)
    with reading(services.database) as session:
        export_id = session.scalars(select(LedgerExport.id)).one()
    jobs.ask_for_files(services, administrator(), miniature.class_id, export_id)
    return placing.kept_directory(services, miniature.class_id, export_id)


def _expire(services: Services) -> None:
    with transaction(services.database) as session:
        session.execute(update(JobRow).where(JobRow.state == "running").values(claimed_until_us=1))


def _parts(folder: Path) -> list[Path]:
    return sorted(folder.glob(".*"))


def test_one_that_wakes_up_late_leaves_the_finished_pack(
    services: Services, signer: LocalSigner, miniature: Miniature
) -> None:
    """On both databases: its own is whole by then, too, and never takes the place of the other's."""
    folder = _asked(services, signer, miniature)
    stood: list[int] = []

    def packed_by_another() -> None:
        (mine,) = _parts(folder)
        assert zipfile.ZipFile(mine).testzip() is None
        _expire(services)
        assert jobs.build_asked(services, signer) == 1
        (pack,) = folder.glob("*.files.zip")
        stood.append(pack.stat().st_ino)

    assert jobs.build_asked(services, signer, _Stuck(packed_by_another, at_end=True)) == 1
    (pack,) = folder.glob("*.files.zip")
    assert [pack.stat().st_ino] == stood
    assert _parts(folder) == []
    (state,) = [one for one in jobs.waiting(services, miniature.class_id) if one.what == jobs.FILES]
    assert state.state == "done"


def test_one_that_wakes_up_in_the_middle_leaves_what_the_other_has_begun(
    services: Services, signer: LocalSigner, miniature: Miniature
) -> None:
    """On both databases: it finds its claim gone and touches its own part alone; the other's gets whole."""
    folder = _asked(services, signer, miniature)
    begun, woken = threading.Event(), threading.Event()
    there: list[Path] = []

    def until_woken() -> None:
        there.extend(_parts(folder))
        begun.set()
        assert woken.wait(WAIT)

    other = threading.Thread(target=jobs.build_asked, args=(services, signer, _Stuck(until_woken)))

    def taken_for_dead() -> None:
        _expire(services)
        other.start()
        assert begun.wait(WAIT)

    try:
        # Nobody tells it: it goes on writing, and finds out at its next word.
        assert jobs.build_asked(services, signer, _Stuck(taken_for_dead)) >= 1
        assert _parts(folder) == there
        assert not list(folder.glob("*.files.zip"))
    finally:
        woken.set()
        other.join()
    assert len(there) == 1
    (pack,) = folder.glob("*.files.zip")
    assert len(zipfile.ZipFile(pack).namelist()) == 3
    assert _parts(folder) == []


def test_what_a_worker_died_in_goes_and_what_is_being_made_stays(
    services: Services, signer: LocalSigner, miniature: Miniature
) -> None:
    """On both databases: the job table tells whose a part is, however old it is and whoever looks."""
    folder = _asked(services, signer, miniature)
    dead = placing.part_of(folder / "x.files.zip", "0" * 26)
    dead.write_bytes(b"PK")
    taken = queue.claim(services, ["ledgers.files"])
    assert taken is not None
    mine = placing.part_of(folder / "x.files.zip", taken.by)
    mine.write_bytes(b"PK")
    assert placing.sweep(services) == 1
    assert _parts(folder) == [mine]
    jobs.cancel(services, miniature.class_id, jobs.FILES)
    assert placing.sweep(services) == 1
    assert _parts(folder) == []
