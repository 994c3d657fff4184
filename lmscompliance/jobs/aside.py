"""Work that only reads and computes, in a process that stands back from everything else on the machine.

What such a process must never do is to write to the database: on a busy machine it may be stopped for minutes
between two instructions, and whoever waits for the lock it holds waits as long. So a worker keeps its writes,
word of progress among them, and hands over the rest.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import traceback
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from multiprocessing.connection import Connection
from typing import Any, Protocol, TypeVar

from lmscompliance.jobs.niceness import stand_back
from lmscompliance.kernel.errors import ComplianceError
from lmscompliance.services import Services

T = TypeVar("T")
Progress = Callable[[str, int, int], None]
"""Told the phase, what is done of it and what there is to do."""
Work = Callable[[Progress], T]

SECONDS = 1
"""How often a worker has a word, however silent the work is: to renew its claim, to hear it is cancelled."""
_BETWEEN = timedelta(seconds=0.2)
_TOLD, _DONE, _REFUSED, _BROKE, _FULL = range(5)


class Aside(Protocol):
    """Runs work that only reads and computes; ``progress`` is called in the caller's own process."""

    def __call__(self, work: Work[T], progress: Progress) -> T:
        """Return what ``work`` returns, and raise what ``progress`` raises."""
        ...


def here(work: Work[T], progress: Progress) -> T:
    """Do the work in this process: for a command line, and for a platform with a clock of its own."""
    return work(progress)


class Apart:
    """Does work in a forked process that stands back. Only for a process of one thread."""

    def __init__(self, services: Services) -> None:
        """Work over the database of ``services``."""
        self._services = services

    def __call__(self, work: Work[T], progress: Progress) -> T:
        """Fork, wait, and return what the work returned; a process that died raises ``RuntimeError``.

        When this process dies, the forked one ends at its next word. When ``progress`` raises, it is killed
        with whatever it has started.
        """
        # No connection may be open on both sides of a fork.
        self._services.database.dispose()
        context = multiprocessing.get_context("fork")
        ours, theirs = context.Pipe(duplex=False)
        process = context.Process(target=self._run, args=(work, theirs, ours))
        process.start()
        theirs.close()
        try:
            found: T = self._listen(ours, progress)
            return found
        finally:
            for kill in (os.killpg, os.kill):
                with suppress(ProcessLookupError):
                    kill(process.pid or 0, signal.SIGKILL)
            process.join()
            ours.close()

    def _listen(self, ours: Connection, progress: Progress) -> Any:
        last: tuple[str, int, int] | None = None
        while True:
            if ours.poll(SECONDS):
                try:
                    kind, said = ours.recv()
                except EOFError:
                    msg = "the process that worked aside died"
                    raise RuntimeError(msg) from None
                if kind == _DONE:
                    return said
                if kind == _REFUSED:
                    error, code, params = said
                    raise error(code, **params)
                if kind == _FULL:
                    raise OSError(*said)
                if kind == _BROKE:
                    raise RuntimeError(said)
                last = said
            if last is not None:
                progress(*last)

    def _run(self, work: Work[T], theirs: Connection, ours: Connection) -> None:
        ours.close()  # else we would not notice that nobody listens any more
        stand_back()
        said: tuple[int, object]
        try:
            said = (_DONE, work(_Teller(self._services, theirs)))
        except ComplianceError as error:
            said = (_REFUSED, (type(error), error.code, error.params))
        except OSError as error:
            said = (_FULL, (error.errno, error.strerror))
        except BaseException:  # noqa: BLE001  # told to whoever waits, who logs it
            said = (_BROKE, traceback.format_exc())
        with suppress(BrokenPipeError):
            theirs.send(said)


class _Teller:
    """Hands words of progress on, a few a second."""

    def __init__(self, services: Services, to: Connection) -> None:
        self._clock = services.clock
        self._to = to
        self._phase = ""
        self._at = services.clock.now()

    def __call__(self, phase: str, done: int, total: int) -> None:
        now = self._clock.now()
        if phase != self._phase or now - self._at >= _BETWEEN:
            self._phase, self._at = phase, now
            self._to.send((_TOLD, (phase, done, total)))
