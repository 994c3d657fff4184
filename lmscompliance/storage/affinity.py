"""Keeps threads that write together on one processor while there is a crowd of them.

Threads of one interpreter run one at a time, whatever number of processors there are, and they hand its lock
on several times a row. To a thread on the same processor that is a switch; one on another, which has gone to
sleep meanwhile, must be woken first, and that takes the kernel longer than the row takes the interpreter. So
together they lose nothing on one processor, as long as they do nothing but write. A thread that turns to
anything else is let go first: it may compute without the interpreter's lock, or start a child process, which
would inherit the restriction.

Which processor is left to the kernel: now and then one thread is let go for the time of a row, and where it
is found then is where they go. So several such processes, on one machine or in containers that know nothing
of each other, do not stay on one processor while another one rests.

Nothing here is needed for anything to be right. Where the kernel has no such call or refuses it, where there
is but one processor, where the interpreter has no such lock or threads are not the kernel's own, nothing
happens.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

ROWS = 20_000
"""After so many rows the kernel is asked anew: about once a second where they are many."""

_PROCESSOR = 36  # its place behind the name in proc_pid_stat(5), where it is field 39


class _Mine(threading.local):
    """What one thread must know of itself."""

    home: int | None = None
    """The processor on which it is kept."""
    allowed: Collection[int] = ()
    """Where it ran before."""
    looks: bool = False
    """Whether it was let go to see where the kernel puts it."""


class SharedProcessor:
    """The processor on which the threads of one writer meet."""

    def __init__(self) -> None:
        """Change nothing yet."""
        self._mine = _Mine()
        self._home: int | None = None
        self._rows = 0
        self._useful = _threads_take_turns() and _several_processors()

    def join(self) -> None:
        """Keep the calling thread where the others are; costs no system call if it is there."""
        mine = self._mine
        if mine.home is not None and mine.home == self._home:
            self._rows += 1  # threads may miss each other's; it need not be exact
            if self._rows >= ROWS:
                self._rows = 0
                self.leave()
                mine.looks = True
        elif self._useful:
            # Where the kernel refuses once, it is not asked again.
            try:
                self._move(mine)
            except (OSError, ValueError, IndexError):
                self._useful = False

    def leave(self) -> None:
        """Let the calling thread go wherever it was allowed to be before it joined."""
        mine = self._mine
        if mine.home is not None:
            mine.home = None
            # Refused only when none of them is left to this process; the kernel has moved it by then.
            with suppress(OSError):
                os.sched_setaffinity(0, mine.allowed)

    def _move(self, mine: _Mine) -> None:
        if mine.home is None:
            allowed = os.sched_getaffinity(0)
            if len(allowed) == 1:
                return  # somebody else has decided
            mine.allowed = allowed
        home = self._home
        if home is None or mine.looks or home not in mine.allowed:
            home = _processor()
        os.sched_setaffinity(0, {home})
        mine.home, mine.looks = home, False
        self._home = home


def _threads_take_turns() -> bool:
    locked = getattr(sys, "_is_gil_enabled", lambda: True)()
    # Green threads share one of the kernel's, and each would take what another did for its own.
    return bool(locked) and threading.local.__module__ == "_thread"


def _several_processors() -> bool:
    return sys.platform == "linux" and len(os.sched_getaffinity(0)) > 1


def _processor() -> int:
    """Return on which processor the calling thread runs just now."""
    said = Path("/proc/thread-self/stat").read_text("ascii", errors="replace")
    return int(said.rpartition(")")[2].split()[_PROCESSOR])
