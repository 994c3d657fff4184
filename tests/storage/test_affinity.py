"""Threads that write together meet on one processor, and nothing else ever finds itself kept there."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from lmscompliance.storage import affinity
from lmscompliance.storage.affinity import SharedProcessor

EVERY = os.sched_getaffinity(0) if sys.platform == "linux" else set()
pytestmark = pytest.mark.skipif(len(EVERY) < 2, reason="one processor is always shared")


def _mask() -> set[int]:
    return os.sched_getaffinity(0)


def _in_thread(asked: Callable[[], Any]) -> Any:
    """Return what ``asked`` returns in a thread of its own, so that the test's stays as it is."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asked).result()


def _joined(processor: SharedProcessor) -> set[int]:
    processor.join()
    return _mask()


def test_threads_that_join_meet_and_get_back_what_they_had() -> None:
    """All of them are on one processor until they leave; whoever has not joined is everywhere."""
    processor = SharedProcessor()

    def joins_and_leaves() -> tuple[set[int], set[int], set[int]]:
        joined = _joined(processor)
        again = _joined(processor)
        processor.leave()
        processor.leave()
        return joined, again, _mask()

    first, second = (_in_thread(joins_and_leaves) for _ in range(2))
    assert first == second
    assert (len(first[0]), first[0], first[2]) == (1, first[1], EVERY)
    assert _mask() == EVERY


def test_a_thread_that_was_kept_narrower_stays_so() -> None:
    """What somebody else allows a thread is neither widened nor forgotten."""
    one = min(EVERY)

    def narrow() -> list[set[int]]:
        os.sched_setaffinity(0, {one})
        processor = SharedProcessor()
        processor._useful = True
        processor._home = max(EVERY)
        seen = [_joined(processor)]
        processor.leave()
        return [*seen, _mask()]

    assert _in_thread(narrow) == [{one}, {one}]


def test_the_kernel_is_asked_anew_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    """After so many rows one thread is let go for a row, and all follow to where it is found."""
    monkeypatch.setattr(affinity, "ROWS", 3)
    places = iter((min(EVERY), max(EVERY)))
    monkeypatch.setattr(affinity, "_processor", lambda: next(places))
    processor = SharedProcessor()
    with ThreadPoolExecutor(1) as one, ThreadPoolExecutor(1) as other:
        assert one.submit(_joined, processor).result() == {min(EVERY)}
        seen = [other.submit(_joined, processor).result() for _ in range(5)]
        assert seen == [*[{min(EVERY)}] * 3, EVERY, {max(EVERY)}]
        assert one.submit(_joined, processor).result() == {max(EVERY)}


def test_a_processor_is_the_one_that_a_thread_runs_on() -> None:
    """It is read from the kernel's own file."""

    def kept(processor: int) -> int:
        os.sched_setaffinity(0, {processor})
        return affinity._processor()

    assert [_in_thread(lambda at=at: kept(at)) for at in sorted(EVERY)] == sorted(EVERY)


@pytest.mark.parametrize("refused", ["sched_setaffinity", "sched_getaffinity"])
def test_a_refusal_changes_nothing_and_is_not_repeated(monkeypatch: pytest.MonkeyPatch, refused: str) -> None:
    """A kernel, or a container, that does not permit it is asked once."""
    processor = SharedProcessor()
    asked: list[object] = []

    def refuse(*arguments: object) -> None:
        asked.append(arguments)
        raise PermissionError

    with monkeypatch.context() as patch:
        patch.setattr(affinity.os, refused, refuse)
        for _ in range(3):
            _in_thread(processor.join)
        processor.leave()
    assert len(asked) == 1
    assert _in_thread(lambda: _joined(processor)) == EVERY


def test_where_it_would_not_help_nothing_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither without the interpreter's lock nor with green threads nor elsewhere than on Linux."""

    class Green(threading.local):
        pass

    for module, name, value in (
        (sys, "_is_gil_enabled", lambda: False),
        (affinity.threading, "local", Green),
        (affinity.sys, "platform", "darwin"),
    ):
        with monkeypatch.context() as patch:
            patch.setattr(module, name, value, raising=False)
            processor = SharedProcessor()
        assert _in_thread(lambda one=processor: _joined(one)) == EVERY


def test_a_process_started_after_leaving_is_everywhere() -> None:
    """A child inherits what its thread has; one that is forked from within lets itself go as well."""
    processor = SharedProcessor()
    told = "import os; print(sorted(os.sched_getaffinity(0)))"

    def starts() -> str:
        processor.join()
        processor.leave()
        return subprocess.run([sys.executable, "-c", told], check=True, capture_output=True, text=True).stdout

    def forks() -> int:
        processor.join()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # threads are what this is about
            child = os.fork()
        if child == 0:
            kept = len(_mask())
            processor.leave()
            os._exit(0 if (kept, _mask()) == (1, EVERY) else 1)
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

    assert _in_thread(starts).strip() == str(sorted(EVERY))
    assert _in_thread(forks) == 0
