"""A process that stands back: its session, its priority, its turns and its processors."""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import platform
import struct
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from typing import TypeVar

import pytest

from lmscompliance.jobs.niceness import stand_back

T = TypeVar("T")


def _standing_back(look: Callable[[], T]) -> T:
    """Return what ``look`` sees in a process that stands back."""
    context = multiprocessing.get_context("fork")
    with ProcessPoolExecutor(1, mp_context=context, initializer=stand_back) as pool:
        return pool.submit(look).result()


def _last_policy() -> int:
    """Return ``SCHED_IDLE``; where a sandbox refuses it, the ordinary policy."""
    ask = "import os; os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))"
    granted = subprocess.run([sys.executable, "-c", ask], capture_output=True, check=False).returncode == 0
    return os.SCHED_IDLE if granted else os.sched_getscheduler(0)


def _standing() -> tuple[bool, int, int]:
    own_session = os.getsid(0) == os.getpid()
    return own_session, os.sched_getscheduler(0), os.getpriority(os.PRIO_PROCESS, 0)


def test_it_has_a_session_of_its_own_and_the_lowest_priority() -> None:
    """Whoever runs in another session, or is not idle, goes first."""
    assert _standing_back(_standing) == (True, _last_policy(), 19)


def _turn_nanoseconds() -> int:
    """Return how long this process may run in one go, 0 where the kernel does not say."""
    told = ctypes.create_string_buffer(48)
    if ctypes.CDLL(None).syscall(315 if platform.machine() == "x86_64" else 275, 0, told, len(told), 0):
        return 0
    return int(struct.unpack_from("=Q", told, 24)[0])


@pytest.mark.skipif(platform.machine() not in {"x86_64", "aarch64"}, reason="the call has another number")
def test_its_turns_are_short() -> None:
    """Who wakes in another session waits for a turn to end, so each lasts a tenth of a millisecond."""
    if not _turn_nanoseconds():
        pytest.skip("this kernel does not let a process choose (before Linux 6.12)")
    assert _standing_back(_turn_nanoseconds) == 100_000


def _processors() -> set[int]:
    return os.sched_getaffinity(0)


def test_it_leaves_half_of_the_processors_to_others() -> None:
    """Whoever wakes finds one without such work; the only processor there is stays."""
    allowed = sorted(os.sched_getaffinity(0))
    assert _standing_back(_processors) == set(allowed[len(allowed) // 2 :])
    os.sched_setaffinity(0, allowed[:1])
    try:
        assert _standing_back(_processors) == set(allowed[:1])
    finally:
        os.sched_setaffinity(0, allowed)
    assert os.sched_getaffinity(0) == set(allowed)
