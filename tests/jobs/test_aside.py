"""Work in a process that stands back: what it says, what it refuses, and how it ends."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from lmscompliance.jobs import queue
from lmscompliance.jobs.aside import Apart, Progress
from lmscompliance.kernel.errors import NotFound
from lmscompliance.services import Services

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def _silent(_phase: str, _done: int, _total: int) -> None:
    pass


def test_work_aside_stands_back_and_answers(services: Services) -> None:
    """It runs in another process with a session of its own; words and result come through."""
    told: list[tuple[str, int, int]] = []

    def work(progress: Progress) -> tuple[int, int, int]:
        progress("entries", 1, 2)
        return os.getpid(), os.getsid(0), os.getpriority(os.PRIO_PROCESS, 0)

    pid, session, nice = Apart(services)(work, lambda *said: told.append(said))
    assert pid == session != os.getpid()
    assert nice == 19
    # Said again each second, if this machine lets it wait that long between its words.
    assert set(told) == {("entries", 1, 2)}


def test_a_refusal_aside_is_the_same_refusal(services: Services) -> None:
    """An error for people keeps its code and what it says; a full disk stays one; a defect is told whole."""

    def refuse(_progress: Progress) -> None:
        raise NotFound("ledgers.file_gone", name="x.pdf")

    def full(_progress: Progress) -> None:
        raise OSError(28, "No space left on device")

    def broken(_progress: Progress) -> None:
        raise ZeroDivisionError

    with pytest.raises(NotFound, match=r"x\.pdf"):
        Apart(services)(refuse, _silent)
    with pytest.raises(OSError, match="No space left") as raised:
        Apart(services)(full, _silent)
    assert raised.value.errno == 28
    with pytest.raises(RuntimeError, match="ZeroDivisionError"):
        Apart(services)(broken, _silent)


def test_it_is_noticed_when_it_is_killed(services: Services) -> None:
    """Kill -9 of the process aside is an error of the work, not a wait for ever."""

    def dies(_progress: Progress) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    with pytest.raises(RuntimeError, match="died"):
        Apart(services)(dies, _silent)


def test_whoever_loses_the_claim_ends_the_work(services: Services, tmp_path: Path) -> None:
    """However silent the work is, its worker has a word each second; when that is refused, all of it ends."""
    marker = tmp_path / "pid"

    def silent(progress: Progress) -> None:
        progress("entries", 0, 1)
        marker.write_text(str(os.getpid()))
        time.sleep(600)

    words: list[str] = []

    def cancelled(phase: str, _done: int, _total: int) -> None:
        words.append(phase)
        if len(words) > 1 and marker.exists() and marker.read_text():
            raise queue.ClaimLost("jobs.claim_lost", job="x")

    with pytest.raises(queue.ClaimLost):
        Apart(services)(silent, cancelled)
    with pytest.raises(ProcessLookupError):
        os.kill(int(marker.read_text()), 0)
