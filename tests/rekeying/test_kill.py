"""SIGKILL while keys are changed and people register: nothing is lost, and the next run does the rest."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from sqlalchemy import select

from lmscompliance.identity.models import Person
from lmscompliance.identity.people import open_person, person_by_number
from lmscompliance.rekeying import service
from lmscompliance.services import Services
from lmscompliance.storage.transaction import reading
from lmscompliance.training.registration import import_roster
from lmscompliance.vault.keys import Kind
from tests.identity.sheets import number, person
from tests.rekeying.test_rotation import Busy, worker
from tests.training.school import file_class, roster

ROOT = Path(__file__).parents[2]
KILLS = 2
FIRST = 20
"""People who are registered before anything is changed."""


def _rotate_and_kill(services: Services, kind: Kind, steps: int) -> None:
    """Let another process rotate, and kill it somewhere in the step after so many."""
    keys = services.vault.keys
    url = services.database.engine.url.render_as_string(hide_password=False)
    with subprocess.Popen(
        [sys.executable, "-m", "tests.rekeying.rotator", url, str(keys.path.parent), kind.value],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=ROOT,
        text=True,
    ) as rotator:
        for _ in range(steps):
            assert rotator.stdout.readline().startswith("replaced")
            rotator.stdin.write("\n")
            rotator.stdin.flush()
        rotator.send_signal(signal.SIGKILL)
        _, complaints = rotator.communicate()
    assert complaints == ""
    assert rotator.returncode == -signal.SIGKILL


def _everybody(services: Services, people: int) -> None:
    """Assert that a process that starts now finds and opens everybody there is."""
    fresh = worker(services)
    with reading(services.database) as session:
        found = [person_by_number(session, fresh.vault, number(n)) for n in range(1, people + 1)]
        assert None not in found
        for one in session.scalars(select(Person)):
            assert open_person(fresh.vault, one).name


@pytest.mark.parametrize(
    ("database_url", "kind"),
    [("sqlite", Kind.INDEX), ("postgresql", Kind.ENCRYPTION)],
    indirect=["database_url"],
)
def test_a_change_of_keys_killed_again_and_again_under_load(services: Services, tmp_path: Path, kind: Kind):
    """Wherever it is killed, everybody is found and opened with the keys of the file, and nobody is two."""
    file_class(services)
    before = roster(tmp_path / "first.xlsx", *(person(n) for n in range(1, FIRST + 1)))
    import_roster(services, "K1", before)
    service.add(services, kind)
    registering = worker(services)

    def register(n: int) -> None:
        file = roster(tmp_path / f"{n}.xlsx", person(FIRST + n))
        assert len(import_roster(registering, "K1", file).issued) == 1

    stop = threading.Event()
    busy = Busy(stop, register)
    try:
        # The first dies at once, before or just after the new key is current; the others further on.
        for kill in range(KILLS):
            _rotate_and_kill(services, kind, 1 + 5 * kill)
        _everybody(services, FIRST)
        known = busy.done
        while busy.done <= known + 1:
            assert not busy.failures
            stop.wait(0.01)
    finally:
        stop.set()
        busy.thread.join()
    assert busy.failures == []
    done = service.rotate(services, kind, lambda _done, _total: None)
    assert set(done.remaining) <= {"compliance_activation_code.code_blind"}
    _everybody(services, FIRST + busy.done)
    with reading(services.database) as session:
        assert len(session.scalars(select(Person.id)).all()) == FIRST + busy.done
    used = {(one.kind, one.id): one.used for one in service.listed(services)}
    assert used[kind, 2] > 0
